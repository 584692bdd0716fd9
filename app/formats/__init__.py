"""The representations of a selection of events: what its URL's suffix is, and who writes it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from app.addresses import Address
from app.database import Database
from app.excerpt import read_excerpts
from app.formats import (
    atom,
    fullcalendar,
    ical,
    lines,
    linked,
    page,
    spreadsheet,
    timelinejs,
    vis,
)
from app.front import read_embedded, read_front
from app.params import CalendarQuery, EventPageQuery, EventQuery, ExcerptQuery, FeedQuery


@dataclass(frozen=True)
class Format:
    """A representation of the events that a query selects."""

    name: str
    """What people know it as."""
    media_type: str
    render: Callable[[Any], str | bytes]
    """Writes what is read; a pure function."""
    told: str
    """What a client is given, for the contract."""
    cap: int | None = None
    """So many events at most; None where all are given, however many, piece by piece."""
    query: type[EventQuery] = ExcerptQuery
    """What may be asked of it."""
    response_model: Any = None
    """Describes it, where it is JSON of a shape of its own."""
    is_file: bool = False
    """Whether generated clients hand it over as bytes: as text, not all know its media type."""
    read: Callable[[Database, Any, Address, int | None], Iterator[Any]] = read_excerpts
    """Reads what is written, piece by piece where there is no cap."""

    @property
    def is_page(self) -> bool:
        """Whether it is for people in a browser."""
        return self.media_type == "text/html"


_widget = partial(Format, media_type="application/json")

DATA: Mapping[str, Format] = {
    "timelinejs.json": _widget(
        "TimelineJS",
        told="A title and a slide for each event, as TimelineJS loads them. What is "
        "not certain to the day has its date in words.",
        render=timelinejs.render,
        cap=timelinejs.CAP,
        response_model=timelinejs.Slides,
    ),
    "vis.json": _widget(
        "vis-timeline",
        told="An item for each event, and the groups that they stand in, as vis-timeline takes "
        "them.",
        render=vis.render,
        cap=vis.CAP,
        response_model=vis.VisItems,
    ),
    "fullcalendar.json": _widget(
        "FullCalendar",
        told="An entry for each event, as FullCalendar and EventCalendar take them. "
        "Only what lasted spans days: of a month, a year or a set, the first day is "
        "marked. Calendars send `_` past caches, which changes nothing.",
        render=fullcalendar.render,
        cap=fullcalendar.CAP,
        query=CalendarQuery,
        response_model=list[fullcalendar.CalendarEntry],
    ),
    "ics": Format(
        "iCalendar",
        "text/calendar",
        ical.render,
        "A calendar to subscribe to (RFC 5545).",
        ical.CAP,
    ),
    "atom": Format(
        "Atom",
        "application/atom+xml",
        atom.render,
        "A feed to follow (RFC 4287), what changed last before all else.",
        atom.CAP,
        FeedQuery,
        is_file=True,
    ),
    "csv": Format(
        "CSV",
        "text/csv",
        spreadsheet.render,
        "A table for spreadsheets (RFC 4180): a heading, then a row an event; several values of a "
        "cell are joined by `; `.",
    ),
    "jsonl": Format(
        "JSON Lines",
        "application/jsonl",
        lines.render,
        "A record a line, each an `Event`. They are sent as they are read; of what changes "
        "meanwhile each is given once.",
        is_file=True,
    ),
    "jsonld": Format(
        "JSON-LD",
        "application/ld+json",
        linked.render,
        "A graph for search engines and linked data, in the vocabulary of schema.org.",
        linked.CAP,
        response_model=linked.LinkedData,
    ),
}

PAGE = Format(
    "a web page",
    "text/html",
    partial(page.render_front, formats=DATA),
    "The timeline as a page for people, 50 events at a time. What it does not know in a query is "
    "ignored, since links to pages carry what others add to them. Whoever asks for `text/html` by "
    "name is told of an error on a page.",
    query=EventPageQuery,
    read=read_front,
)
FRAME = replace(
    PAGE,
    name="Web page in a frame",
    render=page.render_embedded,
    read=read_embedded,
)

FORMATS = {**DATA, "html": PAGE}
"""By the suffix of their URLs."""
