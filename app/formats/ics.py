"""iCalendar files with an all-day entry for each event.

https://www.rfc-editor.org/rfc/rfc5545
"""

import re
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Timezone, TimezoneStandard, vCategory, vDuration, vText
from icalendar import Event as Entry

from app.formats.calendar_dates import CalendarDate
from app.formats.prose import event_as_text, headline, topic_labels
from app.query.batches import EventBatch
from app.schemas.records import Event, or_none
from app.urls import stable_uuid

MAX_EVENTS = 2_000
"""More than calendar applications accept from a subscription."""
REFRESH_INTERVAL = timedelta(hours=1)
"""How often an application fetches the calendar again (RFC 7986, section 5.7)."""


class _Text(vText):
    r"""A text value, escaped as in RFC 5545, section 3.3.11.

    The class of the library would turn the `\N` of `C:\News` into a line break.
    """

    def to_ical(self) -> bytes:
        """Return the escaped text."""
        escaped = re.sub(r"[\\;,]", r"\\\g<0>", self)
        return escaped.replace("\n", r"\n").encode()


def render(batch: EventBatch) -> bytes:
    """Render an entry for each event. It covers all days of a date whose two ends are known."""
    calendar = Calendar()
    calendar.add("prodid", "-//Timeline API//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    about = "\n".join(filter(None, [batch.truncation_notice, batch.heading.description]))
    for name, value in {
        # Applications without RFC 7986 read the names that begin with "x-wr-".
        "name": batch.heading.title,
        "x-wr-calname": batch.heading.title,
        "description": about,
        "x-wr-caldesc": about,
        "url": batch.urls.page_url(),
    }.items():
        if value:
            calendar.add(name, _Text(value))
    calendar.add("refresh-interval", REFRESH_INTERVAL, {"VALUE": "DURATION"})
    # Applications without RFC 7986 read this name.
    calendar.add("x-published-ttl", vDuration(REFRESH_INTERVAL))
    # Each entry is written by itself: as objects, all together take twenty times as much memory.
    components = [_entry(event, batch).to_ical() for event in batch.events]
    if not components:
        # A calendar without components is invalid (RFC 5545, section 3.6). Readers do not see this.
        components = [_utc_timezone().to_ical()]
    head, end, tail = calendar.to_ical().rpartition(b"END:VCALENDAR")
    return b"".join([head, *components, end, tail])


def _entry(event: Event, batch: EventBatch) -> Entry:
    calendar_date = CalendarDate.from_edtf(event.date.edtf)
    entry = Entry()
    entry.add("uid", str(stable_uuid(batch.urls.record_url("events", event.id))))
    entry.add("dtstamp", event.updated_at)
    entry.add("created", event.created_at)
    entry.add("last-modified", event.updated_at)
    entry.add("sequence", event.sequence)
    entry.add("dtstart", calendar_date.first)
    if calendar_date.end > calendar_date.last:
        # DTEND is exclusive: https://www.rfc-editor.org/rfc/rfc5545#section-3.6.1
        entry.add("dtend", calendar_date.end)
    else:  # the calendar ends on this day, so that no day follows it
        entry.add("duration", calendar_date.last - calendar_date.first + timedelta(days=1))
    entry.add("summary", _Text(headline(event)))
    entry.add("description", _Text(event_as_text(event)))
    categories = vCategory([])
    # Not by the constructor, which would make texts of the library's class of them.
    categories.cats = [_Text(category) for category in (event.kind, *topic_labels(event))]
    entry.add("categories", categories)
    if place := or_none(event.place):
        entry.add("location", _Text(place))
    entry.add("url", batch.urls.event_page_url(event.id))
    # Events must not block time in the calendar of a subscriber (RFC 5545, section 3.8.2.7).
    entry.add("transp", "TRANSPARENT")
    return entry


def _utc_timezone() -> Timezone:
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    zone.add_component(standard)
    return zone
