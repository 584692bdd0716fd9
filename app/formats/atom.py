"""Atom feeds of the events that changed last.

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
# An empty feed has no date of its own, but `updated` is required (RFC 4287, section 4.1.1).
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Characters that JSON allows and XML forbids. One of them makes the whole feed unreadable.
# https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Otherwise every element gets the prefix "ns0:".
register_namespace("", ATOM)


def render(batch: EventBatch) -> bytes:
    """Render a feed with an entry for each event."""
    urls = batch.urls
    feed = Element(_qualified("feed"))
    self_url = urls.self_url("atom")
    # Ids are UUIDs, not URLs: they must stay the same after a move to HTTPS (section 4.2.6).
    _add(feed, "id", stable_uuid(self_url).urn)
    _add(feed, "title", batch.heading.title)
    if subtitle := " ".join(filter(None, [batch.heading.description, batch.truncation_notice])):
        _add(feed, "subtitle", subtitle)
    updated = _add(feed, "updated")
    _add(feed, "link", rel="self", type="application/atom+xml", href=self_url)
    _add(feed, "link", rel="alternate", type="text/html", href=urls.page_url())
    last_change = _EPOCH
    for event in batch.events:
        _add_entry(feed, event, urls)
        last_change = max(last_change, event.updated_at)
    updated.text = format_timestamp(last_change)
    document: bytes = tostring(feed, "utf-8", xml_declaration=True)
    return document


def _add_entry(feed: Element, event: Event, urls: UrlBuilder) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", stable_uuid(urls.record_url("events", event.id)).urn)
    _add(entry, "title", headline(event))
    _add(entry, "updated", format_timestamp(event.updated_at))
    _add(entry, "published", format_timestamp(event.created_at))
    _add(entry, "link", rel="alternate", type="text/html", href=urls.event_page_url(event.id))
    # Each entry needs an author, because the feed has none (section 4.1.2).
    for publisher in dict.fromkeys(citation.source.publisher.name for citation in event.citations):
        _add(_add(entry, "author"), "name", publisher)
    _add(entry, "category", term=event.kind)
    for topic in event.topic_labels:
        _add(entry, "category", term=topic.id, label=topic.label)
    date_in_words = Markup("<p>{}</p>").format(event.date.display)
    _add(entry, "content", date_in_words + event_as_html(event), type="html")


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    allowed = {key: _replace_invalid(value) for key, value in attributes.items()}
    element = SubElement(parent, _qualified(name), allowed)
    element.text = text and _replace_invalid(text)
    return element


def _replace_invalid(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _qualified(name: str) -> str:
    return f"{{{ATOM}}}{name}"
