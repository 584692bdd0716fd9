"""Entries for FullCalendar, and for EventCalendar, which reads the same format.

https://fullcalendar.io/docs/event-parsing
"""

from pydantic import MISSING, Field, TypeAdapter

from app.domain.vocabulary import DateForm, DatePrecision, EventStatus
from app.formats.calendar_dates import CalendarDate
from app.formats.prose import widget_headline
from app.query.batches import EventBatch
from app.schemas.records import (
    ApiModel,
    Citation,
    Edtf,
    Event,
    FullDate,
    Keyword,
    Link,
    Title,
    TopicLabel,
)

# A calendar takes 0.6 s for 10,000 events, since it requests only the days that it shows.
MAX_EVENTS = 10_000


class CalendarExtras(ApiModel):
    """Properties of an event that the calendar does not show, but passes to click handlers."""

    edtf: Edtf
    """The date itself: `2021-11` is known to the month."""
    form: DateForm
    """Whether the date is a plain date, an interval or a set."""
    precision: DatePrecision
    """How precisely the date is known."""
    display: str
    """The date in words."""
    title: Title
    """The title without the date."""
    summary: str | MISSING = MISSING
    """What happened, in a few sentences."""
    status: EventStatus
    """How certain the event is."""
    kind: Keyword
    """The kind of event."""
    place: str | MISSING = MISSING
    """The place, in the words of the source."""
    citations: list[Citation]
    """The quotes that the event rests on, with their sources."""
    topic_labels: list[TopicLabel]
    """The topics of the event, with their labels."""
    url: Link
    """The page of the event."""


class CalendarEntry(ApiModel):
    """An event, or the notice that the list is truncated."""

    id: str
    """The id of the event, or `_notice`."""
    title: str
    """Plain text: the title. If the date is not certain to the day, the date in words comes first,
    between U+2068 and U+2069, since a month, a year or a set is shown on its first day only."""
    all_day: bool = Field(alias="allDay")
    """Always true: events have no clock time."""
    start: FullDate
    """The first day of the entry."""
    end: FullDate
    """The day after the last day of the entry."""
    class_names: list[str] = Field(alias="classNames")
    """CSS classes for the precision of the date, the same as `className` of a vis-timeline item."""
    resource_ids: list[str] = Field(alias="resourceIds")
    """The ids of all participants."""
    url: Link | MISSING = MISSING
    """The page of the event."""
    extended: CalendarExtras | MISSING = Field(default=MISSING, alias="extendedProps")
    """Further properties of the event; absent in a notice."""


_ENTRY = TypeAdapter(CalendarEntry)


def render(batch: EventBatch) -> bytes:
    """Render an entry for each event and, if the batch is truncated, a notice."""
    entries: list[bytes] = []
    end = ""
    for event in batch.events:
        entry = _entry(event, batch)
        entries.append(_ENTRY.dump_json(entry, by_alias=True))
        end = entry.start
    if batch.is_truncated:
        # The root is a bare array, so that a notice can only be another entry.
        entries.append(_ENTRY.dump_json(_notice(batch, end), by_alias=True))
    return b"[" + b",".join(entries) + b"]"


def _notice(batch: EventBatch, end: str) -> CalendarEntry:
    """Build the notice on the day where the list ends, moved into the days that are visible."""
    first, last = (day and day.isoformat() for day in batch.visible_days)
    day = max(end, first or end)
    calendar_date = CalendarDate.from_edtf(min(day, last or day))
    return CalendarEntry(
        id="_notice",
        title=batch.truncation_notice,
        allDay=True,
        start=calendar_date.first.isoformat(),
        end=calendar_date.end.isoformat(),
        classNames=["notice"],
        resourceIds=[],
    )


def _entry(event: Event, batch: EventBatch) -> CalendarEntry:
    url = batch.urls.event_page_url(event.id)
    shown = calendar_date = CalendarDate.from_edtf(event.date.edtf)
    if calendar_date.shape != "span":
        # A grid repeats an entry on every day, so that a month would look like a month of events.
        shown = CalendarDate.from_edtf(calendar_date.first.isoformat())
    return CalendarEntry(
        id=event.id,
        title=widget_headline(event),
        allDay=True,
        start=shown.first.isoformat(),
        # EventCalendar needs an end on every event, FullCalendar does not.
        end=shown.end.isoformat(),
        classNames=[*calendar_date.css_classes],
        resourceIds=[*dict.fromkeys(participant.actor.id for participant in event.participants)],
        url=url,
        # EventCalendar does not follow `url` itself: its click handler reads it from here. All
        # other properties are those of the event and of its date.
        extendedProps=CalendarExtras(**vars(event.date), **vars(event), url=url),
    )
