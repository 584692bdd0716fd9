"""What the filters mean, said slowly and plainly: every event is looked at, every time."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from app.domain.edtf import EventDate
from app.dossiers.document import Dossier
from app.schemas.entries import EventEntry

Params = Sequence[tuple[str, str]]


class Reference:
    """Answers queries from the dossiers themselves."""

    def __init__(self, dossiers: Iterable[Dossier]) -> None:
        dossiers = list(dossiers)
        self.actors = {actor.id: actor for dossier in dossiers for actor in dossier.actors}
        self.events = {event.id: event for dossier in dossiers for event in dossier.events}
        self.sources = {source.id: source for dossier in dossiers for source in dossier.sources}
        self.timelines = {dossier.timeline.id: dossier.timeline for dossier in dossiers}
        self.members = {
            (event.id, dossier.timeline.id) for dossier in dossiers for event in dossier.events
        }

    def select(self, params: Params) -> list[EventEntry]:
        """List the events that match, in order."""
        given = Given(params)
        found = [event for event in self.events.values() if self._matches(event, given)]
        found.sort(key=place, reverse=given.one("order", "asc") == "desc")
        return found

    def _matches(self, event: EventEntry, given: "Given") -> bool:
        return (
            self._takes_part(event, given)
            and not self._excluded(event, given)
            and (
                not given.is_windowed
                or fits(event, given.window(), within=given.one("date_match") == "within")
            )
            and (not given.all("kind") or event.kind in given.all("kind"))
            and (not given.all("status") or event.status in given.all("status"))
            and (not given.all("topic") or bool({*event.topics} & {*given.all("topic")}))
            and (not given.all("source") or bool(cited(event) & {*given.all("source")}))
            and (not given.one("timeline") or (event.id, given.one("timeline")) in self.members)
            and len(cited(event)) >= int(given.one("min_sources", "0"))
            and all(self._says(event, term) for term in terms(given.one("q")))
        )

    def _takes_part(self, event: EventEntry, given: "Given") -> bool:
        roles = given.all("role")
        parts = [part for part in event.participants if not roles or part.role in roles]
        if not given.all("actor"):
            return bool(parts) or not roles
        present = {part.actor for part in parts}
        wanted = []
        for name in given.all("actor"):
            actor = self._actor(name)
            wanted.append(self._tree(actor) if given.one("actor_scope") == "tree" else {actor})
        combine = all if given.one("actor_match") == "all" else any
        return combine(bool(actors & present) for actors in wanted)

    def _excluded(self, event: EventEntry, given: "Given") -> bool:
        excluded = {self._actor(name) for name in given.all("exclude_actor")}
        return bool(excluded & {part.actor for part in event.participants})

    def _actor(self, name: str) -> str:
        by_id = [id_ for id_ in self.actors if id_ == plain(name)]
        by_name = [id_ for id_, actor in self.actors.items() if plain(actor.name) == plain(name)]
        by_alias = [
            id_
            for id_, actor in self.actors.items()
            if any(plain(alias.name) == plain(name) for alias in actor.aliases)
        ]
        (found,) = by_id or by_name or by_alias
        return found

    def _tree(self, root: str) -> set[str]:
        tree = {root}
        for actor in self.actors.values():
            if actor.parent == root:
                tree |= self._tree(actor.id)
        return tree

    def _says(self, event: EventEntry, term: list[str]) -> bool:
        texts = [event.title, event.summary, event.place]
        texts += [citation.quote for citation in event.citations]
        for part in event.participants:
            actor = self.actors[part.actor]
            texts += [actor.name, *(alias.name for alias in actor.aliases)]
        return any(holds(words(text), term) for text in texts if text)

    def facet(self, name: str, events: Iterable[EventEntry]) -> list[tuple[str, int]]:
        """Count events by value, most first."""
        counts: Counter[str] = Counter()
        for event in events:
            counts.update(self._values(name, event))
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def _values(self, name: str, event: EventEntry) -> set[str]:
        values: dict[str, set[str]] = {
            "actor": {part.actor for part in event.participants},
            "kind": {event.kind},
            "status": {event.status},
            "topic": {*event.topics},
            "timeline": {timeline for id_, timeline in self.members if id_ == event.id},
            "source": cited(event),
        }
        return values[name]


class Given:
    """The parameters of a query string."""

    def __init__(self, params: Params) -> None:
        self._params = params

    def all(self, name: str) -> list[str]:
        """List what a parameter was given."""
        return [value for given, value in self._params if given == name]

    def one(self, name: str, default: str = "") -> str:
        """Give the one value of a parameter."""
        return next(iter(self.all(name)), default)

    @property
    def is_windowed(self) -> bool:
        """Whether only some days match."""
        return any(self.all(name) for name in ("from", "to", "date"))

    def window(self) -> tuple[date, date]:
        """Read the window."""
        if self.one("date"):
            when = EventDate.parse(self.one("date"))
            return when.earliest, when.latest
        first = EventDate.parse(self.one("from", "0001")).earliest
        return first, EventDate.parse(self.one("to", "9999")).latest


def place(event: EventEntry) -> tuple[date, date, date, str]:
    """Say where an event stands in the order."""
    when = event.date
    return when.sort_day, when.earliest, when.latest, event.id


def fits(event: EventEntry, window: tuple[date, date], *, within: bool) -> bool:
    """Tell whether an event could touch a window, or lies certainly and wholly within it."""
    when = event.date
    first, last = window
    if within:
        return first <= when.earliest and when.latest <= last and not re.search("[?~%]", when.edtf)
    return when.earliest <= last and when.latest >= first


def cited(event: EventEntry) -> set[str]:
    """List the sources of an event."""
    return {citation.source for citation in event.citations}


def plain(text: str) -> str:
    """Take away case, marks and curls, character by character."""
    text = text.casefold().replace("’", "'").replace("ł", "l")
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).strip()


def words(text: str) -> list[str]:
    """List the plain words of a text."""
    return re.findall(r"[^\W_]+", plain(text))


def terms(query: str) -> list[list[str]]:
    """Read words and "quoted phrases"."""
    return [words(phrase or word) for phrase, word in re.findall(r'"([^"]*)"|(\S+)', query)]


def holds(text: list[str], term: list[str]) -> bool:
    """Tell whether the words of a term stand together in a text."""
    return any(text[at : at + len(term)] == term for at in range(len(text)))
