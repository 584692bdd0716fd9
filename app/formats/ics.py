"""Calendars of whole days, as RFC 5545 writes them.

https://www.rfc-editor.org/rfc/rfc5545
"""

import re
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Timezone, TimezoneStandard, vText
from icalendar import Event as Entry

from app.formats.calendar_dates import CalendarDate
from app.formats.prose import event_as_text, headline
from app.query.batches import EventBatch
from app.schemas.records import Event, or_none
from app.urls import stable_uuid

MAX_EVENTS = 2_000
"""More than calendars take of a subscription."""


class _Text(vText):
    r"""A text, escaped as RFC 5545 has it; the library takes `\N` in `C:\News` for a line break."""

    def to_ical(self) -> bytes:
        """Write it."""
        escaped = re.sub(r"[\\;,]", r"\\\g<0>", self)
        return escaped.replace("\n", r"\n").encode()


def render(excerpt: EventBatch) -> bytes:
    """Write an entry for each event, over all its days if both ends are known."""
    calendar = Calendar()
    calendar.add("prodid", "-//Timeline API//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    about = "\n".join(filter(None, [excerpt.truncation_notice, excerpt.heading.description]))
    for name, value in {
        # The second of each is what calendars read that are older than RFC 7986.
        "name": excerpt.heading.title,
        "x-wr-calname": excerpt.heading.title,
        "description": about,
        "x-wr-caldesc": about,
        "url": excerpt.urls.page_url(),
    }.items():
        if value:
            calendar.add(name, _Text(value))
    calendar.add("refresh-interval", timedelta(hours=1), {"VALUE": "DURATION"})
    for event in excerpt.events:
        calendar.add_component(_entry(event, excerpt))
    if not excerpt.events:
        calendar.add_component(_utc())
    document: bytes = calendar.to_ical()
    return document


def _entry(event: Event, excerpt: EventBatch) -> Entry:
    drawing = CalendarDate.from_edtf(event.date.edtf)
    entry = Entry()
    entry.add("uid", str(stable_uuid(excerpt.urls.record_url("events", event.id))))
    entry.add("dtstamp", event.updated_at)
    entry.add("created", event.created_at)
    entry.add("last-modified", event.updated_at)
    entry.add("dtstart", drawing.first)
    if drawing.end > drawing.last:
        # DTEND is exclusive: https://www.rfc-editor.org/rfc/rfc5545#section-3.6.1
        entry.add("dtend", drawing.end)
    else:  # there is no day after the last
        entry.add("duration", drawing.last - drawing.first + timedelta(days=1))
    entry.add("summary", _Text(headline(event)))
    entry.add("description", _Text(event_as_text(event)))
    entry.add("categories", [event.kind, *event.topics])
    if place := or_none(event.place):
        entry.add("location", _Text(place))
    entry.add("url", excerpt.urls.event_page_url(event.id))
    entry.add("transp", "TRANSPARENT")  # nobody is kept busy by what is on record
    return entry


def _utc() -> Timezone:
    """Give a component that nobody sees, since a calendar without any is not valid."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    zone.add_component(standard)
    return zone
