"""Entries of FullCalendar and of EventCalendar, which reads the same.

https://fullcalendar.io/docs/event-parsing
"""

from pydantic import MISSING, Field, TypeAdapter

from app.domain.vocabulary import DateForm, DatePrecision, EventStatus
from app.formats.calendar_dates import CalendarDate
from app.formats.prose import headline
from app.query.batches import EventBatch
from app.schemas.records import ApiModel, Citation, Edtf, Event, FullDate, Keyword, Link, Title

MAX_EVENTS = 10_000


class CalendarExtras(ApiModel):
    """What a calendar does not draw, and hands to whoever clicks."""

    edtf: Edtf
    """The date itself: `2021-11` is known to the month."""
    form: DateForm
    """How the date is meant."""
    precision: DatePrecision
    """How much of it is known."""
    display: str
    """The date in words."""
    title: Title
    """The event's title alone."""
    summary: str | MISSING = MISSING
    """What happened, in a few sentences."""
    status: EventStatus
    """How sure it is."""
    kind: Keyword
    """What sort of event."""
    place: str | MISSING = MISSING
    """Where, as the source has it."""
    citations: list[Citation]
    """Who says so, in their words."""
    url: Link
    """The event's page."""


class CalendarEntry(ApiModel):
    """One event, or a notice that not all of them are here."""

    id: str
    """The event's id, or `_notice`."""
    title: str
    """Plain text. The title, with the date before it, between U+2068 and U+2069, unless it is
    certain to the day: of a month, a year or a set, only the first day is drawn."""
    all_day: bool = Field(alias="allDay")
    """That it has no clock time."""
    start: FullDate
    """The first day that is drawn."""
    end: FullDate
    """The day after the last that is drawn."""
    class_names: list[str] = Field(alias="classNames")
    """How sure the date is, as the items of vis-timeline tell it in `className`."""
    resource_ids: list[str] = Field(alias="resourceIds")
    """The ids of all who took part."""
    url: Link | MISSING = MISSING
    """The event's page."""
    extended: CalendarExtras | MISSING = Field(default=MISSING, alias="extendedProps")
    """What is not drawn; a notice has none."""


ENTRIES = TypeAdapter(list[CalendarEntry])


def render(excerpt: EventBatch) -> bytes:
    """Write an entry for each event: only what lasted spans days, all else is on one."""
    entries = [_entry(event, excerpt) for event in excerpt.events]
    if excerpt.is_truncated:
        # A bare array has no other place for it; it stands where the cut is, if that is shown.
        entries.append(_notice(excerpt, entries[-1]))
    return ENTRIES.dump_json(entries, by_alias=True)


def _notice(excerpt: EventBatch, last: CalendarEntry) -> CalendarEntry:
    first, end = (day and day.isoformat() for day in excerpt.visible_days)
    day = max(last.start, first or last.start)
    shown = CalendarDate.from_edtf(min(day, end or day))
    return CalendarEntry(
        id="_notice",
        title=excerpt.truncation_notice,
        allDay=True,
        start=shown.first.isoformat(),
        end=shown.end.isoformat(),
        classNames=["notice"],
        resourceIds=[],
    )


def _entry(event: Event, excerpt: EventBatch) -> CalendarEntry:
    drawing = CalendarDate.from_edtf(event.date.edtf)
    shown = (
        drawing if drawing.shape == "span" else CalendarDate.from_edtf(drawing.first.isoformat())
    )
    return CalendarEntry(
        id=event.id,
        title=headline(event),
        allDay=True,
        start=shown.first.isoformat(),
        end=shown.end.isoformat(),
        classNames=[*drawing.css_classes],
        resourceIds=[*dict.fromkeys(one.actor.id for one in event.participants)],
        url=excerpt.urls.event_page_url(event.id),
        extendedProps=CalendarExtras(
            edtf=event.date.edtf,
            form=event.date.form,
            precision=event.date.precision,
            display=event.date.display,
            title=event.title,
            summary=event.summary,
            status=event.status,
            kind=event.kind,
            place=event.place,
            citations=event.citations,
            url=excerpt.urls.event_page_url(event.id),
        ),
    )
