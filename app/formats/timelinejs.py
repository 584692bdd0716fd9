"""Slides of TimelineJS.

https://timeline.knightlab.com/docs/json-format.html
"""

from datetime import date

from markupsafe import Markup, escape
from pydantic import MISSING, BaseModel, Field

from app.dates import Point
from app.excerpt import Excerpt
from app.formats.drawing import Drawing
from app.formats.wording import html, isolated, leading, paragraph
from app.schemas import Event

CAP = 300
"""More take the widget seconds a key press."""


class SlideDate(BaseModel):
    """A date, no more of it than is known."""

    year: int
    month: int | MISSING = Field(default=MISSING, ge=1, le=12)
    day: int | MISSING = Field(default=MISSING, ge=1, le=31)


class SlideText(BaseModel):
    """What a slide says, as HTML that holds no markup of the record."""

    headline: str
    text: str


class Slide(BaseModel):
    """One event."""

    unique_id: str
    start_date: SlideDate
    end_date: SlideDate | MISSING = Field(default=MISSING, description="Inclusive.")
    display_date: str = Field(description="The date in words, kept apart from what is around it.")
    group: str | MISSING = Field(
        default=MISSING, description="The name of one participant, escaped twice."
    )
    autolink: bool = Field(default=False, description="Whether addresses in texts become links.")
    text: SlideText


class TitleSlide(BaseModel):
    """What all of it is about."""

    text: SlideText


class Slides(BaseModel):
    """A timeline."""

    title: TitleSlide | MISSING = MISSING
    events: list[Slide] = Field(description="Absent members are unknown; none is null.")


def render(excerpt: Excerpt) -> str:
    """Write a title and a slide for each event, or one slide that says that there are none."""
    if not excerpt.events:
        return Slides(events=[_no_events(excerpt)]).model_dump_json()
    heading = excerpt.heading
    title = TitleSlide(text=_text(heading.title, heading.description, excerpt.notice))
    return Slides(title=title, events=[*map(_slide, excerpt.events)]).model_dump_json()


def _no_events(excerpt: Excerpt) -> Slide:
    # The widget takes a timeline without slides for a failure, and a slide needs a place in time;
    # no date is shown on it.
    return Slide(
        unique_id="no-events-match",
        start_date=_known(Drawing.of(excerpt.heading.first or "2000").known),
        display_date=isolated(""),
        text=_text(
            "No events match", excerpt.heading.title, "Nothing there is what was asked for."
        ),
    )


def _text(headline: str, *paragraphs: str) -> SlideText:
    written = Markup("").join(paragraph(one) for one in paragraphs if one)
    return SlideText(headline=str(escape(headline)), text=str(written))


def _slide(event: Event) -> Slide:
    drawing = Drawing.of(event.date.edtf)
    lasts = drawing.shape in ("span", "set")
    leader = leading(event)
    return Slide(
        unique_id=event.id,
        start_date=_known(drawing.known),
        # A month alone would be drawn as its first day.
        end_date=_whole(drawing.last) if lasts else MISSING,
        display_date=isolated(event.date.display),
        # The widget takes a group for HTML, reads its text, and takes that for HTML once more.
        group=str(escape(str(escape(leader.actor.name)))) if leader else MISSING,
        text=SlideText(headline=str(escape(event.title)), text=str(html(event))),
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
