"""What can be loaded, but is likely to be a mistake: the warnings."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    select,
)

from app.db import tables
from app.db.expressions import in_values
from app.db.sqlite.bulk import insert_rows, temporary_table
from app.domain.text import casefold_text, quote
from app.dossiers.diagnostics import Diagnostic, Diagnostics
from app.dossiers.parsing import KeyPath
from app.dossiers.reader import DossierFile, ParsedRecord
from app.dossiers.references import location_text, seen_records
from app.schemas.entries import ActorEntry, EventEntry
from app.store.orphans import ORPHAN_CONDITIONS

_seen_quotes = temporary_table(
    "quoted",
    Column("digest", Integer, primary_key=True),
    Column("file", Integer),
    Column("line", Integer),
)


class Linter:
    """Looks for likely mistakes in the records of one load."""

    def __init__(
        self, connection: Connection, files: Sequence[DossierFile], findings: Diagnostics
    ) -> None:
        self._connection = connection
        self._files = files
        self._findings = findings
        _seen_quotes.create(connection)

    def check_actors(self, batch: Sequence[ParsedRecord[ActorEntry]]) -> None:
        """Warn of names that belong to two actors; before the batch is saved."""
        names = [
            (one, name, loc, casefold_text(name))
            for one in batch
            for name, loc in _names(one.record)
        ]
        owners = self._owners({key for *_, key in names}, {one.id for one in batch})
        for one, name, loc, key in names:
            owner = owners.setdefault(key, one.id)
            if owner != one.id:
                warning = (
                    f"{quote(name)} is also a name of {quote(owner)}; to ask for one, give its id"
                )
                self._findings.add_warning(one.location.diagnostic(warning, *loc))

    def _owners(self, keys: set[str], but: set[str]) -> dict[str, str]:
        """Give an actor that is stored for each of the names that one has."""
        owned = (
            select(tables.actor_alias.c.key, tables.actor.c.slug)
            .join(tables.actor, tables.actor.c.id == tables.actor_alias.c.actor_id)
            .where(in_values(tables.actor_alias.c.key, keys)),
            select(tables.actor.c.key, tables.actor.c.slug).where(
                in_values(tables.actor.c.key, keys)
            ),
        )
        rows = [row for query in owned for row in self._connection.execute(query)]
        return {key: slug for key, slug in rows if slug not in but}

    def check_events(self, batch: Sequence[ParsedRecord[EventEntry]]) -> None:
        """Warn of doubtful events; once the sources that they cite are saved."""
        cited = {citation.source for one in batch for citation in one.record.citations}
        days = select(tables.source.c.slug, tables.source.c.published).where(
            in_values(tables.source.c.slug, cited)
        )
        published = {row.slug: row.published for row in self._connection.execute(days)}
        for one in batch:
            for warning, loc in (*_event_warnings(one.record, published), *_truncated_texts(one)):
                self._findings.add_warning(one.location.diagnostic(warning, *loc))
        self._check_quotes(batch)

    def _check_quotes(self, batch: Sequence[ParsedRecord[EventEntry]]) -> None:
        cited = [
            (_digest(citation.source, citation.quote), one.location, at)
            for one in batch
            for at, citation in enumerate(one.record.citations)
        ]
        found = select(_seen_quotes).where(
            in_values(_seen_quotes.c.digest, {digest for digest, *_ in cited})
        )
        before = {row.digest: (row.file, row.line) for row in self._connection.execute(found)}
        rows = []
        for digest, place, at in cited:
            loc = ("citations", at, "quote")
            if digest in before:
                file, line = before[digest]
                where = location_text(file, line, place.file, self._files)
                self._findings.add_warning(
                    place.diagnostic(f"it is cited already on {where}", *loc)
                )
            else:
                line = place.line_at((*place.loc, *loc))
                before[digest] = place.file, line
                rows.append({"digest": digest, "file": place.file, "line": line})
        insert_rows(self._connection, _seen_quotes, rows)

    def check_shared_changes(
        self, changed: Mapping[int, ParsedRecord[EventEntry]], timelines: Collection[int]
    ) -> None:
        """Warn of stored events that change in a timeline too that is not one of those loaded."""
        stands = select(
            tables.event_timeline.c.event_id, tables.timeline.c.id, tables.timeline.c.slug
        ).join(tables.timeline, tables.timeline.c.id == tables.event_timeline.c.timeline_id)
        found = stands.where(in_values(tables.event_timeline.c.event_id, changed))
        for event, timeline, slug in self._connection.execute(found):
            if timeline not in timelines:
                warning = (
                    f"it changes in the timeline {quote(slug)} too; "
                    "if it is another event, give it another id"
                )
                self._findings.add_warning(changed[event].location.diagnostic(warning))

    def check_orphans(self) -> None:
        """Warn of actors that nobody names and sources that nothing cites, once all is saved."""
        for kind, (table, unnamed) in ORPHAN_CONDITIONS.items():
            warning = "no event cites it" if table is tables.source else "nothing names it"
            found = select(seen_records).join(table, table.c.slug == seen_records.c.id)
            for row in self._connection.execute(found.where(seen_records.c.kind == kind, unnamed)):
                told = f"the {kind} {quote(row.id)}: {warning}"
                path = self._files[row.file].path
                self._findings.add_warning(Diagnostic(row.file, row.line, path, "", told))


def _names(actor: ActorEntry) -> Iterator[tuple[str, KeyPath]]:
    yield actor.name, ("name",)
    for at, alias in enumerate(actor.aliases):
        yield alias.name, ("aliases", at)


def _event_warnings(
    event: EventEntry, published: Mapping[str, date | None]
) -> Iterator[tuple[str, KeyPath]]:
    days = [published[citation.source] for citation in event.citations]
    known = [day for day in days if day]
    if len(known) == len(days) and event.date.earliest > max(known):
        told = f"it is after every source that reports it, the last of them of {max(known)}"
        yield f"{told}; correct it, or cite a later one", ("date",)
    denied = any(citation.stance == "denies" for citation in event.citations)
    if event.status == "disputed" and not denied:
        cure = "write `stance: denies` at the one that does"
        yield f"it is disputed, but no citation denies it; {cure}", ("status",)
    if denied and event.status != "disputed":
        yield f"it is {event.status}, but a citation denies it; write `disputed`", ("status",)


def _truncated_texts(one: ParsedRecord[EventEntry]) -> Iterator[tuple[str, KeyPath]]:
    quotes: list[KeyPath] = [("citations", at, "quote") for at in range(len(one.record.citations))]
    for loc in (("title",), ("summary",), ("date_text",), *quotes):
        if one.location.may_be_truncated((*one.location.loc, *loc)):
            yield (
                "it ends before ` #`; put it in quotes if it goes on, or the comment elsewhere",
                loc,
            )


def _digest(*texts: str) -> int:
    digest = blake2b("\n".join(texts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
