"""What is wrong between records: within a file, across files and with what is stored."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from rapidfuzz import process

from app.dossier import (
    ActorEntry,
    Dossier,
    DossierError,
    EventEntry,
    SourceEntry,
    TimelineEntry,
)
from app.errors import shown

Record = TypeVar("Record", ActorEntry, SourceEntry, EventEntry, TimelineEntry)


class Records(NamedTuple):
    """The records of all files, by id."""

    timelines: dict[str, TimelineEntry]
    sources: dict[str, SourceEntry]
    actors: dict[str, ActorEntry]
    events: dict[str, EventEntry]
    members: set[tuple[str, str]]
    """Event and timeline, for each event that a timeline tells of."""


def merge(
    dossiers: Mapping[Path, Dossier],
    stored_parents: Mapping[str, str | None],
    stored_sources: Collection[str],
) -> Records:
    """Merge files that may name each other's records, and records that are stored already.

    `stored_parents` has every actor that is stored, with its parent.

    Raises DossierError with every contradiction and every name that stands for nothing.
    """
    files = dossiers.items()
    problems: list[str] = []
    records = Records(
        _by_id("timeline", ((path, file.timeline) for path, file in files), problems),
        _by_id("source", ((path, one) for path, file in files for one in file.sources), problems),
        _by_id("actor", ((path, one) for path, file in files for one in file.actors), problems),
        _by_id("event", ((path, one) for path, file in files for one in file.events), problems),
        {(event.id, file.timeline.id) for file in dossiers.values() for event in file.events},
    )
    problems += _dangling("actor", _named_actors(records), {*records.actors, *stored_parents})
    problems += _dangling("source", _named_sources(records), {*records.sources, *stored_sources})
    problems += _repeated_roles(records.events)
    problems += _repeated_aliases(records.actors)
    problems += _circular_parents(records.actors, stored_parents)
    if problems:
        raise DossierError(problems)
    return records


def _by_id(
    kind: str, entries: Iterable[tuple[Path, Record]], problems: list[str]
) -> dict[str, Record]:
    first: dict[str, tuple[Path, Record]] = {}
    for path, entry in entries:
        where, known = first.setdefault(entry.id, (path, entry))
        if known is not entry and where == path:
            problems.append(f"{path}: the {kind} {entry.id!r} is written twice; remove one")
        elif known != entry:
            problems.append(f"{path}: the {kind} {entry.id!r} contradicts {where}; write it alike")
    return {id_: entry for id_, (_, entry) in first.items()}


def _named_actors(records: Records) -> Iterator[tuple[str, str]]:
    for actor in records.actors.values():
        if actor.parent:
            yield f"the parent of actor {actor.id!r}", actor.parent
    for source in records.sources.values():
        yield f"the publisher of source {source.id!r}", source.publisher
    for event in records.events.values():
        for participant in event.participants:
            yield f"a participant of event {event.id!r}", participant.actor


def _named_sources(records: Records) -> Iterator[tuple[str, str]]:
    for event in records.events.values():
        for citation in event.citations:
            yield f"a citation of event {event.id!r}", citation.source


def _dangling(kind: str, named: Iterable[tuple[str, str]], known: Collection[str]) -> Iterator[str]:
    for place, id_ in named:
        if id_ not in known:
            nearest = [match for match, *_ in process.extract(id_, known, limit=1)]
            cure = f"the nearest is {nearest[0]!r}" if nearest else "write it first"
            yield f"{place}: there is no {kind} {shown(id_)}; {cure}"


def _repeated_roles(events: Mapping[str, EventEntry]) -> Iterator[str]:
    for event in events.values():
        parts = [(participant.actor, participant.role) for participant in event.participants]
        for actor, role in {part for part in parts if parts.count(part) > 1}:
            yield f"event {event.id!r}: {actor!r} takes part twice as {role}; remove one"


def _repeated_aliases(actors: Mapping[str, ActorEntry]) -> Iterator[str]:
    for actor in actors.values():
        names = [alias.name for alias in actor.aliases]
        for name in {name for name in names if names.count(name) > 1}:
            yield f"actor {actor.id!r}: the alias {name!r} is written twice; remove one"


def _circular_parents(
    actors: Mapping[str, ActorEntry], stored: Mapping[str, str | None]
) -> Iterator[str]:
    parents = {**stored, **{actor.id: actor.parent for actor in actors.values()}}
    for id_ in actors:
        ancestors: set[str] = set()
        parent = parents[id_]
        while parent and parent not in ancestors:
            ancestors.add(parent)
            parent = parents.get(parent)
        if id_ in ancestors:
            yield f"actor {id_!r} is its own ancestor; remove a parent on the way"
