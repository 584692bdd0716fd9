"""JSON-LD in the vocabulary of schema.org: one graph of events, who took part, and the sources.

https://schema.org/Event
"""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import RootModel

from app.domain.edtf import EventDate
from app.domain.vocabulary import ActorKind
from app.formats.prose import credit, link
from app.query.batches import Excerpt
from app.schemas.records import ActorRef, Citation, Event, SourceRef, given
from app.urls import Address

CAP = 10_000
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


def render(excerpt: Excerpt) -> str:
    """Write one graph: the excerpt, its events, and all that they name, each once."""
    about = {
        "@id": excerpt.address.itself("jsonld"),
        "@type": "Dataset",
        "name": excerpt.heading.title,
        "description": " ".join(filter(None, [excerpt.heading.description, excerpt.notice])),
        "url": excerpt.address.front(),
        "hasPart": [
            {"@id": excerpt.address.record("events", event.id)} for event in excerpt.events
        ],
    }
    return _document([_without_empty(about), *_nodes(excerpt.events, excerpt.address)])


def render_one(event: Event, address: Address) -> str:
    """Write the graph of one event."""
    return _document(_nodes([event], address))


def _document(graph: Iterable[Node]) -> str:
    document = {"@context": CONTEXT, "@graph": [*graph]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _nodes(events: Iterable[Event], address: Address) -> Iterable[Node]:
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


def _event(event: Event, address: Address) -> Node:
    place = given(event.place)
    return _without_empty(
        {
            "@id": address.record("events", event.id),
            "@type": "Event",
            "name": event.title,
            "description": given(event.summary),
            "disambiguatingDescription": f"Status: {event.status}",
            "url": address.event(event.id),
            "edtf": event.date.edtf,
            **_days(event),
            "location": place and {"@type": "Place", "name": place},
            "keywords": [event.kind, *event.topics],
            "about": [
                {
                    "@type": "Role",
                    "roleName": one.role,
                    "about": {"@id": address.record("actors", one.actor.id)},
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
    return {name: end.digits for name, end in ends.items() if end and not end.qualifier}


def _quotation(citation: Citation, address: Address) -> Node:
    return {
        "@type": "Quotation",
        "text": citation.quote,
        "creditText": credit(citation),  # which says so where it denies what the event is
        "isPartOf": {"@id": address.record("sources", citation.source.id)},
    }


def _actor(actor: ActorRef, address: Address) -> Node:
    iri = address.record("actors", actor.id)
    return {"@id": iri, "@type": _TYPES[actor.kind], "name": actor.name}


def _source(source: SourceRef, address: Address) -> Node:
    published = given(source.published)
    return _without_empty(
        {
            "@id": address.record("sources", source.id),
            "@type": "CreativeWork",
            "name": source.title,
            "publisher": {"@id": address.record("actors", source.publisher.id)},
            "datePublished": published and published.isoformat(),
            "url": link(source),
        }
    )


def _without_empty(node: Node) -> Node:
    """Leave out what is not known."""
    return {name: value for name, value in node.items() if value not in (None, "", [])}
