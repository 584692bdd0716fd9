"""JSON-LD in the vocabulary of schema.org: one graph of events, actors and sources.

https://schema.org/Event
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pydantic import RootModel

from app.domain.edtf import EventDate
from app.domain.vocabulary import ActorKind
from app.formats.json_items import fill_list
from app.formats.prose import credit_line, source_url, topic_labels
from app.query.batches import EventBatch
from app.schemas.records import ActorRef, Citation, Event, SourceRef, or_none
from app.urls import UrlBuilder

# The graph is one document with each actor once, so it is not streamed, and its size is limited.
MAX_EVENTS = 10_000
EDTF = "http://id.loc.gov/datatypes/edtf/EDTF"
# Part of the document, so that clients need not fetch a context from another server.
CONTEXT = {
    "@vocab": "https://schema.org/",
    "edtf": {"@id": "http://purl.org/dc/terms/date", "@type": EDTF},
    "url": {"@type": "@id"},
}
_TYPES: dict[ActorKind, str] = {
    "person": "Person",
    "company": "Corporation",
    "government": "GovernmentOrganization",
    "media": "NewsMediaOrganization",
    "organization": "Organization",
}

Node = dict[str, Any]
ReferenceT = TypeVar("ReferenceT", ActorRef, SourceRef)


class LinkedData(RootModel[Node]):
    """A JSON-LD document with its `@context`; the nodes are in its `@graph`."""


def render(batch: EventBatch) -> bytes:
    """Render one graph: a data set, its events, and each actor and source of them once."""
    graph = _Graph(batch.urls)
    references = [graph.add(event) for event in batch.events]
    dataset = {
        "@id": batch.urls.self_url("jsonld"),
        "@type": "Dataset",
        "name": batch.heading.title,
        "description": " ".join(filter(None, [batch.heading.description, batch.truncation_notice])),
        "url": batch.urls.page_url(),
        "hasPart": references,
    }
    return _document([_json(_drop_empty(dataset)), *graph.nodes()])


def render_one(event: Event, urls: UrlBuilder) -> str:
    """Render the graph of one event, for the page of the event."""
    graph = _Graph(urls)
    graph.add(event)
    return _document(graph.nodes()).decode()


def _json(node: Node) -> bytes:
    return json.dumps(node, ensure_ascii=False, separators=(",", ":")).encode()


def _document(graph: Iterable[bytes]) -> bytes:
    return fill_list(_json({"@context": CONTEXT, "@graph": []}), "@graph", graph)


class _Graph:
    """The nodes of a document. They are JSON, because they take less memory than objects."""

    def __init__(self, urls: UrlBuilder) -> None:
        self._urls = urls
        self._events: list[bytes] = []
        self._others: dict[str, bytes] = {}
        """By IRI, since most actors and sources occur in many events."""

    def nodes(self) -> Iterator[bytes]:
        """Yield the events, then each actor and source of them once."""
        yield from self._events
        yield from self._others.values()

    def add(self, event: Event) -> Node:
        """Add an event with its actors and sources; return a reference to it."""
        node = _event(event, self._urls)
        self._events.append(_json(node))
        sources = [citation.source for citation in event.citations]
        actors = [participant.actor for participant in event.participants]
        for actor in [*actors, *(source.publisher for source in sources)]:
            self._add_other("actors", actor, _actor)
        for source in sources:
            self._add_other("sources", source, _source)
        return {"@id": node["@id"]}

    def _add_other(
        self, kind: str, record: ReferenceT, to_node: Callable[[ReferenceT, UrlBuilder], Node]
    ) -> None:
        iri = self._urls.record_url(kind, record.id)
        if iri not in self._others:
            self._others[iri] = _json(to_node(record, self._urls))


def _event(event: Event, urls: UrlBuilder) -> Node:
    place = or_none(event.place)
    return _drop_empty(
        {
            "@id": urls.record_url("events", event.id),
            "@type": "Event",
            "name": event.title,
            "description": or_none(event.summary),
            # The property `eventStatus` only says whether an event was cancelled or postponed.
            "disambiguatingDescription": f"Status: {event.status}",
            "url": urls.event_page_url(event.id),
            "edtf": event.date.edtf,
            **_certain_ends(event),
            "location": place and {"@type": "Place", "name": place},
            "keywords": [event.kind, *topic_labels(event)],
            # A role repeats the property that it qualifies: https://schema.org/Role
            "about": [
                {
                    "@type": "Role",
                    "roleName": participant.role,
                    "about": {"@id": urls.record_url("actors", participant.actor.id)},
                }
                for participant in event.participants
            ],
            "subjectOf": [_quotation(citation, urls) for citation in event.citations],
        }
    )


def _certain_ends(event: Event) -> Node:
    """Return the start and the end, as precise as they are known.

    An approximate or uncertain end is left out, and so are both ends of a set. The property `edtf`
    has the date in full.
    """
    when = EventDate.parse(event.date.edtf)
    ends = {"startDate": when.start, "endDate": when.end} if when.form != "set" else {}
    return {name: end.iso for name, end in ends.items() if end and not end.qualifier}


def _quotation(citation: Citation, urls: UrlBuilder) -> Node:
    return {
        "@type": "Quotation",
        "text": citation.quote,
        "creditText": credit_line(citation),  # says so if the source denies the event
        "isPartOf": {"@id": urls.record_url("sources", citation.source.id)},
    }


def _actor(actor: ActorRef, urls: UrlBuilder) -> Node:
    iri = urls.record_url("actors", actor.id)
    return {"@id": iri, "@type": _TYPES[actor.kind], "name": actor.name}


def _source(source: SourceRef, urls: UrlBuilder) -> Node:
    published = or_none(source.published)
    return _drop_empty(
        {
            "@id": urls.record_url("sources", source.id),
            "@type": "CreativeWork",
            "name": source.title,
            "publisher": {"@id": urls.record_url("actors", source.publisher.id)},
            "datePublished": published and published.isoformat(),
            "url": source_url(source),
        }
    )


def _drop_empty(node: Node) -> Node:
    """Remove empty properties: in JSON-LD, an unknown value is absent."""
    return {name: value for name, value in node.items() if value not in (None, "", [])}
