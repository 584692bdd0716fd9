"""Entries of FullCalendar and of EventCalendar, which reads the same.

https://fullcalendar.io/docs/event-parsing
"""

from pydantic import MISSING, BaseModel, Field, TypeAdapter

from app.dates import Form, Precision
from app.excerpt import Excerpt
from app.formats.drawing import Drawing
from app.formats.wording import headline
from app.models import Status
from app.schemas import Citation, Edtf, Event

CAP = 10_000


class CalendarExtras(BaseModel):
    """What a calendar does not draw, and hands to whoever clicks."""

    edtf: Edtf
    form: Form
    precision: Precision
    display: str = Field(description="The date in words.")
    title: str
    summary: str | MISSING = MISSING
    status: Status
    kind: str
    place: str | MISSING = MISSING
    citations: list[Citation]
    url: str = Field(description="The event's page.")


class CalendarEntry(BaseModel):
    """One event, or a notice that not all of them are here."""

    id: str
    title: str = Field(
        description="Plain text. The title, with the date before it unless it is certain to the "
        "day: of a month, a year or a set, only the first day is drawn."
    )
    all_day: bool = Field(default=True, alias="allDay")
    start: str = Field(json_schema_extra={"format": "date"})
    end: str = Field(description="Exclusive.", json_schema_extra={"format": "date"})
    class_names: list[str] = Field(alias="classNames")
    resource_ids: list[str] = Field(
        default=[], alias="resourceIds", description="The ids of all who took part."
    )
    url: str | MISSING = Field(default=MISSING, description="The event's page.")
    extended: CalendarExtras | MISSING = Field(default=MISSING, alias="extendedProps")


ENTRIES = TypeAdapter(list[CalendarEntry])


def render(excerpt: Excerpt) -> bytes:
    """Write an entry for each event: only what lasted spans days, all else is on one."""
    entries = [_entry(event, excerpt) for event in excerpt.events]
    if excerpt.is_cut:
        # A bare array has no other place for it; it stands where the cut is, if that is shown.
        entries.append(_notice(excerpt, entries[-1]))
    return ENTRIES.dump_json(entries, by_alias=True)


def _notice(excerpt: Excerpt, last: CalendarEntry) -> CalendarEntry:
    first, end = (day and day.isoformat() for day in excerpt.view)
    day = max(last.start, first or last.start)
    shown = Drawing.of(min(day, end or day))
    return CalendarEntry(
        id="_notice",
        title=excerpt.notice,
        start=shown.first.isoformat(),
        end=shown.end.isoformat(),
        classNames=["notice"],
    )


def _entry(event: Event, excerpt: Excerpt) -> CalendarEntry:
    drawing = Drawing.of(event.date.edtf)
    shown = drawing if drawing.shape == "span" else Drawing.of(drawing.first.isoformat())
    return CalendarEntry(
        id=event.id,
        title=headline(event),
        start=shown.first.isoformat(),
        end=shown.end.isoformat(),
        classNames=[*drawing.classes],
        resourceIds=[*dict.fromkeys(one.actor.id for one in event.participants)],
        url=excerpt.address.event(event.id),
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
            url=excerpt.address.event(event.id),
        ),
    )
