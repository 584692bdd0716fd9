"""Warnings: records that can be loaded, but are likely to be mistakes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from itertools import chain

from sqlalchemy import BigInteger, Column, Connection, Integer, select

from app.db import tables
from app.db.bulk import LOAD_BATCH, insert_rows, temporary_table
from app.db.dialects import Unindexed
from app.db.expressions import in_values
from app.domain.analyzer import casefold_text
from app.domain.text import quote
from app.dossiers.diagnostics import Diagnostics, Location
from app.dossiers.parsing import KeyPath
from app.dossiers.reader import ParsedRecord
from app.dossiers.seen_records import SeenRecords
from app.schemas.entries import ActorEntry, EventEntry
from app.store.orphans import ORPHAN_CONDITIONS
from app.store.upsert import UpsertResult, last_id

_alias, _actor = tables.actor_alias.c, tables.actor.c
_event, _source = tables.event.c, tables.source.c

# A temporary table, so that memory stays bounded however many events and quotes there are.
_seen_text = temporary_table(
    "seen_text",
    Column("digest", BigInteger, primary_key=True),
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
        _seen_text.create(connection)
        self._last_older_event = last_id(connection, tables.event)

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
                _event_warnings(entry.record, published),
                _truncated_texts(entry),
                _quoted_texts(entry.record),
            ):
                self._warn(entry.location, warning, *loc)
        self._check_repetitions(batch)
        locations = {stored.ids[entry.id]: entry.location for entry in batch}
        changed = {event: locations[event] for event in stored.changed}
        self._check_shared_changes(changed, timelines)

    def _check_repetitions(self, batch: Sequence[ParsedRecord[EventEntry]]) -> None:
        """Warn of a quote that is cited twice, and of an event with the title and date of another.

        Each event must be checked once, and not again for another dossier that contains it.
        """
        texts = [text for entry in batch for text in _identifying_texts(entry)]
        seen = self._seen_texts([digest for digest, *_ in texts])
        rows = []
        for digest, location, loc, repetition in texts:
            if digest in seen:
                file, line = seen[digest]
                where = self._seen.location_text(file, line, location.file)
                self._warn(location, repetition.format(where), *loc)
            else:
                line = location.line_at((*location.loc, *loc))
                seen[digest] = location.file, line
                rows.append({"digest": digest, "file": location.file, "line": line})
        insert_rows(self._connection, _seen_text, rows)

    def _seen_texts(self, digests: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Return the file and the line of each text that has been seen, by its digest."""
        rows = select(_seen_text).where(in_values(_seen_text.c.digest, {*digests}))
        return {row.digest: (row.file, row.line) for row in self._connection.execute(rows)}

    def check_changed_ids(self) -> None:
        """Warn of new events with the title and date of a stored one that is not in the files.

        Call it after all events are loaded or removed.
        """
        # Only events on the days of new ones are read. `Unindexed`, because otherwise SQLite may
        # read all older events instead of those in the index of dates.
        is_older = Unindexed(_event.id) <= self._last_older_event
        days = select(_event.date_key).where(_event.id > self._last_older_event)
        others = select(_event.slug, _event.title, _event.edtf).where(
            _event.date_key.in_(days), is_older, ~self._seen.is_defined("event", _event.slug)
        )
        # Without any older event, as in a first load, even the index need not be read.
        found = self._connection.execute(others if self._last_older_event else others.limit(0))
        for rows in found.partitions(LOAD_BATCH):
            slugs = {_event_digest(title, edtf): slug for slug, title, edtf in rows}
            for digest, (file, line) in self._seen_texts(slugs).items():
                self._warn(
                    self._seen.location(file, line),
                    f"The stored event {quote(slugs[digest])} has the same title and date. If it "
                    "is the same event, keep its id, or remove it from its file, and load that "
                    "with --prune.",
                )

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


# Each quotation mark that can begin a quote, with those that can end it.
_CLOSING_MARKS = {
    **{mark: mark for mark in "\"'”’"},
    **dict(zip("“‘«»‹›「『", "”’»«›‹」』", strict=True)),
    "„": "“”",
    "‚": "‘’",
}


def _quoted_texts(event: EventEntry) -> Iterator[tuple[str, KeyPath]]:
    """Yield warnings of the texts around which pages put quotation marks."""
    texts: list[tuple[str | None, KeyPath]] = [(event.date_text, ("date_text",))]
    texts += [
        (citation.quote, ("citations", at, "quote")) for at, citation in enumerate(event.citations)
    ]
    for text, loc in texts:
        if text and _is_quoted(text):
            yield "The text is in quotation marks. Remove them, because pages add their own.", loc


def _is_quoted(text: str) -> bool:
    """Return whether the first character is a quotation mark that the last one closes.

    In `“Yes” or “no”`, another one closes it.
    """
    opening, closing = text[0], _CLOSING_MARKS.get(text[0], "")
    if len(text) < 2 or text[-1] not in closing:
        return False
    depth = 1
    for before, mark, after in zip(text[:-2], text[1:-1], text[2:], strict=True):
        if before.isalpha() and mark in "'’" and after.isalpha():
            continue  # an apostrophe
        depth += (mark == opening and mark not in closing) - (mark in closing)
        if depth < 1:
            return False
    return depth == 1


def _identifying_texts(
    entry: ParsedRecord[EventEntry],
) -> Iterator[tuple[int, Location, KeyPath, str]]:
    """Yield digests of texts that should not occur twice, each with its place and a warning."""
    event, location = entry.record, entry.location
    repetition = "The event on {} has the same title and date. If it is the same, remove one."
    yield _event_digest(event.title, event.date.edtf), location, ("title",), repetition
    for at, citation in enumerate(event.citations):
        repetition = "The quote is already cited on {}."
        digest = _digest(citation.source, citation.quote)
        yield digest, location, ("citations", at, "quote"), repetition


def _event_digest(title: str, edtf: str) -> int:
    # A source has an id, which contains no space, so that no quote has the same digest.
    return _digest("event with", title, edtf)


def _digest(*texts: str) -> int:
    # Eight bytes, so that it fits SQLite's integers.
    digest = blake2b("\n".join(texts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
