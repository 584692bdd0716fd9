"""Warnings: records that can be loaded, but are likely to be mistakes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from itertools import chain

from sqlalchemy import Column, Connection, Integer, select

from app.db import tables
from app.db.expressions import in_values
from app.db.sqlite.bulk import insert_rows, temporary_table
from app.domain.text import casefold_text, quote
from app.dossiers.diagnostics import Diagnostics, Location
from app.dossiers.parsing import KeyPath
from app.dossiers.reader import ParsedRecord
from app.dossiers.seen_records import SeenRecords
from app.schemas.entries import ActorEntry, EventEntry
from app.store.orphans import ORPHAN_CONDITIONS
from app.store.upsert import UpsertResult

_alias, _actor, _source = tables.actor_alias.c, tables.actor.c, tables.source.c

# A temporary table, so that memory stays bounded however many quotes there are.
_seen_quote = temporary_table(
    "seen_quote",
    Column("digest", Integer, primary_key=True),
    Column("file", Integer),
    Column("line", Integer),
)


class Linter:
    """Finds likely mistakes in the records of one load.

    The checks compare records with the tables, so each takes what the upsert of its records
    returned: it runs after they are stored. Sources must be stored before events are checked.
    """

    def __init__(self, connection: Connection, seen: SeenRecords, diagnostics: Diagnostics) -> None:
        self._connection = connection
        self._seen = seen
        self._warn = diagnostics.add_warning
        _seen_quote.create(connection)

    def check_actors(self, batch: Sequence[ParsedRecord[ActorEntry]], stored: UpsertResult) -> None:
        """Warn of names that belong to two actors: a query must then use the id."""
        names = [
            (entry, name, loc, casefold_text(name))
            for entry in batch
            for name, loc in _names(entry.record)
        ]
        owners = self._other_owners({key for *_, key in names}, stored.ids)
        for entry, name, loc, key in names:
            owner = owners.setdefault(key, entry.id)
            if owner != entry.id:
                problem = f"{quote(name)} is also a name of {quote(owner)}."
                fix = "To search for one of them, use its id."
                self._warn(entry.location, f"{problem} {fix}", *loc)

    def _other_owners(self, keys: set[str], ids: Collection[str]) -> dict[str, str]:
        """Return an actor for each of the names that actors with other ids have."""
        owners = (
            select(_alias.key, _actor.slug)
            .join(tables.actor, _actor.id == _alias.actor_id)
            .where(in_values(_alias.key, keys)),
            select(_actor.key, _actor.slug).where(in_values(_actor.key, keys)),
        )
        rows = [row for query in owners for row in self._connection.execute(query)]
        return {key: slug for key, slug in rows if slug not in ids}

    def check_events(
        self,
        batch: Sequence[ParsedRecord[EventEntry]],
        stored: UpsertResult,
        timelines: Collection[int],
    ) -> None:
        """Warn of contradictions in events, repeated quotes, and changes in other timelines.

        `timelines` contains the ids of all timelines of the load.
        """
        cited = {citation.source for entry in batch for citation in entry.record.citations}
        days = select(_source.slug, _source.published).where(in_values(_source.slug, cited))
        published = {row.slug: row.published for row in self._connection.execute(days)}
        for entry in batch:
            for warning, loc in chain(
                _event_warnings(entry.record, published), _truncated_texts(entry)
            ):
                self._warn(entry.location, warning, *loc)
        self._check_quotes(batch)
        locations = {stored.ids[entry.id]: entry.location for entry in batch}
        changed = {event: locations[event] for event in stored.changed}
        self._check_shared_changes(changed, timelines)

    def _check_quotes(self, batch: Sequence[ParsedRecord[EventEntry]]) -> None:
        quotes = [
            (_digest(citation.source, citation.quote), entry.location, at)
            for entry in batch
            for at, citation in enumerate(entry.record.citations)
        ]
        earlier = select(_seen_quote).where(
            in_values(_seen_quote.c.digest, {digest for digest, *_ in quotes})
        )
        seen = {row.digest: (row.file, row.line) for row in self._connection.execute(earlier)}
        rows = []
        for digest, location, at in quotes:
            loc = ("citations", at, "quote")
            if digest in seen:
                file, line = seen[digest]
                where = self._seen.location_text(file, line, location.file)
                self._warn(location, f"The quote is already cited on {where}.", *loc)
            else:
                line = location.line_at((*location.loc, *loc))
                seen[digest] = location.file, line
                rows.append({"digest": digest, "file": location.file, "line": line})
        insert_rows(self._connection, _seen_quote, rows)

    def _check_shared_changes(
        self, changed: Mapping[int, Location], timelines: Collection[int]
    ) -> None:
        # All timelines share one space of ids: `arrest` in two affairs is the same event. Loading
        # one of them would otherwise change the other unnoticed.
        timeline = tables.timeline.c
        member = tables.event_timeline.c
        rows = select(member.event_id, timeline.slug).join(
            tables.timeline, timeline.id == member.timeline_id
        )
        elsewhere = in_values(member.event_id, changed), ~in_values(timeline.id, timelines)
        for event, slug in self._connection.execute(rows.where(*elsewhere)):
            problem = f"The event also changes in the timeline {quote(slug)}."
            self._warn(changed[event], f"{problem} If it is a different event, use another id.")

    def check_orphans(self) -> None:
        """Warn of actors and sources that no record refers to. Call it last in a load."""
        for kind in ORPHAN_CONDITIONS:
            subject = "event cites" if kind == "source" else "record refers to"
            for id_, location in self._seen.orphans(kind):
                self._warn(location, f"No {subject} the {kind} {quote(id_)}.")


def _names(actor: ActorEntry) -> Iterator[tuple[str, KeyPath]]:
    yield actor.name, ("name",)
    for at, alias in enumerate(actor.aliases):
        yield alias.name, ("aliases", at)


def _event_warnings(
    event: EventEntry, published: Mapping[str, date | None]
) -> Iterator[tuple[str, KeyPath]]:
    days = [published[citation.source] for citation in event.citations]
    known = [day for day in days if day]
    # A source without a day may be later than the event.
    if len(known) == len(days) and event.date.earliest > max(known):
        problem = "The event is after every source that reports it."
        last = f"The last source is of {max(known)}."
        yield f"{problem} {last} Correct the date, or cite a later source.", ("date",)
    denied = any(citation.stance == "denies" for citation in event.citations)
    if event.status == "disputed" and not denied:
        fix = "Write `stance: denies` in the one that does."
        yield f"The event is disputed, but no citation denies it. {fix}", ("status",)
    if denied and event.status != "disputed":
        problem = f"The event is {event.status}, but a citation denies it."
        yield f"{problem} Write `disputed`.", ("status",)


def _truncated_texts(entry: ParsedRecord[EventEntry]) -> Iterator[tuple[str, KeyPath]]:
    # Quotes are verbatim, but YAML drops the rest of an unquoted text after ` #` without an error.
    quotes: list[KeyPath] = [
        ("citations", at, "quote") for at in range(len(entry.record.citations))
    ]
    for loc in (("title",), ("summary",), ("date_text",), *quotes):
        if entry.location.may_be_truncated((*entry.location.loc, *loc)):
            fix = "If it continues, put it in quotes. Otherwise move the comment."
            yield f"The text ends before ` #`. {fix}", loc


def _digest(*texts: str) -> int:
    # Eight bytes, so that it fits SQLite's integers.
    digest = blake2b("\n".join(texts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
