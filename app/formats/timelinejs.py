"""Slides for TimelineJS.

https://timeline.knightlab.com/docs/json-format.html
"""

from datetime import date
from typing import Annotated

from markupsafe import Markup, escape
from pydantic import MISSING, Field, TypeAdapter

from app.domain.edtf import Point
from app.formats.calendar_dates import CalendarDate
from app.formats.json_items import fill_list
from app.formats.prose import bidi_isolate, event_as_html, lead_participant, paragraph
from app.query.batches import EventBatch
from app.schemas.records import ApiModel, Event

MAX_EVENTS = 300
"""With more, the widget takes seconds for each key press."""


class SlideDate(ApiModel):
    """A date, as precise as it is known."""

    year: Annotated[int, Field(ge=1, le=9999)]
    """The year."""
    month: Annotated[int, Field(ge=1, le=12)] | MISSING = MISSING
    """The month, if it is known."""
    day: Annotated[int, Field(ge=1, le=31)] | MISSING = MISSING
    """The day, if it is known."""
    display_date: str | MISSING = MISSING
    """The date in words. The widget compares only the properties of the start with those of the
    end, and drops an end that has them all: `2021` and 30 June 2021. This one keeps the end."""


class SlideText(ApiModel):
    """The text of a slide, as HTML. All text of the record is escaped."""

    headline: str
    """The title."""
    text: str
    """The details of the event and its quotes."""


class Slide(ApiModel):
    """An event."""

    unique_id: str
    """The id of the event."""
    start_date: SlideDate
    """The date, or the start of an interval or a set."""
    end_date: SlideDate | MISSING = MISSING
    """The last day of an interval or a set, inclusive."""
    display_date: str
    """The date in words, between U+2068 and U+2069, which isolate its writing direction."""
    group: str | MISSING = MISSING
    """The name of one participant, escaped twice, since the widget parses it as HTML twice."""
    autolink: bool
    """Whether URLs in the text become links. Always false."""
    text: SlideText
    """The text of the slide."""


class TitleSlide(ApiModel):
    """The slide before the events."""

    unique_id: str
    """An id that no event can have. Without it, the widget makes one from the title."""
    text: SlideText
    """The title and the description of the timeline."""


class Slides(ApiModel):
    """A timeline."""

    title: TitleSlide | MISSING = MISSING
    """The slide before the events."""
    events: list[Slide]
    """The events in order. If no event matches, one slide that says so, and no `title`."""


_SLIDE = TypeAdapter(Slide)
# Ids of events contain no underscore. Two slides with the same id could not both be opened by it.
_TITLE_ID, _NO_EVENTS_ID = "_title", "_no-events-match"


def render(batch: EventBatch) -> bytes:
    """Render a title slide and a slide for each event, or one slide if no event matches."""
    if not batch.records:
        return Slides(events=[_no_events(batch)]).model_dump_json().encode()
    heading = batch.heading
    text = _text(heading.title, heading.description, batch.truncation_notice)
    title = TitleSlide(unique_id=_TITLE_ID, text=text)
    slides = (_SLIDE.dump_json(_slide(event)) for event in batch.events)
    return fill_list(Slides(title=title, events=[]).model_dump_json().encode(), "events", slides)


def _no_events(batch: EventBatch) -> Slide:
    # Without slides, the widget shows an error about a spreadsheet. A slide needs a place on the
    # axis, so that it gets the first date of the timeline; an empty display date hides that date.
    return Slide(
        unique_id=_NO_EVENTS_ID,
        start_date=_point_date(CalendarDate.from_edtf(batch.heading.first or "2000").anchor),
        display_date=bidi_isolate(""),
        autolink=False,
        text=_text(
            "No events match", batch.heading.title, "There are no events for these filters."
        ),
    )


def _text(headline: str, *paragraphs: str) -> SlideText:
    html = Markup("").join(map(paragraph, filter(None, paragraphs)))
    return SlideText(headline=str(escape(headline)), text=str(html))


def _slide(event: Event) -> Slide:
    calendar_date = CalendarDate.from_edtf(event.date.edtf)
    has_end = calendar_date.shape in ("span", "set")
    lead = lead_participant(event)
    start = _point_date(calendar_date.anchor)
    if has_end and calendar_date.last.isoformat().startswith(f"{calendar_date.anchor.iso}-"):
        start.display_date = calendar_date.anchor.display
    return Slide(
        unique_id=event.id,
        start_date=start,
        # A null stops the widget, and a month ends on its first day there: write a day or nothing.
        end_date=_day_date(calendar_date.last) if has_end else MISSING,
        display_date=bidi_isolate(event.date.display),
        autolink=False,  # URLs in a quote stay text
        # The widget parses a group as HTML, extracts its text, and parses that as HTML again.
        # https://github.com/NUKnightLab/TimelineJS3/blob/master/src/js/timenav/TimeGroup.js
        group=str(escape(str(escape(lead.actor.name)))) if lead else MISSING,
        text=SlideText(headline=str(escape(event.title)), text=str(event_as_html(event))),
    )


def _day_date(day: date) -> SlideDate:
    return SlideDate(year=day.year, month=day.month, day=day.day)


def _point_date(point: Point) -> SlideDate:
    day = point.first
    return SlideDate(
        year=day.year,
        month=MISSING if point.precision == "year" else day.month,
        day=day.day if point.precision == "day" else MISSING,
    )
