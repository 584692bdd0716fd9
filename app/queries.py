"""Selections: each filter is written once, for rows, counts, facets and buckets alike.

Nothing here runs a query; a selection is handed to the session by whoever wants its rows.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import ColumnElement, Date, func, literal, select, true, tuple_
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import SQLColumnExpression
from sqlalchemy.types import TypeEngine
from sqlmodel import col

from app.models import (
    Actor,
    ActorAlias,
    Citation,
    Event,
    EventTimeline,
    EventTopic,
    Participation,
    Source,
    Timeline,
)
from app.search import rowids_matching

Expression = SQLColumnExpression[Any]
Selection = Select[*tuple[Any, ...]]


def among(column: Expression, values: Iterable[str | int]) -> ColumnElement[bool]:
    """Say that a column has one of many values; they are one parameter, however many."""
    listed = func.json_each(json.dumps([*values])).table_valued("value")
    return column.in_(select(listed.c.value))


Window = tuple[date | None, date | None]
"""First and last day, both inclusive; None where that side is open."""


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """What an event must be: a query whose names have been found in the database."""

    actors: Sequence[frozenset[int]] = ()
    """For each actor asked for, the actors that count as it."""
    all_actors: bool = False
    roles: Sequence[str] = ()
    excluded_actors: frozenset[int] = frozenset()
    window: Window = (None, None)
    within: bool = False
    kinds: Sequence[str] = ()
    statuses: Sequence[str] = ()
    topics: Sequence[str] = ()
    sources: Sequence[int] = ()
    timeline: int | None = None
    words: Sequence[Sequence[str]] = ()
    """Terms, each the words that must stand together."""
    min_sources: int = 0


@dataclass(frozen=True)
class Order:
    """A total order: rows compare by these columns, left to right."""

    keys: tuple[Expression, ...]
    descending: bool = False

    @property
    def types(self) -> list[TypeEngine[Any]]:
        """Give the type of each key."""
        return [cast("ColumnElement[Any]", key).type for key in self.keys]

    def clauses(self) -> list[ColumnElement[Any]]:
        """Give the terms of ORDER BY."""
        return [key.desc() if self.descending else key.asc() for key in self.keys]

    def after(self, position: Sequence[Any]) -> ColumnElement[bool]:
        """Give the condition that a row comes after the one whose keys are `position`."""
        here, there = tuple_(*self.keys), tuple_(*map(literal, position, self.types))
        return here < there if self.descending else here > there


DATE_KEYS = (col(Event.sort_day), col(Event.earliest), col(Event.latest), col(Event.slug))
SORTS: dict[str, tuple[Expression, ...]] = {
    "date": DATE_KEYS,
    "updated": (col(Event.updated_at), col(Event.slug)),
}


def event_order(sort: str, *, descending: bool) -> Order:
    """Order events by `date` or by when they were last `updated`."""
    return Order(SORTS[sort], descending)


def select_events(where: EventFilter) -> Selection:
    """Select the ids of the events that match."""
    return select(col(Event.id)).where(*conditions(where))


def conditions(where: EventFilter) -> list[ColumnElement[bool]]:
    """List what must hold of a row of `event`, one condition or more for each filter given."""
    return [condition for given in FILTERS for condition in given(where)]


def _participants(where: EventFilter) -> Iterator[ColumnElement[bool]]:
    role = col(Participation.role).in_(where.roles) if where.roles else true()
    if where.actors:
        groups = where.actors if where.all_actors else [frozenset().union(*where.actors)]
        for actors in groups:
            yield _takes_part(col(Participation.actor_id).in_(actors), role)
    elif where.roles:
        yield _takes_part(role)


def _excluded_actors(where: EventFilter) -> Iterator[ColumnElement[bool]]:
    if where.excluded_actors:
        yield ~_takes_part(col(Participation.actor_id).in_(where.excluded_actors))


def _takes_part(*participation: ColumnElement[bool]) -> ColumnElement[bool]:
    return col(Event.id).in_(select(col(Participation.event_id)).where(*participation))


def _window(where: EventFilter) -> Iterator[ColumnElement[bool]]:
    first, last = where.window
    if first:
        yield (col(Event.earliest) if where.within else col(Event.latest)) >= first
    if last:
        yield (col(Event.latest) if where.within else col(Event.earliest)) <= last
    if where.within and (first or last):
        yield is_certain


is_certain = ~(col(Event.approximate) | col(Event.uncertain))


def _own_columns(where: EventFilter) -> Iterator[ColumnElement[bool]]:
    if where.kinds:
        yield col(Event.kind).in_(where.kinds)
    if where.statuses:
        yield col(Event.status).in_(where.statuses)


def _memberships(where: EventFilter) -> Iterator[ColumnElement[bool]]:
    if where.topics:
        yield _linked(col(EventTopic.event_id), col(EventTopic.topic), where.topics)
    if where.sources:
        yield _linked(col(Citation.event_id), col(Citation.source_id), where.sources)
    if where.timeline is not None:
        yield _linked(col(EventTimeline.event_id), col(EventTimeline.timeline_id), [where.timeline])


def _linked(event_id: Expression, link: Expression, values: Collection[Any]) -> ColumnElement[bool]:
    return col(Event.id).in_(select(event_id).where(link.in_(values)))


def _words(where: EventFilter) -> Iterator[ColumnElement[bool]]:
    if where.words:
        yield col(Event.id).in_(rowids_matching(where.words))


def _min_sources(where: EventFilter) -> Iterator[ColumnElement[bool]]:
    if where.min_sources:
        sources = select(func.count(col(Citation.source_id).distinct())).where(
            col(Citation.event_id) == col(Event.id)
        )
        yield sources.correlate(Event).scalar_subquery() >= where.min_sources


FILTERS = (
    _participants,
    _excluded_actors,
    _window,
    _own_columns,
    _memberships,
    _words,
    _min_sources,
)


# How many events an actor takes part in; a column of `actor`.
events_of_actor = (
    select(func.count(col(Participation.event_id).distinct()))
    .where(col(Participation.actor_id) == col(Actor.id))
    .correlate(Actor)
    .scalar_subquery()
)

ACTOR_ORDER = Order((-events_of_actor, col(Actor.slug)))
SOURCE_ORDER = Order(
    (func.coalesce(col(Source.published), date.min, type_=Date), col(Source.slug)), descending=True
)
TIMELINE_ORDER = Order((col(Timeline.slug),))


def select_actors(words: Sequence[str], kinds: Sequence[str]) -> Selection:
    """Select the ids of actors of these kinds, each word in their name or in one alias."""
    found = select(col(Actor.id))
    if kinds:
        found = found.where(col(Actor.kind).in_(kinds))
    for word in words:
        found = found.where(
            col(Actor.key).contains(word, autoescape=True)
            | col(Actor.id).in_(
                select(col(ActorAlias.actor_id)).where(
                    col(ActorAlias.key).contains(word, autoescape=True)
                )
            )
        )
    return found
