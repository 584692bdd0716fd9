"""JSON-LD in the vocabulary of schema.org: one graph of events, actors and sources.

https://schema.org/Event
"""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import RootModel

from app.domain.edtf import EventDate
from app.domain.vocabulary import ActorKind
from app.formats.prose import credit_line, source_url
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


class LinkedData(RootModel[Node]):
    """A JSON-LD document with its `@context`; the nodes are in its `@graph`."""


def render(batch: EventBatch) -> str:
    """Render one graph: a data set, its events, and each actor and source of them once."""
    dataset = {
        "@id": batch.urls.self_url("jsonld"),
        "@type": "Dataset",
        "name": batch.heading.title,
        "description": " ".join(filter(None, [batch.heading.description, batch.truncation_notice])),
        "url": batch.urls.page_url(),
        "hasPart": [{"@id": batch.urls.record_url("events", event.id)} for event in batch.events],
    }
    return _document([_drop_empty(dataset), *_nodes(batch.events, batch.urls)])


def render_one(event: Event, urls: UrlBuilder) -> str:
    """Render the graph of one event, for the page of the event."""
    return _document(_nodes([event], urls))


def _document(graph: Iterable[Node]) -> str:
    document = {"@context": CONTEXT, "@graph": [*graph]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _nodes(events: Iterable[Event], urls: UrlBuilder) -> Iterable[Node]:
    references: dict[str, Node] = {}
    for event in events:
        yield _event(event, urls)
        actors = [participant.actor for participant in event.participants]
        sources = [citation.source for citation in event.citations]
        actors += [source.publisher for source in sources]
        nodes = [
            *(_actor(actor, urls) for actor in actors),
            *(_source(source, urls) for source in sources),
        ]
        # By id, since most actors and sources occur in many events.
        references |= {node["@id"]: node for node in nodes}
    yield from references.values()


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
            "keywords": [event.kind, *event.topics],
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
