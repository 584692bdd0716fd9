"""A reference implementation of the filters and facets: simple, slow, without a database.

It reads every event for every query. `tests/query/test_against_reference.py` compares the
application with it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from app.domain.edtf import EventDate
from app.dossiers.document import Dossier
from app.schemas.entries import EventEntry
from tests.support.corpus import LATER, LOADED_AT

Params = Sequence[tuple[str, str]]


class Reference:
    """A search over the entries of dossiers."""

    def __init__(self, dossiers: Iterable[Dossier]) -> None:
        dossiers = list(dossiers)
        self.actors = {actor.id: actor for dossier in dossiers for actor in dossier.actors}
        self.events = {event.id: event for dossier in dossiers for event in dossier.events}
        self.sources = {source.id: source for dossier in dossiers for source in dossier.sources}
        self.timelines = {dossier.timeline.id: dossier.timeline for dossier in dossiers}
        self.members = {
            (event.id, dossier.timeline.id) for dossier in dossiers for event in dossier.events
        }

        # The first dossier is loaded first. An event changes when it joins another timeline.
        self.updated = {
            event.id: LATER if number else LOADED_AT
            for number, dossier in enumerate(dossiers)
            for event in dossier.events
        }

    def select(self, params: Params) -> list[EventEntry]:
        """Return the events that match, in order."""
        query = QueryParams(params)
        matching = [event for event in self.events.values() if self._matches(event, query)]
        matching.sort(key=sort_key, reverse=query.get("order", "asc") == "desc")
        return matching

    def _matches(self, event: EventEntry, query: "QueryParams") -> bool:
        return (
            self._takes_part(event, query)
            and not self._excluded(event, query)
            and (
                not query.has_window
                or is_in_window(event, query.window(), within=query.get("date_match") == "within")
            )
            and (not query.get_all("kind") or event.kind in query.get_all("kind"))
            and (not query.get_all("status") or event.status in query.get_all("status"))
            and (not query.get_all("topic") or bool(_topics(event) & {*query.get_all("topic")}))
            and (
                not query.get_all("source")
                or bool(cited_sources(event) & {*query.get_all("source")})
            )
            and (not query.get("timeline") or (event.id, query.get("timeline")) in self.members)
            and len(cited_sources(event)) >= int(query.get("min_sources", "0"))
            and f"{self.updated[event.id]:%Y-%m-%dT%H:%M:%SZ}" >= query.get("updated_since")
            and all(self._has_term(event, term) for term in terms(query.get("q")))
        )

    def _takes_part(self, event: EventEntry, query: "QueryParams") -> bool:
        roles = query.get_all("role")
        parts = [part for part in event.participants if not roles or part.role in roles]
        if not query.get_all("actor"):
            return bool(parts) or not roles
        present = {part.actor for part in parts}
        wanted = []
        for name in query.get_all("actor"):
            actor = self._actor(name)
            wanted.append(self._tree(actor) if query.get("actor_scope") == "tree" else {actor})
        combine = all if query.get("actor_match") == "all" else any
        return combine(bool(actors & present) for actors in wanted)

    def _excluded(self, event: EventEntry, query: "QueryParams") -> bool:
        excluded = {self._actor(name) for name in query.get_all("exclude_actor")}
        return bool(excluded & {part.actor for part in event.participants})

    def _actor(self, name: str) -> str:
        by_id = [id_ for id_ in self.actors if id_ == fold(name)]
        by_name = [id_ for id_, actor in self.actors.items() if fold(actor.name) == fold(name)]
        by_alias = [
            id_
            for id_, actor in self.actors.items()
            if any(fold(alias.name) == fold(name) for alias in actor.aliases)
        ]
        (actor,) = by_id or by_name or by_alias
        return actor

    def _tree(self, root: str) -> set[str]:
        tree = {root}
        for actor in self.actors.values():
            if actor.parent == root:
                tree |= self._tree(actor.id)
        return tree

    def _has_term(self, event: EventEntry, term: "Term") -> bool:
        texts = [event.title, event.summary, event.place, event.kind]
        texts += [text for topic in event.topics for text in (topic.id, topic.label)]
        texts += [citation.quote for citation in event.citations]
        for part in event.participants:
            actor = self.actors[part.actor]
            texts += [actor.name, *(alias.name for alias in actor.aliases)]
        return any(contains(words(text), term) for text in texts if text)

    def facet(self, name: str, events: Iterable[EventEntry]) -> list[tuple[str, int]]:
        """Count events by value, the most frequent first."""
        counts: Counter[str] = Counter()
        for event in events:
            counts.update(self._values(name, event))
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def _values(self, name: str, event: EventEntry) -> set[str]:
        values: dict[str, set[str]] = {
            "actor": {part.actor for part in event.participants},
            "kind": {event.kind},
            "status": {event.status},
            "topic": _topics(event),
            "timeline": {timeline for id_, timeline in self.members if id_ == event.id},
            "source": cited_sources(event),
        }
        return values[name]


def _topics(event: EventEntry) -> set[str]:
    return {topic.id for topic in event.topics}


class QueryParams:
    """The parameters of a query string."""

    def __init__(self, params: Params) -> None:
        self._params = params

    def get_all(self, name: str) -> list[str]:
        """Return the values of a parameter."""
        return [value for key, value in self._params if key == name]

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a parameter."""
        return next(iter(self.get_all(name)), default)

    @property
    def has_window(self) -> bool:
        """Whether there is a date range."""
        return any(self.get_all(name) for name in ("from", "to", "date"))

    def window(self) -> tuple[date, date]:
        """Return the first and the last day of the date range."""
        if self.get("date"):
            when = EventDate.parse(self.get("date"))
            return when.earliest, when.latest
        first = EventDate.parse(self.get("from", "0001")).earliest
        return first, EventDate.parse(self.get("to", "9999")).latest


def sort_key(event: EventEntry) -> tuple[date, date, date, str]:
    """Return the key that events are sorted by."""
    when = event.date
    return when.sort_day, when.earliest, when.latest, event.id


def is_in_window(event: EventEntry, window: tuple[date, date], *, within: bool) -> bool:
    """Return whether an event possibly overlaps a window or, for `within`, certainly lies in it."""
    when = event.date
    first, last = window
    if within:
        return first <= when.earliest and when.latest <= last and not re.search("[?~%]", when.edtf)
    return when.earliest <= last and when.latest >= first


def cited_sources(event: EventEntry) -> set[str]:
    """Return the ids of the sources of an event."""
    return {citation.source for citation in event.citations}


def fold(text: str) -> str:
    """Remove case, combining marks and curly apostrophes, character by character."""
    text = text.casefold().replace("’", "'").replace("ł", "l")
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).strip()


def words(text: str) -> list[str]:
    """Return the folded words of a text."""
    return re.findall(r"[^\W_]+", fold(text))


class Term(NamedTuple):
    """Words that must occur together, of which the last may be a prefix."""

    words: list[str]
    is_prefix: bool


def terms(query: str) -> list[Term]:
    """Parse words and "quoted phrases" into terms."""
    return [
        Term(words(phrase or word), not phrase and len(words(word)[-1]) > 1)
        for phrase, word in re.findall(r'"([^"]*)"|(\S+)', query)
    ]


def contains(text: list[str], term: Term) -> bool:
    """Return whether the words of a term are consecutive words of a text."""
    *first, last = term.words
    return any(
        text[at - len(first) : at] == first
        and (word.startswith(last) if term.is_prefix else word == last)
        for at, word in enumerate(text)
        if at >= len(first)
    )
