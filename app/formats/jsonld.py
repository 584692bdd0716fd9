"""JSON-LD in the vocabulary of schema.org: one graph of events, who took part, and the sources.

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

MAX_EVENTS = 10_000
EDTF = "http://id.loc.gov/datatypes/edtf/EDTF"
# Written out, so that nobody has to fetch it.
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
    """A graph in JSON-LD: its `@context`, and each thing in its `@graph`."""


def render(excerpt: EventBatch) -> str:
    """Write one graph: the excerpt, its events, and all that they name, each once."""
    about = {
        "@id": excerpt.urls.self_url("jsonld"),
        "@type": "Dataset",
        "name": excerpt.heading.title,
        "description": " ".join(
            filter(None, [excerpt.heading.description, excerpt.truncation_notice])
        ),
        "url": excerpt.urls.page_url(),
        "hasPart": [
            {"@id": excerpt.urls.record_url("events", event.id)} for event in excerpt.events
        ],
    }
    return _document([_drop_empty(about), *_nodes(excerpt.events, excerpt.urls)])


def render_one(event: Event, address: UrlBuilder) -> str:
    """Write the graph of one event."""
    return _document(_nodes([event], address))


def _document(graph: Iterable[Node]) -> str:
    document = {"@context": CONTEXT, "@graph": [*graph]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _nodes(events: Iterable[Event], address: UrlBuilder) -> Iterable[Node]:
    named: dict[str, Node] = {}
    for event in events:
        yield _event(event, address)
        actors = [one.actor for one in event.participants]
        sources = [one.source for one in event.citations]
        actors += [source.publisher for source in sources]
        nodes = [
            *(_actor(one, address) for one in actors),
            *(_source(one, address) for one in sources),
        ]
        named |= {node["@id"]: node for node in nodes}
    yield from named.values()


def _event(event: Event, address: UrlBuilder) -> Node:
    place = or_none(event.place)
    return _drop_empty(
        {
            "@id": address.record_url("events", event.id),
            "@type": "Event",
            "name": event.title,
            "description": or_none(event.summary),
            "disambiguatingDescription": f"Status: {event.status}",
            "url": address.event_page_url(event.id),
            "edtf": event.date.edtf,
            **_days(event),
            "location": place and {"@type": "Place", "name": place},
            "keywords": [event.kind, *event.topics],
            "about": [
                {
                    "@type": "Role",
                    "roleName": one.role,
                    "about": {"@id": address.record_url("actors", one.actor.id)},
                }
                for one in event.participants
            ],
            "subjectOf": [_quotation(one, address) for one in event.citations],
        }
    )


def _days(event: Event) -> Node:
    """Give the ends that are certain, no more of them than is known; of a set there are none."""
    when = EventDate.parse(event.date.edtf)
    ends = {"startDate": when.start, "endDate": when.end} if when.form != "set" else {}
    return {name: end.iso for name, end in ends.items() if end and not end.qualifier}


def _quotation(citation: Citation, address: UrlBuilder) -> Node:
    return {
        "@type": "Quotation",
        "text": citation.quote,
        "creditText": credit_line(citation),  # which says so where it denies what the event is
        "isPartOf": {"@id": address.record_url("sources", citation.source.id)},
    }


def _actor(actor: ActorRef, address: UrlBuilder) -> Node:
    iri = address.record_url("actors", actor.id)
    return {"@id": iri, "@type": _TYPES[actor.kind], "name": actor.name}


def _source(source: SourceRef, address: UrlBuilder) -> Node:
    published = or_none(source.published)
    return _drop_empty(
        {
            "@id": address.record_url("sources", source.id),
            "@type": "CreativeWork",
            "name": source.title,
            "publisher": {"@id": address.record_url("actors", source.publisher.id)},
            "datePublished": published and published.isoformat(),
            "url": source_url(source),
        }
    )


def _drop_empty(node: Node) -> Node:
    """Leave out what is not known."""
    return {name: value for name, value in node.items() if value not in (None, "", [])}
