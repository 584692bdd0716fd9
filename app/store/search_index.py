"""The full-text index of events.

The document of an event combines several tables: its own texts, its quotes and the names of its
actors. Code that writes one of them calls a function of this module in the same transaction.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, literal, select

from app.db import fulltext, tables
from app.db.bulk import LOAD_BATCH, insert_rows
from app.db.dialects import Joined
from app.db.expressions import Expression, Selection, in_values
from app.db.size_limit import MAX_SIZE

_part, _citation, _event = tables.participation.c, tables.citation.c, tables.event.c
_event_topic, _topic = tables.event_topic.c, tables.topic.c

MAX_INSERT_SIZE = 2**23
"""Characters of documents that are in memory at a time."""


class SearchDocument(NamedTuple):
    """The searchable content of an event: its own texts, and the names of its actors."""

    event: int
    texts: Iterable[str | None]
    actors: Sequence[int]


def add_documents(
    connection: Connection, documents: Collection[SearchDocument], max_size: int
) -> dict[int, int]:
    """Add events that are not in the index yet.

    Return the sizes of the documents that have more than `max_size` characters. These are not
    added.
    """
    names = _actor_names(connection, {actor for one in documents for actor in one.actors})
    return _insert_documents(connection, documents, names, max_size)


def _insert_documents(
    connection: Connection,
    documents: Iterable[SearchDocument],
    names: Mapping[int, str],
    max_size: int,
) -> dict[int, int]:
    too_large: dict[int, int] = {}
    rows: list[dict[str, Any]] = []
    left = MAX_INSERT_SIZE
    for event, texts, actors in documents:
        own = fulltext.document_text(text for text in texts if text)
        # An actor with two roles in an event is indexed once.
        parts = [own, *(names[actor] for actor in dict.fromkeys(actors))]
        size = sum(map(len, parts))
        document = fulltext.PHRASE_BOUNDARY.join(parts)
        content = fulltext.index_content(document, connection) if size <= max_size else None
        if content is None:
            too_large[event] = size
            continue
        rows.append({"rowid": event, "content": content})
        left -= size
        if left < 0:
            insert_rows(connection, fulltext.SEARCH_INDEX, rows)
            rows, left = [], MAX_INSERT_SIZE
    insert_rows(connection, fulltext.SEARCH_INDEX, rows)
    return too_large


def update_documents(
    connection: Connection, events: Collection[int], max_size: int
) -> dict[int, int]:
    """Replace the documents of events by the stored content; return as `add_documents` does."""
    delete_documents(connection, events)
    actors = defaultdict(list)
    event = _part.event_id
    participants = select(event, _part.actor_id).where(in_values(event, events))
    for id_, actor in connection.execute(participants.order_by(event, _part.position)):
        actors[id_].append(actor)
    names = _actor_names(connection, {*chain.from_iterable(actors.values())})
    # Read one by one, since the quotes of all may be too large for the memory.
    documents = (
        SearchDocument(id_, texts, actors[id_])
        for id_, *texts in connection.execute(_TEXTS.where(in_values(_event.id, events)))
    )
    return _insert_documents(connection, documents, names, max_size)


def delete_documents(connection: Connection, events: Collection[int]) -> None:
    """Delete the documents of events."""
    if events:
        connection.execute(fulltext.DELETE_DOCUMENT, [{"rowid": id_} for id_ in events])


def fill_index(connection: Connection) -> None:
    """Add the documents of all events, if the index is empty, as after a migration."""
    if connection.scalar(select(fulltext.SEARCH_INDEX.c.rowid).limit(1)) is None:
        for _ in index_all(connection):
            pass


def index_all(connection: Connection) -> Iterator[tuple[int, dict[int, int]]]:
    """Add the documents of all events in batches.

    Yield the number of events of each batch, and the sizes of documents that are too large.
    """
    last = 0
    in_order = select(_event.id).order_by(_event.id).limit(LOAD_BATCH)
    while events := connection.scalars(in_order.where(_event.id > last)).all():
        yield len(events), update_documents(connection, events, MAX_SIZE)
        last = events[-1]
    fulltext.merge_additions(connection)


def _actor_names(connection: Connection, actors: Collection[int]) -> dict[int, str]:
    """Return the name and aliases of each actor as one searchable text."""
    names = defaultdict[int, list[str]](list)
    actor, alias = tables.actor.c, tables.actor_alias.c
    own = select(actor.id, actor.name).where(in_values(actor.id, actors))
    aliases = select(alias.actor_id, alias.name).where(in_values(alias.actor_id, actors))
    for query in (own, aliases.order_by(alias.actor_id, alias.name)):
        for id_, name in connection.execute(query):
            names[id_].append(name)
    return {id_: fulltext.document_text(texts) for id_, texts in names.items()}


def _joined(texts: Selection) -> Expression:
    (text,) = texts.correlate(tables.event).subquery().c
    return select(Joined(text, literal(fulltext.TEXT_SEPARATOR))).scalar_subquery()


_TEXTS = select(
    _event.id,
    _event.title,
    _event.summary,
    _event.place,
    _event.kind,
    _joined(
        select(_event_topic.topic)
        .where(_event_topic.event_id == _event.id)
        .order_by(_event_topic.topic)
    ),
    _joined(
        select(_topic.label)
        .join(tables.event_topic, _event_topic.topic == _topic.slug)
        .where(_event_topic.event_id == _event.id)
        .order_by(_topic.slug)
    ),
    _joined(
        select(_citation.quote).where(_citation.event_id == _event.id).order_by(_citation.position)
    ),
)
