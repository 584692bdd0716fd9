"""The search index, kept in step with what events say."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select
from sqlmodel import col

from app import search
from app.database import insert_rows
from app.expressions import Expression, Selection, among
from app.models import Actor, ActorAlias, Citation, Event, Participation

AT_ONCE = 4_000
"""So many events of an actor are indexed at a time."""


def index_events_of(connection: Connection, actors: Collection[int]) -> None:
    """Bring the search index of all events in step in which one of the actors takes part."""
    if not actors:
        return
    after = 0
    part = col(Participation.event_id)
    found = select(part).where(among(col(Participation.actor_id), actors)).distinct()
    while events := connection.scalars(
        found.where(part > after).order_by(part).limit(AT_ONCE)
    ).all():
        index_anew(connection, events)
        after = events[-1]


def index_anew(connection: Connection, events: Collection[int]) -> None:
    """Make it so that these events are found by what they say now."""
    unindex(connection, events)
    index(connection, events)


def unindex(connection: Connection, events: Collection[int]) -> None:
    """Make it so that these events are not found any more."""
    if events:
        connection.execute(search.DELETE, [{"rowid": id_} for id_ in events])


def index(connection: Connection, events: Collection[int]) -> None:
    """Make it so that these events, which are not yet in the search index, are found."""
    found = connection.execute(_TEXTS.where(among(col(Event.id), events)))
    rows = [{"rowid": id_, "content": search.searchable(texts)} for id_, *texts in found]
    insert_rows(connection, search.INDEX, rows)


def _joined(texts: Selection) -> Expression:
    (text,) = texts.correlate(Event).subquery().c
    return select(func.group_concat(text, search.BETWEEN)).scalar_subquery()


_of_event = col(Participation.event_id) == col(Event.id)
_TEXTS = select(
    col(Event.id),
    col(Event.title),
    col(Event.summary),
    col(Event.place),
    _joined(
        select(col(Citation.quote))
        .where(col(Citation.event_id) == col(Event.id))
        .order_by(col(Citation.position))
    ),
    _joined(
        select(col(Actor.name))
        .join(Participation)
        .where(_of_event)
        .order_by(col(Participation.position))
    ),
    _joined(
        select(col(ActorAlias.name))
        .join(Participation, col(Participation.actor_id) == col(ActorAlias.actor_id))
        .where(_of_event)
        .order_by(col(Participation.position), col(ActorAlias.name))
    ),
)
"""What an event is found by, in an order that does not depend on the numbers of rows."""
