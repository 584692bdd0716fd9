"""Selections: each filter is written once, for rows, counts, facets and buckets alike.

Nothing here runs a query; a selection is handed to a connection by whoever wants its rows.

What events are found by are lists in the order of their dates: those of an actor, a source, a topic
or a timeline; those that touch some days; all there are. A selection is led by lists that hold all
that it may find, and asks the rest of each event in them. A page merges its lists only as far as it
goes, so that it costs the same however long they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Column, Date, Table, column, exists, func, select, true, union, union_all
from sqlmodel import col

from app.expressions import Condition, Expression, Order, Position, Rows, Selection, among
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
    table_of,
)
from app.search import INDEX, matches
from app.windows import OPEN, Window, lies_in, lists_touching, touches

FEW = 10_000
"""So many events are sorted for a page; of more, all are gone through in order until it is full."""
MAX_MERGED = 30
"""So many lists are merged; to write down more would cost more than to sort what is in them."""


class Axis(NamedTuple):
    """What an event may be linked to, and the table of the links."""

    table: Table
    value: Column[Any]
    """What a link is to."""
    once: Condition = true()
    """What holds of one link only where an event has several to the same."""


_event, _part = table_of(Event).c, table_of(Participation).c
_citation, _topic = table_of(Citation).c, table_of(EventTopic).c
_timeline = table_of(EventTimeline).c
AXES = {
    "actor": Axis(table_of(Participation), _part.actor_id, _part.first),
    "source": Axis(table_of(Citation), _citation.source_id, _citation.first),
    "topic": Axis(table_of(EventTopic), _topic.topic),
    "timeline": Axis(table_of(EventTimeline), _timeline.timeline_id),
}
# The same tables, to be asked about an event of another list.
_beside = {axis.table: axis.table.alias() for axis in AXES.values()}
_any_part = _beside[table_of(Participation)].c


class Link(NamedTuple):
    """What an event must be linked to: any of these values of an axis."""

    axis: Axis
    values: Sequence[str | int]
    roles: Sequence[str] = ()
    """What an actor must take part as."""


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """What an event must be: a query whose names have been found in the database."""

    links: Sequence[Link] = ()
    """Each must hold; that of the fewest events stands first."""
    roles: Sequence[str] = ()
    """What anybody must take part as."""
    excluded_actors: frozenset[int] = frozenset()
    window: Window = OPEN
    within: bool = False
    spans: Sequence[int] = ()
    """The spans of all events, where a window needs them."""
    kinds: Sequence[str] = ()
    statuses: Sequence[str] = ()
    words: Sequence[Sequence[str]] = ()
    """Terms, each the words that must stand together."""
    having_words: Sequence[int] | None = None
    """The events that have these words, where they are few."""
    min_sources: int = 0

    @property
    def is_open(self) -> bool:
        """Whether every event matches."""
        linked = self.links or self.roles or self.excluded_actors
        own = any(self.window) or self.kinds or self.statuses or self.min_sources
        return not (linked or own or self.words)


_ID, _KEY, _SLUG = _event.id, _event.date_key, _event.slug
SORTS: dict[str, tuple[Expression, ...]] = {
    "date": (_KEY, _SLUG),
    "updated": (_event.updated_at, _SLUG),
}
is_certain = ~(_event.approximate | _event.uncertain)


def event_order(sort: str, *, descending: bool = False) -> Order:
    """Order events by `date` or by when they were last `updated`."""
    return Order(SORTS[sort], descending)


def select_events(where: EventFilter) -> Rows:
    """Select the ids of the events that match, each once, in no order."""
    lists, rest = _lead(where)
    if lists[0] is _ALL and rest.words and not any(rest.window):
        lists, rest = [_having(rest.words)], replace(rest, words=())
    found = [one.select(rest) for one in lists]
    return union_all(*found) if len(found) > 1 else found[0]


def keep_matching(rows: Selection, event_id: Expression, where: EventFilter) -> Selection:
    """Keep of some rows those of the events that match."""
    if where.is_open:
        return rows
    found = select_events(where).subquery()
    return rows.where(event_id == found.c[0])


def select_page(
    where: EventFilter, order: Order, limit: int, after: Position | None, *, few: bool
) -> Rows:
    """Select id and keys of the first events after a position; `few` if 10,000 match at most."""
    lists, rest = _lead(where, apart=True)
    if order.keys is SORTS["date"] and all(one.in_order for one in lists):
        pages = [one.page(rest, order, after) for one in lists]
        # What is linked to several values may stand in several lists.
        overlap = where.links and len(where.links[0].values) > 1
        merged = union(*pages) if overlap else union_all(*pages) if pages[1:] else pages[0]
        named = Order((column("date_key"), column("slug")), order.descending)
        return merged.order_by(*named.clauses()).limit(limit)
    rows = select(_ID, *order.keys)
    if few and not where.is_open:
        # The limit keeps SQLite from going through all events in order until it meets these few.
        found = select_events(where).limit(FEW).subquery()
        rows = rows.where(found.c[0] == _ID)
    else:
        rows = rows.where(*_conditions(where, _ALL))
    if after:
        rows = rows.where(order.after(after))
    return rows.order_by(*order.clauses()).limit(limit)


@dataclass(frozen=True)
class _List:
    """Events, and where their ids and the keys of their dates stand."""

    ids: Expression
    key: Expression
    holds: Sequence[Condition] = ()
    """What holds of its rows."""
    in_order: bool = True
    """Whether they are in the order of dates."""
    repeats: bool = False
    """Whether an event may stand in it twice."""

    def select(self, rest: EventFilter) -> Selection:
        """Select the ids of those for which the rest of a filter holds."""
        # What is added keeps SQLite from going through all links, for want of doubles side by side.
        ids = select(self.ids + 0).distinct() if self.repeats else select(self.ids)
        found = ids.where(*self.holds, *_conditions(rest, self))
        if _asks_event(rest) or (any(rest.window) and self.key is _KEY):
            found = self._beside_event(found)
        return found

    def page(self, rest: EventFilter, order: Order, after: Position | None) -> Selection:
        """Select id and keys, after a position, of those for which the rest of a filter holds."""
        found: Selection = select(
            self.ids.label("id"), self.key.label("date_key"), _SLUG.label("slug")
        )
        found = self._beside_event(found).where(*self.holds, *_conditions(rest, self))
        if after is None:
            return found
        return found.where(replace(order, keys=(self.key, _SLUG)).after(after))

    def _beside_event(self, found: Selection) -> Selection:
        return found if self.ids is _ID else found.where(self.ids == _ID)


_ALL = _List(_ID, _KEY)


def _lead(where: EventFilter, *, apart: bool = False) -> tuple[list[_List], EventFilter]:
    """Choose lists that hold all that a filter may find; give what they leave of it to be asked.

    `apart` gives lists that are each in order, as far as there are any.
    """
    if where.having_words is not None:
        having = _List(_ID, _KEY, [among(_ID, where.having_words)], in_order=False)
        return [having], replace(where, words=(), having_words=None)
    lists, rest = [_ALL], where
    span: Expression | None = _event.span
    if where.links:
        link, *others = where.links
        parts = [link]
        most = MAX_MERGED // 3 if any(where.window) else MAX_MERGED
        if apart and len(link.values) <= most and not where.words:
            parts = [link._replace(values=[value]) for value in link.values]
        lists, span, rest = [_linked(part) for part in parts], None, replace(where, links=others)
    # Words that many events have are looked up for each list, so there is but one.
    if any(where.window) and not where.within and not where.words:
        lists = [
            replace(one, holds=[*one.holds, *touching])
            for one in lists
            for touching in lists_touching(one.key, span, where.window, where.spans)
        ]
        rest = replace(rest, window=OPEN)
    return lists, rest


def _having(words: Sequence[Sequence[str]]) -> _List:
    return _List(INDEX.c.rowid, _KEY, [matches(words)], in_order=False)


def _linked(link: Link) -> _List:
    axis, values, roles = link
    holds = [_is(axis.value, values), axis.once]
    if roles:
        same = _any_part.event_id == _part.event_id, _any_part.actor_id == _part.actor_id
        holds.append(exists().where(*same, _any_part.role.in_(roles)))
    ids, key, several = axis.table.c.event_id, axis.table.c.date_key, len(values) > 1
    return _List(ids, key, holds, in_order=not several, repeats=several)


def _is(value: Expression, values: Sequence[str | int]) -> Condition:
    return among(value, values) if len(values) > 1 else value == values[0]


def _conditions(where: EventFilter, of: _List) -> list[Condition]:
    """List what must hold of an event in a list, one condition or more for each filter given."""
    return [condition for given in FILTERS for condition in given(where, of)]


def _links(where: EventFilter, of: _List) -> Iterator[Condition]:
    for axis, values, roles in where.links:
        asked = _beside[axis.table].c
        found = exists().where(asked.event_id == of.ids, _is(asked[axis.value.name], values))
        yield found.where(_any_part.role.in_(roles)) if roles else found


def _roles(where: EventFilter, of: _List) -> Iterator[Condition]:
    if where.roles:
        yield exists().where(_any_part.event_id == of.ids, _any_part.role.in_(where.roles))


def _excluded_actors(where: EventFilter, of: _List) -> Iterator[Condition]:
    if where.excluded_actors:
        excluded = among(_any_part.actor_id, where.excluded_actors)
        yield ~exists().where(_any_part.event_id == of.ids, excluded)


def _window(where: EventFilter, of: _List) -> Iterator[Condition]:
    if where.within and any(where.window):
        yield from lies_in(of.key, where.window)
        yield is_certain
    else:
        yield from touches(of.key, where.window)


def _own_columns(where: EventFilter, _: _List) -> Iterator[Condition]:
    if where.kinds:
        yield _event.kind.in_(where.kinds)
    if where.statuses:
        yield _event.status.in_(where.statuses)
    if where.min_sources:
        yield _event.sources >= where.min_sources


def _words(where: EventFilter, of: _List) -> Iterator[Condition]:
    if where.words:
        # What is added keeps SQLite from being led by words that are in most events.
        yield (of.ids + 0).in_(select(INDEX.c.rowid).where(matches(where.words)))


def _asks_event(where: EventFilter) -> bool:
    """Tell whether conditions look at columns of `event`."""
    certain = where.within and any(where.window)
    return bool(where.kinds or where.statuses or where.min_sources or certain)


FILTERS = (_links, _roles, _excluded_actors, _window, _own_columns, _words)


def _spans() -> Selection:
    # From each to the next, through the index: there are few of them among any number of events.
    spans = select(func.min(_event.span).label("span")).cte("spans", recursive=True)
    following = select(func.min(_event.span)).where(_event.span > spans.c.span)
    beyond = select(following.correlate(spans).scalar_subquery()).where(spans.c.span.is_not(None))
    found = spans.union_all(beyond)
    return select(found.c.span).where(found.c.span.is_not(None))


SPANS = _spans()
"""The spans of all events."""


# How many events an actor takes part in; a column of `actor`.
events_of_actor = (
    select(func.count())
    .where(col(Participation.actor_id) == col(Actor.id), col(Participation.first))
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
