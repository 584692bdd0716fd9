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
    cap: int | None = None
    """So many events at most; None where all are given, however many, piece by piece."""
    query: type[EventQuery] = ExcerptQuery
    """What may be asked of it."""
    response_model: Any = None
    """Describes it, where it is JSON of a shape of its own."""
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
        render=timelinejs.render,
        cap=timelinejs.CAP,
        response_model=timelinejs.Slides,
    ),
    "vis.json": _widget(
        "vis-timeline", render=vis.render, cap=vis.CAP, response_model=vis.VisItems
    ),
    "fullcalendar.json": _widget(
        "FullCalendar",
        render=fullcalendar.render,
        cap=fullcalendar.CAP,
        query=CalendarQuery,
        response_model=list[fullcalendar.CalendarEntry],
    ),
    "ics": Format("iCalendar", "text/calendar", ical.render, ical.CAP),
    "atom": Format("Atom", "application/atom+xml", atom.render, atom.CAP, FeedQuery),
    "csv": Format("CSV", "text/csv", spreadsheet.render),
    "jsonl": Format("JSON Lines", "application/jsonl", lines.render),
    "jsonld": Format("JSON-LD", "application/ld+json", linked.render, linked.CAP),
}

PAGE = Format(
    "Web page",
    "text/html",
    partial(page.render_front, formats=DATA),
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
