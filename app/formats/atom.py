"""Feeds of what changed last, as RFC 4287 writes them.

https://www.rfc-editor.org/rfc/rfc4287
"""

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from markupsafe import Markup

from app.formats.prose import event_as_html, format_timestamp, headline
from app.query.batches import EventBatch
from app.schemas.records import Event
from app.urls import UrlBuilder, stable_uuid

MAX_EVENTS = 500
ATOM = "http://www.w3.org/2005/Atom"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What no XML document may hold, though JSON may. https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

register_namespace("", ATOM)


def render(excerpt: EventBatch) -> bytes:
    """Write an entry for each event; of none at all, a feed without entries."""
    address = excerpt.urls
    feed = Element(_name("feed"))
    itself = address.self_url("atom")
    _add(feed, "id", stable_uuid(itself).urn)
    _add(feed, "title", excerpt.heading.title)
    if about := " ".join(filter(None, [excerpt.heading.description, excerpt.truncation_notice])):
        _add(feed, "subtitle", about)
    updated = max((event.updated_at for event in excerpt.events), default=_NEVER)
    _add(feed, "updated", format_timestamp(updated))
    _add(feed, "link", rel="self", type="application/atom+xml", href=itself)
    _add(feed, "link", rel="alternate", type="text/html", href=address.page_url())
    for event in excerpt.events:
        _add_entry(feed, event, address)
    document: bytes = tostring(feed, "utf-8", xml_declaration=True)
    return document


def _add_entry(feed: Element, event: Event, address: UrlBuilder) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", stable_uuid(address.record_url("events", event.id)).urn)
    _add(entry, "title", headline(event))
    _add(entry, "updated", format_timestamp(event.updated_at))
    _add(entry, "published", format_timestamp(event.created_at))
    _add(entry, "link", rel="alternate", type="text/html", href=address.event_page_url(event.id))
    for publisher in dict.fromkeys(one.source.publisher.name for one in event.citations):
        _add(_add(entry, "author"), "name", publisher)
    for term in (event.kind, *event.topics):
        _add(entry, "category", term=term)
    when = Markup("<p>{}</p>").format(event.date.display)
    _add(entry, "content", when + event_as_html(event), type="html")


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    added = SubElement(parent, _name(name), attributes)
    added.text = text and _NOT_XML.sub("\ufffd", text)
    return added


def _name(name: str) -> str:
    return f"{{{ATOM}}}{name}"
