"""The search index, kept in step with what events say."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from app.db import tables
from app.db.expressions import Expression, Selection, in_values
from app.db.sqlite import fulltext as search
from app.db.sqlite.bulk import LOAD_BATCH, insert_rows


class SearchDocument(NamedTuple):
    """What an event is found by: its own texts, and the names of who takes part."""

    event: int
    texts: Iterable[str | None]
    actors: Sequence[int]


def add_documents(connection: Connection, said: Collection[SearchDocument]) -> None:
    """Make it so that these events, which are not yet in the search index, are found."""
    names = _names_of(connection, {actor for one in said for actor in one.actors})
    rows = []
    for event, texts, actors in said:
        own = search.document_text(text for text in texts if text)
        parts = [own, *(names[actor] for actor in dict.fromkeys(actors))]
        rows.append({"rowid": event, "content": search.PHRASE_BOUNDARY.join(parts)})
    insert_rows(connection, search.SEARCH_INDEX, rows)


def update_documents(connection: Connection, events: Collection[int]) -> None:
    """Make it so that these events are found by what is stored of them now."""
    delete_documents(connection, events)
    add_documents(connection, [*_stored(connection, events)])


def delete_documents(connection: Connection, events: Collection[int]) -> None:
    """Make it so that these events are not found any more."""
    if events:
        connection.execute(search.DELETE_DOCUMENT, [{"rowid": id_} for id_ in events])


def update_for_actors(connection: Connection, actors: Collection[int]) -> None:
    """Bring the search index of all events in step in which one of the actors takes part."""
    if not actors:
        return
    after = 0
    part = tables.participation.c.event_id
    found = select(part).where(in_values(tables.participation.c.actor_id, actors)).distinct()
    in_order = found.order_by(part).limit(LOAD_BATCH)
    while events := connection.scalars(in_order.where(part > after)).all():
        update_documents(connection, events)
        after = events[-1]


def _names_of(connection: Connection, actors: Collection[int]) -> dict[int, str]:
    """Give the names and aliases of actors as they are found."""
    names = defaultdict[int, list[str]](list)
    actor, alias = tables.actor.c, tables.actor_alias.c
    named = select(actor.id, actor.name).where(in_values(actor.id, actors))
    known = select(alias.actor_id, alias.name).where(in_values(alias.actor_id, actors))
    for query in (named, known.order_by(alias.actor_id, alias.name)):
        for id_, name in connection.execute(query):
            names[id_].append(name)
    return {id_: search.document_text(texts) for id_, texts in names.items()}


def _stored(connection: Connection, events: Collection[int]) -> Iterator[SearchDocument]:
    """Give what is stored of events."""
    actors = defaultdict(list)
    part = tables.participation.c.event_id
    taking_part = select(part, tables.participation.c.actor_id).where(in_values(part, events))
    for id_, actor in connection.execute(
        taking_part.order_by(part, tables.participation.c.position)
    ):
        actors[id_].append(actor)
    for id_, *texts in connection.execute(_TEXTS.where(in_values(tables.event.c.id, events))):
        yield SearchDocument(id_, texts, actors[id_])


def _joined(texts: Selection) -> Expression:
    (text,) = texts.correlate(tables.event).subquery().c
    return select(func.group_concat(text, search.TEXT_SEPARATOR)).scalar_subquery()


_TEXTS = select(
    tables.event.c.id,
    tables.event.c.title,
    tables.event.c.summary,
    tables.event.c.place,
    _joined(
        select(tables.citation.c.quote)
        .where(tables.citation.c.event_id == tables.event.c.id)
        .order_by(tables.citation.c.position)
    ),
)
