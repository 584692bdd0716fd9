"""The formats of a selection of events: the suffix of the URL names one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.formats import atom, csv, fullcalendar, ics, jsonl, jsonld, timelinejs, vis
from app.schemas.params import CalendarQuery, EventQuery, FeedQuery, FormatQuery


@dataclass(frozen=True)
class Format:
    """A representation of the events that a query selects."""

    name: str
    """What people know it as."""
    media_type: str
    render: Callable[[Any], str | bytes]
    """Writes what is read; a pure function."""
    description: str
    """What a client is given, for the contract."""
    max_events: int | None = None
    """So many events at most; None where all are given, however many, piece by piece."""
    query: type[EventQuery] = FormatQuery
    """What may be asked of it."""
    response_model: Any = None
    """Describes it, where it is JSON of a shape of its own."""
    is_binary: bool = False
    """Whether generated clients hand it over as bytes: as text, not all know its media type."""


_widget = partial(Format, media_type="application/json")

FORMATS: Mapping[str, Format] = {
    "timelinejs.json": _widget(
        "TimelineJS",
        description="A title and a slide for each event, as TimelineJS loads them. What is "
        "not certain to the day has its date in words.",
        render=timelinejs.render,
        max_events=timelinejs.MAX_EVENTS,
        response_model=timelinejs.Slides,
    ),
    "vis.json": _widget(
        "vis-timeline",
        description="An item for each event, and the groups that they stand in, as vis-timeline takes "
        "them.",
        render=vis.render,
        max_events=vis.MAX_EVENTS,
        response_model=vis.VisItems,
    ),
    "fullcalendar.json": _widget(
        "FullCalendar",
        description="An entry for each event, as FullCalendar and EventCalendar take them. "
        "Only what lasted spans days: of a month, a year or a set, the first day is "
        "marked. Calendars send `_` past caches, which changes nothing.",
        render=fullcalendar.render,
        max_events=fullcalendar.MAX_EVENTS,
        query=CalendarQuery,
        response_model=list[fullcalendar.CalendarEntry],
    ),
    "ics": Format(
        "iCalendar",
        "text/calendar",
        ics.render,
        "A calendar to subscribe to (RFC 5545).",
        ics.MAX_EVENTS,
    ),
    "atom": Format(
        "Atom",
        "application/atom+xml",
        atom.render,
        "A feed to follow (RFC 4287), what changed last before all else.",
        atom.MAX_EVENTS,
        FeedQuery,
        is_binary=True,
    ),
    "csv": Format(
        "CSV",
        "text/csv",
        csv.render,
        "A table for spreadsheets (RFC 4180): a heading, then a row an event; several values of a "
        "cell are joined by `; `.",
    ),
    "jsonl": Format(
        "JSON Lines",
        "application/jsonl",
        jsonl.render,
        "A record a line, each an `Event`. They are sent as they are read; of what changes "
        "meanwhile each is given once.",
        is_binary=True,
    ),
    "jsonld": Format(
        "JSON-LD",
        "application/ld+json",
        jsonld.render,
        "A graph for search engines and linked data, in the vocabulary of schema.org.",
        jsonld.MAX_EVENTS,
        response_model=jsonld.LinkedData,
    ),
}
"""By the suffix of the URL."""

MEDIA_TYPES = {suffix: format_.media_type for suffix, format_ in FORMATS.items()}
MEDIA_TYPES |= {"html": "text/html"}  # the page, which `app.site` serves
"""Of every format of a selection, by the suffix of the URL."""
