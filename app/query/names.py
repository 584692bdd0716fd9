"""Name resolution: from the names in a request to ids, or to a 422 that suggests similar names."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from pydantic import MISSING
from rapidfuzz import process
from sqlalchemy import Connection, Table, func, select

from app.db import tables
from app.db.event_lists import EVENT_LISTS
from app.db.expressions import Expression, Param, Params, Selection
from app.db.fulltext import match_query
from app.db.statements import Values, as_json, read_json
from app.domain.analyzer import casefold_text
from app.domain.edtf import DateRange, EventDate
from app.domain.search_terms import parse_terms
from app.domain.text import quote
from app.domain.topics import topic_id
from app.errors import parameter_error, validation_problem
from app.query.filters import EventFilter, ListFilter
from app.query.planner import plan
from app.query.windows import Window
from app.schemas.params import EventQuery
from app.schemas.problem import Fault
from app.schemas.records import ActorRef, or_none
from app.schemas.validation import repeat_hint

MAX_CANDIDATES = 3
"""Similar names in one message."""
MAX_SUGGESTIONS = 3
"""Unknown names for which similar ones are searched, among all stored names. More would take a
whole second."""
UNKNOWN_ID = -1
"""The id of an unknown name, so that resolving goes on and one response lists all errors."""
BEYOND_CALENDAR = date.max.toordinal() + 1
"""A day that no event touches, not even one without an end."""

_actor, _alias, _event = tables.actor.c, tables.actor_alias.c, tables.event.c
_topic, _event_topic = tables.topic.c, tables.event_topic.c
_KEY = Param("key", str)
# An id wins over a name, and a name over an alias.
_ACTOR_IDS = [
    as_json(select(ids).where(key == _KEY.bind).distinct())
    for ids, key in (
        (_actor.id, _actor.slug),
        (_actor.id, _actor.key),
        (_alias.actor_id, _alias.key),
    )
]
_ID_BY_SLUG = {
    table: as_json(select(table.c.id).where(table.c.slug == _KEY.bind))
    for table in (tables.source, tables.timeline)
}
_KIND_EXISTS = as_json(select(_event.kind).where(_event.kind == _KEY.bind).limit(1))
_TOPIC_EXISTS = as_json(select(_event_topic.topic).where(_event_topic.topic == _KEY.bind).limit(1))
_TOPICS_BY_LABEL = as_json(select(_topic.slug).where(_topic.key == _KEY.bind))


class _Spelling(NamedTuple):
    """A text by which a record is found."""

    slug: str
    name: str
    key: str


def build_filter(query: EventQuery, connection: Connection) -> EventFilter:
    """Build the planned filter of a query; raise a 422 that lists each unknown name."""
    return plan(NameResolver(connection).resolve(query), connection)


class NameResolver:
    """Looks up the names of one request, and collects the errors in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._errors: list[Fault] = []
        self._ids: dict[str, frozenset[int]] = {}
        self._topic_ids: dict[str, frozenset[str]] = {}

    def resolve(self, query: EventQuery) -> EventFilter:
        """Return the filter of a query, not planned; raise a 422 that lists all unknown names."""
        # Nothing is raised before the end, so that one response lists every fault.
        actors = [self._actor("actor", name) for name in query.actor]
        if query.actor_scope == "tree":
            actors = [self._tree(ids) for ids in actors]
        excluded = [self._actor("exclude_actor", name) for name in query.exclude_actor]
        terms = () if query.q is MISSING else parse_terms(query.q)
        values = Values()
        window, visible = self._days(query), query.visible_days
        certain_only = query.date_match == "within" and any(window)
        if not any(window):
            # Only the window drives a query, so without one the visible days take its place.
            window, visible = visible, window
        roles, min_sources = values.add_all(query.role), or_none(query.min_sources)
        updated_since = or_none(query.updated_since)
        where = EventFilter(
            values=values,
            reads_lists_lazily=self._connection.dialect.name == "sqlite",
            roles=() if actors else roles,
            excluded_actors=values.add_all([*frozenset().union(*excluded)]),
            window=_window(window, values),
            certain_only=certain_only,
            visible_window=_window(visible, values),
            kinds=values.add_all(self._kinds(query.kind)),
            statuses=values.add_all(query.status),
            lists=tuple(self._lists(query, actors, roles, values)),
            words=values.add(match_query(terms, self._connection)) if terms else None,
            min_sources=values.add(min_sources) if min_sources else None,
            updated_since=values.add(updated_since) if updated_since else None,
        )
        if self._errors:
            raise validation_problem(*self._errors)
        return where

    def actor_ref(self, name: str) -> ActorRef:
        """Read the actor of a name that `resolve` has found."""
        (id_,) = self._ids[name]
        row = select(_actor.slug, _actor.name, _actor.kind).where(_actor.id == id_)
        slug, actor_name, kind = self._connection.execute(row).one()
        return ActorRef(id=slug, name=actor_name, kind=kind)

    def topic_label(self, name: str) -> str:
        """Read the label of a topic that `resolve` has found by a name."""
        topic = min(self._topic_ids[name])
        label = self._connection.scalar(select(_topic.label).where(_topic.slug == topic))
        return label or topic

    def _lists(
        self, query: EventQuery, actors: Iterable[frozenset[int]], roles: Params, values: Values
    ) -> Iterator[ListFilter]:
        # Actors of which any may take part are one list, those who all must are a list each.
        if query.actor_match == "any" and actors:
            actors = [frozenset().union(*actors)]
        for ids in actors:
            yield ListFilter(EVENT_LISTS["actor"], values.add_all([*ids]), roles)
        if query.topic:
            topics = frozenset().union(*map(self._topics, query.topic))
            yield ListFilter(EVENT_LISTS["topic"], values.add_all(sorted(topics)))
        if query.source:
            sources = [self._record("source", slug, tables.source) for slug in query.source]
            yield ListFilter(EVENT_LISTS["source"], values.add_all(sources))
        if query.timeline is not MISSING:
            timeline = self._record("timeline", query.timeline, tables.timeline)
            yield ListFilter(EVENT_LISTS["timeline"], values.add_all([timeline]))

    def _days(self, query: EventQuery) -> DateRange:
        start = None if query.from_ is MISSING else EventDate.parse(query.from_).earliest
        end = None if query.to is MISSING else EventDate.parse(query.to).latest
        if query.date is not MISSING:
            if start or end:
                bounds = {"`from`": start, "`to`": end}
                others = " and ".join(name for name, day in bounds.items() if day)
                detail = f"It cannot be combined with {others}. Set one or the other."
                self._errors.append(parameter_error("date", detail))
            # Not `earliest` and `latest`: those of an open date are the ends of the calendar.
            when = EventDate.parse(query.date)
            return when.start.first if when.start else None, when.end.last if when.end else None
        if start and end and start > end:
            detail = f"{quote(query.from_)} is after `to`, which is {quote(query.to)}. Swap them."
            self._errors.append(parameter_error("from", detail))
        return start, end

    def _actor(self, parameter: str, name: str) -> frozenset[int]:
        """Find the one actor with an id, else with a name, else with an alias."""
        key = casefold_text(name)
        # Lazy: an alias is only looked up if no actor has the id or the name.
        ids = next(filter(None, (self._read_ids(one, key) for one in _ACTOR_IDS)), [])
        if len(ids) > 1:
            self._report_ambiguous(parameter, name, ids)
        elif not ids:
            self._report_unknown_actor(parameter, name)
        return self._ids.setdefault(name, frozenset(ids or [UNKNOWN_ID]))

    def _tree(self, roots: Iterable[int]) -> frozenset[int]:
        """Return actors with all their descendants."""
        tree = select(_actor.id).where(_actor.id.in_(roots)).cte("tree", recursive=True)
        children = select(_actor.id).where(_actor.parent_id == tree.c.id)
        return frozenset([*roots, *self._connection.scalars(select(tree.union(children).c.id))])

    def _record(self, parameter: str, slug: str, table: Table) -> int:
        """Find a source or a timeline by its id."""
        ids = self._read_ids(_ID_BY_SLUG[table], slug)
        if not ids:
            self._report_unknown(parameter, slug, table.c.slug)
        return ids[0] if ids else UNKNOWN_ID

    def _kinds(self, kinds: Sequence[str]) -> Sequence[str]:
        """Check that some event is of each kind."""
        for kind in kinds:
            if not self._read_slugs(_KIND_EXISTS, kind):
                self._report_unknown("kind", kind, _event.kind)
        return kinds

    def _topics(self, name: str) -> frozenset[str]:
        """Find the topic with an id, or with the id of a label, else all that have the label."""
        lookups = (
            (_TOPIC_EXISTS, name),
            (_TOPIC_EXISTS, topic_id(name) or name),
            (_TOPICS_BY_LABEL, casefold_text(name)),
        )
        topics = next(filter(None, (self._read_slugs(*lookup) for lookup in lookups)), [])
        if not topics:
            self._report_unknown_topic(name)
        return self._topic_ids.setdefault(name, frozenset(topics or [name]))

    def _read_ids(self, statement: Selection, key: str) -> list[int]:
        return [id_ for (id_,) in read_json(self._connection, statement, {_KEY.name: key})]

    def _read_slugs(self, statement: Selection, key: str) -> list[str]:
        return [slug for (slug,) in read_json(self._connection, statement, {_KEY.name: key})]

    def _report_ambiguous(self, parameter: str, name: str, ids: Iterable[int]) -> None:
        rows = self._connection.execute(
            select(_actor.slug, _actor.name).where(_actor.id.in_(ids)).order_by(_actor.slug)
        )
        actors = dict(rows.all())
        detail = f"{quote(name)} is a name of {_listing(actors)}. Use the id."
        self._errors.append(parameter_error(parameter, detail, actors))

    def _report_unknown_actor(self, parameter: str, name: str) -> None:
        actors = self._nearest(name, self._actor_spellings) if self._may_suggest else {}
        detail = f"No actor is called {quote(name)}.{self._suggestion(actors)}"
        # Not before: the name of an actor can contain a comma.
        detail += repeat_hint(parameter, name)
        self._errors.append(parameter_error(parameter, detail, actors))

    def _report_unknown_topic(self, name: str) -> None:
        topics = self._nearest(name, self._topic_spellings) if self._may_suggest else {}
        detail = f"No event has the topic {quote(name)}.{self._suggestion(topics)}"
        detail += repeat_hint("topic", name)
        self._errors.append(parameter_error("topic", detail, topics))

    def _nearest(self, name: str, spellings: Sequence[_Spelling]) -> dict[str, str]:
        # A record has several spellings. The most similar one counts.
        keys = [spelling.key for spelling in spellings]
        matches = process.extract(casefold_text(name), keys, limit=10)
        similar = dict.fromkeys(spellings[at][:2] for *_, at in matches)
        return dict(islice(similar, MAX_CANDIDATES))

    def _report_unknown(self, parameter: str, value: str, column: Expression) -> None:
        similar: dict[str, str] = {}
        if self._may_suggest:
            stored = self._connection.scalars(select(column).distinct().order_by(column)).all()
            matches = process.extract(value, stored, limit=MAX_CANDIDATES)
            similar = {match: "" for match, *_ in matches}
        detail = f"No event has the {parameter} {quote(value)}.{self._suggestion(similar)}"
        detail += repeat_hint(parameter, value) if parameter != "timeline" else ""
        self._errors.append(parameter_error(parameter, detail, similar))

    @property
    def _may_suggest(self) -> bool:
        return len(self._errors) < MAX_SUGGESTIONS

    def _suggestion(self, names: dict[str, str]) -> str:
        if not self._may_suggest:
            return ""
        verb = "is" if len(names) == 1 else "are"
        return f" The nearest {verb} {_listing(names)}." if names else " None is stored."

    @cached_property
    def _actor_spellings(self) -> list[_Spelling]:
        return self._read_spellings(
            select(_actor.slug, _actor.name, _actor.slug.label("key")).order_by(_actor.slug),
            select(_actor.slug, _actor.name, _actor.key).order_by(_actor.slug),
            select(_actor.slug, _actor.name, _alias.key)
            .where(_alias.actor_id == _actor.id)
            .order_by(_actor.slug, _alias.name),
        )

    @cached_property
    def _topic_spellings(self) -> list[_Spelling]:
        topics = select(_event_topic.topic).distinct().subquery()
        slug = topics.c.topic
        labelled = select(slug, func.coalesce(_topic.label, ""), slug.label("key"))
        return self._read_spellings(
            labelled.outerjoin_from(topics, tables.topic, _topic.slug == slug).order_by(slug),
            select(_topic.slug, _topic.label, _topic.key).order_by(_topic.slug),
        )

    # In order, because the first of equally similar ones is suggested.
    def _read_spellings(self, *queries: Selection) -> list[_Spelling]:
        return [_Spelling(*row) for query in queries for row in self._connection.execute(query)]


def _window(days: DateRange, values: Values) -> Window:
    first, last = days
    numbers = [None if day is None else day.toordinal() for day in days]
    if first and last and first > last:
        numbers = [BEYOND_CALENDAR, BEYOND_CALENDAR]  # a calendar that shows no day shows no event
    start, end = (None if number is None else values.add(number) for number in numbers)
    return start, end


def _listing(names: dict[str, str]) -> str:
    return ", ".join(f"{slug} ({name})" if name else slug for slug, name in names.items())
