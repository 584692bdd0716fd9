"""The formats of a selection of events. The suffix of the URL selects one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.formats import atom, csv, fullcalendar, ics, jsonl, jsonld, timelinejs, vis
from app.query.batches import EventBatch
from app.schemas.params import CalendarQuery, EventQuery, FeedQuery, FormatQuery, TableQuery


@dataclass(frozen=True)
class Format:
    """A representation of the events that a query selects."""

    name: str
    """The name that readers know."""
    media_type: str
    render: Callable[[EventBatch], str | bytes]
    """Converts a batch of events to a response body, or to a chunk of one. A pure function."""
    description: str
    """The OpenAPI description of the endpoint."""
    max_events: int | None = None
    """The largest number of events; None if all are streamed, batch by batch."""
    query: type[EventQuery] = FormatQuery
    """The model of the query string."""
    response_model: Any = None
    """The Pydantic model of the JSON, if the format has a schema of its own."""
    is_subscribed: bool = False
    """Whether programs fetch the URL again and again, so that people add parameters to it to bypass
    their caches. Unknown parameters are ignored."""
    is_binary: bool = False
    """Whether OpenAPI describes the body as binary. Clients that are generated from `string` break
    on a media type that the generator does not know."""


# Widgets load the URL themselves or with three lines of script, so all of them get plain JSON.
_widget = partial(Format, media_type="application/json")

FORMATS: Mapping[str, Format] = {
    "timelinejs.json": _widget(
        "TimelineJS",
        description="A title slide and a slide for each event, in the format of TimelineJS. Each "
        "slide shows its date in words, as precise as the record.",
        render=timelinejs.render,
        max_events=timelinejs.MAX_EVENTS,
        response_model=timelinejs.Slides,
    ),
    "vis.json": _widget(
        "vis-timeline",
        description="An item for each event, and the groups of the items, in the format of "
        "vis-timeline.",
        render=vis.render,
        max_events=vis.MAX_EVENTS,
        response_model=vis.VisItems,
    ),
    "fullcalendar.json": _widget(
        "FullCalendar",
        description="An entry for each event, in the format of FullCalendar and EventCalendar. "
        "Only an interval spans several days: a month, a year or a set is shown on its first day.",
        render=fullcalendar.render,
        max_events=fullcalendar.MAX_EVENTS,
        query=CalendarQuery,
        response_model=list[fullcalendar.CalendarEntry],
        is_subscribed=True,
    ),
    "ics": Format(
        "iCalendar",
        "text/calendar",
        ics.render,
        "A calendar to subscribe to (RFC 5545).",
        ics.MAX_EVENTS,
        is_subscribed=True,
    ),
    "atom": Format(
        "Atom",
        "application/atom+xml",
        atom.render,
        "A feed for feed readers (RFC 4287). By default, the event that changed last comes first.",
        atom.MAX_EVENTS,
        FeedQuery,
        is_subscribed=True,
        is_binary=True,
    ),
    "csv": Format(
        "CSV",
        "text/csv",
        csv.render,
        "A table for spreadsheets (RFC 4180): a header row, then a row for each event. Several "
        "values in a cell are joined by `; `. In each of them, `;` is written `\\;`, and `\\` is "
        "written `\\\\`.",
        query=TableQuery,
    ),
    "jsonl": Format(
        "JSON Lines",
        "application/jsonl",
        jsonl.render,
        "A JSON record on each line, each an `Event`. The response is streamed while the database "
        "is read. An event that changes meanwhile still appears once.",
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
"""The formats by the suffix of the URL."""

MEDIA_TYPES = {suffix: format_.media_type for suffix, format_ in FORMATS.items()}
"""The media types by the suffix of the URL. `html` is the page, which `app.site` serves."""
MEDIA_TYPES |= {"html": "text/html"}
