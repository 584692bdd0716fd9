"""Slides of TimelineJS.

https://timeline.knightlab.com/docs/json-format.html
"""

from datetime import date
from typing import Annotated

from markupsafe import Markup, escape
from pydantic import MISSING, Field

from app.domain.edtf import Point
from app.formats.calendar_dates import CalendarDate
from app.formats.prose import bidi_isolate, event_as_html, lead_participant, paragraph
from app.query.batches import EventBatch
from app.schemas.records import ApiModel, Event

MAX_EVENTS = 300
"""More take the widget seconds a key press."""


class SlideDate(ApiModel):
    """A date, no more of it than is known."""

    year: Annotated[int, Field(ge=1, le=9999)]
    """The year."""
    month: Annotated[int, Field(ge=1, le=12)] | MISSING = MISSING
    """The month, where it is known."""
    day: Annotated[int, Field(ge=1, le=31)] | MISSING = MISSING
    """The day, where it is known."""


class SlideText(ApiModel):
    """What a slide says, as HTML that holds no markup of the record."""

    headline: str
    """The title."""
    text: str
    """What is known of it, with its quotes."""


class Slide(ApiModel):
    """One event."""

    unique_id: str
    """The event's id."""
    start_date: SlideDate
    """When it began, or was."""
    end_date: SlideDate | MISSING = MISSING
    """The last day of what lasted; inclusive."""
    display_date: str
    """The date in words, between U+2068 and U+2069, which keep its direction to itself."""
    group: str | MISSING = MISSING
    """The name of one participant, escaped for HTML twice, as it is read twice."""
    autolink: bool
    """Whether addresses in texts become links."""
    text: SlideText
    """What is said of it."""


class TitleSlide(ApiModel):
    """What all of it is about."""

    text: SlideText
    """What is said of it."""


class Slides(ApiModel):
    """A timeline."""

    title: TitleSlide | MISSING = MISSING
    """What all of it is about."""
    events: list[Slide]
    """The events, in order; one slide that says so where there are none."""


def render(excerpt: EventBatch) -> str:
    """Write a title and a slide for each event, or one slide that says that there are none."""
    if not excerpt.events:
        return Slides(events=[_no_events(excerpt)]).model_dump_json()
    heading = excerpt.heading
    title = TitleSlide(text=_text(heading.title, heading.description, excerpt.truncation_notice))
    return Slides(title=title, events=[*map(_slide, excerpt.events)]).model_dump_json()


def _no_events(excerpt: EventBatch) -> Slide:
    # The widget takes a timeline without slides for a failure, and a slide needs a place in time;
    # no date is shown on it.
    return Slide(
        unique_id="no-events-match",
        start_date=_known(CalendarDate.from_edtf(excerpt.heading.first or "2000").anchor),
        display_date=bidi_isolate(""),
        autolink=False,
        text=_text(
            "No events match", excerpt.heading.title, "Nothing there is what was asked for."
        ),
    )


def _text(headline: str, *paragraphs: str) -> SlideText:
    written = Markup("").join(paragraph(one) for one in paragraphs if one)
    return SlideText(headline=str(escape(headline)), text=str(written))


def _slide(event: Event) -> Slide:
    drawing = CalendarDate.from_edtf(event.date.edtf)
    lasts = drawing.shape in ("span", "set")
    leader = lead_participant(event)
    return Slide(
        unique_id=event.id,
        start_date=_known(drawing.anchor),
        # A month alone would be drawn as its first day.
        end_date=_whole(drawing.last) if lasts else MISSING,
        display_date=bidi_isolate(event.date.display),
        autolink=False,
        # The widget takes a group for HTML, reads its text, and takes that for HTML once more.
        group=str(escape(str(escape(leader.actor.name)))) if leader else MISSING,
        text=SlideText(headline=str(escape(event.title)), text=str(event_as_html(event))),
    )


def _whole(day: date) -> SlideDate:
    return SlideDate(year=day.year, month=day.month, day=day.day)


def _known(point: Point) -> SlideDate:
    day = point.first
    return SlideDate(
        year=day.year,
        month=MISSING if point.precision == "year" else day.month,
        day=day.day if point.precision == "day" else MISSING,
    )
