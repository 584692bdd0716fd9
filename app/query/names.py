"""From the names in a query to what they stand for in the database, or a problem that helps."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Literal

from pydantic import MISSING
from rapidfuzz import process
from sqlalchemy import Connection, Table, select

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import Expression, Param, Params
from app.db.sqlite.fulltext import match_query
from app.db.statements import Prepared, Values, prepare, run
from app.domain.edtf import DateRange, EventDate
from app.domain.search_terms import parse_terms
from app.domain.text import casefold_text, quote
from app.errors import parameter_error, validation_problem
from app.query.filters import EventFilter, ListFilter
from app.query.planner import plan
from app.query.windows import Window
from app.schemas.params import EventQuery
from app.schemas.problem import Fault
from app.schemas.records import ActorRef

MAX_CANDIDATES = 3
MAX_SUGGESTIONS = 3
"""So many names are compared with all that are stored; more would take a whole second."""
UNKNOWN_ID = -1
"""Stands for a name that was not found, until all faults are told at once."""
BEYOND_CALENDAR = date.max.toordinal() + 1
"""A day that nothing touches, not even what has no end."""

_actor, _alias = tables.actor.c, tables.actor_alias.c
_KEY = Param("key", str)
_ACTORS = [
    prepare(select(found).where(key == _KEY.bind).distinct())
    for found, key in (
        (_actor.id, _actor.slug),
        (_actor.id, _actor.key),
        (_alias.actor_id, _alias.key),
    )
]
_ID_BY_SLUG: dict[Table, Prepared] = {
    table: prepare(select(table.c.id).where(table.c.slug == _KEY.bind))
    for table in (tables.source, tables.timeline)
}
_VALUE_COLUMNS = {"kind": tables.event.c.kind, "topic": tables.event_topic.c.topic}
_VALUE_EXISTS = {
    parameter: prepare(select(column).where(column == _KEY.bind).limit(1))
    for parameter, column in _VALUE_COLUMNS.items()
}


def build_filter(query: EventQuery, connection: Connection) -> EventFilter:
    """Find everything that a query names; raise a 422 that lists each name not found."""
    look_up = NameResolver(connection)
    tree = query.actor_scope == "tree"
    actors = [look_up.actor("actor", name, tree=tree) for name in query.actor]
    excluded = [look_up.actor("exclude_actor", name, tree=False) for name in query.exclude_actor]
    words = [] if query.q is MISSING else [*parse_terms(query.q)]
    values = Values()
    window, view = _days(query, look_up.faults), query.visible_days
    within = query.date_match == "within" and any(window)
    if not any(window):
        # What is shown is all that is asked for, and so it is found as fast.
        window, view = view, window
    roles = values.add_all(query.role)
    where = EventFilter(
        values=values,
        roles=() if actors else roles,
        excluded_actors=values.add_all([*frozenset().union(*excluded)]),
        window=_window(window, values),
        certain_only=within,
        visible_window=_window(view, values),
        kinds=values.add_all(look_up.values("kind", query.kind)),
        statuses=values.add_all(query.status),
        lists=tuple(_links(query, actors, roles, look_up, values)),
        words=values.add(match_query(words)) if words else None,
        min_sources=None if query.min_sources in (MISSING, 0) else values.add(query.min_sources),
    )
    if look_up.faults:
        raise validation_problem(*look_up.faults)
    return plan(where, connection)


def actors_by_name(connection: Connection, names: Iterable[str]) -> dict[str, ActorRef]:
    """Tell which actor each of some names stands for; `build_filter` has found them all."""
    look_up = NameResolver(connection)
    return {name: look_up.reference(name) for name in names}


def _links(
    query: EventQuery,
    actors: Iterable[frozenset[int]],
    roles: Params,
    look_up: "NameResolver",
    values: Values,
) -> Iterator[ListFilter]:
    if query.actor_match == "any" and actors:
        actors = [frozenset().union(*actors)]
    for alike in actors:
        yield ListFilter(EVENT_LISTS["actor"], values.add_all([*alike]), roles)
    if query.topic:
        yield ListFilter(EVENT_LISTS["topic"], values.add_all(look_up.values("topic", query.topic)))
    if query.source:
        sources = [look_up.record("source", slug, tables.source) for slug in query.source]
        yield ListFilter(EVENT_LISTS["source"], values.add_all(sources))
    if query.timeline is not MISSING:
        timeline = look_up.record("timeline", query.timeline, tables.timeline)
        yield ListFilter(EVENT_LISTS["timeline"], values.add_all([timeline]))


def _days(query: EventQuery, faults: list[Fault]) -> DateRange:
    start = None if query.from_ is MISSING else EventDate.parse(query.from_).earliest
    end = None if query.to is MISSING else EventDate.parse(query.to).latest
    if query.date is not MISSING:
        if start or end:
            beside = " and ".join(name for name, day in (("`from`", start), ("`to`", end)) if day)
            faults.append(
                parameter_error("date", f"it stands beside {beside}; give one or the other")
            )
        when = EventDate.parse(query.date)
        return when.start.first if when.start else None, when.end.last if when.end else None
    if start and end and start > end:
        detail = f"{quote(query.from_)} is after `to`, {quote(query.to)}; swap them"
        faults.append(parameter_error("from", detail))
    return start, end


def _window(days: DateRange, values: Values) -> Window:
    first, last = days
    numbers = [None if day is None else day.toordinal() for day in days]
    if first and last and first > last:
        numbers = [BEYOND_CALENDAR, BEYOND_CALENDAR]  # nothing is shown
    start, end = (None if number is None else values.add(number) for number in numbers)
    return start, end


class NameResolver:
    """Looks names up, and keeps what is wrong with them."""

    def __init__(self, connection: Connection) -> None:
        self.faults: list[Fault] = []
        self._connection = connection

    def actor(self, parameter: str, name: str, *, tree: bool) -> frozenset[int]:
        """Find one actor by id, else by name, else by alias; `tree` adds all it is parent of."""
        key = casefold_text(name)
        for actors in _ACTORS:
            found = self._run(actors, key)
            if len(found) > 1:
                self._ambiguous(parameter, name, found)
            if found:
                return self._tree(found) if tree else frozenset(found)
        self._unknown_actor(parameter, name)
        return frozenset([UNKNOWN_ID])

    def reference(self, name: str) -> ActorRef:
        """Give the one actor of a name that was found."""
        (id_,) = self.actor("actor", name, tree=False)
        found = select(_actor.slug, _actor.name, _actor.kind).where(_actor.id == id_)
        slug, called, kind = self._connection.execute(found).one()
        return ActorRef(id=slug, name=called, kind=kind)

    def record(self, parameter: str, slug: str, table: Table) -> int:
        """Find a source or a timeline by its id."""
        found = self._run(_ID_BY_SLUG[table], slug)
        if not found:
            self._unknown(parameter, slug, table.c.slug)
        return found[0] if found else UNKNOWN_ID

    def values(self, parameter: Literal["kind", "topic"], values: Sequence[str]) -> Sequence[str]:
        """Check that some event bears each of the values."""
        for value in values:
            if not self._run(_VALUE_EXISTS[parameter], value):
                self._unknown(parameter, value, _VALUE_COLUMNS[parameter])
        return values

    def _run(self, statement: Prepared, key: str) -> list[int]:
        return [id_ for (id_,) in run(self._connection, statement, {_KEY.name: key})]

    def _tree(self, roots: Iterable[int]) -> frozenset[int]:
        tree = select(_actor.id).where(_actor.id.in_(roots)).cte("tree", recursive=True)
        children = select(_actor.id).where(_actor.parent_id == tree.c.id)
        return frozenset(self._connection.scalars(select(tree.union(children).c.id)))

    def _ambiguous(self, parameter: str, name: str, ids: Iterable[int]) -> None:
        rows = self._connection.execute(
            select(_actor.slug, _actor.name).where(_actor.id.in_(ids)).order_by(_actor.slug)
        )
        actors = dict(rows.all())
        detail = f"{quote(name)} may be {_listed(actors)}; give the id"
        self.faults.append(parameter_error(parameter, detail, actors))

    def _unknown_actor(self, parameter: str, name: str) -> None:
        actors: dict[str, str] = {}
        if self._suggests:
            # An actor has several spellings, of which the nearest counts.
            matches = process.extract(
                casefold_text(name), [key for *_, key in self._spellings], limit=10
            )
            found = dict.fromkeys(self._spellings[at][:2] for *_, at in matches)
            actors = dict(islice(found, MAX_CANDIDATES))
        detail = f"no actor is called {quote(name)}{self._nearest(actors)}"
        self.faults.append(parameter_error(parameter, detail, actors))

    def _unknown(self, parameter: str, value: str, column: Expression) -> None:
        nearest: dict[str, str] = {}
        if self._suggests:
            known = self._connection.scalars(select(column).distinct()).all()
            matches = process.extract(value, known, limit=MAX_CANDIDATES)
            nearest = {match: "" for match, *_ in matches}
        detail = f"{quote(value)} is not on record{self._nearest(nearest)}"
        self.faults.append(parameter_error(parameter, detail, nearest))

    @property
    def _suggests(self) -> bool:
        return len(self.faults) < MAX_SUGGESTIONS

    def _nearest(self, names: dict[str, str]) -> str:
        if not self._suggests:
            return ""
        return f"; the nearest: {_listed(names)}" if names else "; there is none at all"

    @cached_property
    def _spellings(self) -> list[tuple[str, str, str]]:
        """List id and name of each actor beside each text by which it is found."""
        return [
            (slug, name, key)
            for query in (
                select(_actor.slug, _actor.name, _actor.slug.label("key")),
                select(_actor.slug, _actor.name, _actor.key),
                select(_actor.slug, _actor.name, _alias.key).where(_alias.actor_id == _actor.id),
            )
            for slug, name, key in self._connection.execute(query)
        ]


def _listed(names: dict[str, str]) -> str:
    return ", ".join(f"{slug} ({name})" if name else slug for slug, name in names.items())
