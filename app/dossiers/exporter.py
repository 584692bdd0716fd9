"""The database back into dossiers, which load to the same records."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from rapidfuzz import process
from sqlalchemy import ColumnElement, Connection, false, select, true

from app.db import tables
from app.db.expressions import Selection
from app.db.ordering import TIMELINE_ORDER, event_order
from app.db.records import ACTOR, EVENT, SOURCE, TIMELINE
from app.domain.text import quote
from app.dossiers.reader import LINES_SUFFIXES, YAML_SUFFIXES
from app.schemas.entries import CitationEntry

ExportFormat = Literal["yaml", "jsonl"]
JsonObject = Mapping[str, Any]
DossierItem = tuple[str, JsonObject]
"""The kind of a record, and the record as a dossier has it; a timeline begins a dossier."""
Condition = ColumnElement[bool]

EXPORT_BATCH = 500
"""So many records are in memory at a time."""


class ExportError(Exception):
    """It cannot be written what or how it is asked for; the message says why."""


def export_format(path: Path | None, asked: ExportFormat | None) -> ExportFormat:
    """Tell how a file is to be written: as it is read again, which is by the end of its name.

    Raises ExportError if it would be read otherwise.
    """
    formats: dict[str, ExportFormat] = dict.fromkeys(YAML_SUFFIXES, "yaml")
    formats |= dict.fromkeys(LINES_SUFFIXES, "jsonl")
    if path is None:
        return asked or "yaml"
    if path.is_dir():
        raise ExportError(f"{path}: it is a directory; name a file in it")
    named = formats.get(path.suffix.lower(), asked if path.exists() else None)
    if named is None or named != (asked or named):
        right = " or ".join(f".{one}" for one in ([asked] if asked else get_args(ExportFormat)))
        raise ExportError(f"{path}: name it {right}, as what it is to be written in")
    return named


def export(connection: Connection, timeline: str | None, format_: ExportFormat) -> Iterator[str]:
    """Write a timeline as a dossier that stands alone, piece by piece; None writes all of them.

    Then the first of the dossiers has all actors and sources, whether anything names them or not.
    Raises ExportError if there is no such timeline.
    """
    found = select(tables.timeline.c.slug, tables.timeline.c.id).order_by(*TIMELINE_ORDER.clauses())
    ids = {row.slug: row.id for row in connection.execute(found)}
    if not ids:
        raise ExportError("nothing has been loaded yet; `timeline load` does it")
    if timeline is None:
        dossiers = _everything(connection, ids.values())
    elif timeline in ids:
        dossiers = _single(connection, ids[timeline])
    else:
        nearest, *_ = process.extractOne(timeline, ids.keys())
        raise ExportError(f"there is no timeline {quote(timeline)}; the nearest is {nearest}")
    return _yaml(dossiers) if format_ == "yaml" else _json_lines(dossiers)


def _everything(connection: Connection, timelines: Iterable[int]) -> Iterator[DossierItem]:
    named: Condition = true()
    for timeline in timelines:
        yield from _dossier(connection, timeline, named, named)
        named = false()


def _single(connection: Connection, timeline: int) -> Iterator[DossierItem]:
    events = _events_of(timeline)
    sources = select(tables.citation.c.source_id).where(tables.citation.c.event_id.in_(events))
    participants = select(tables.participation.c.actor_id).where(
        tables.participation.c.event_id.in_(events)
    )
    publishers = select(tables.source.c.publisher_id).where(tables.source.c.id.in_(sources))
    (named,) = participants.union(publishers).subquery().c
    actors = select(named.label("id")).cte("actors", recursive=True)
    parents = select(tables.actor.c.parent_id).join(actors, actors.c.id == tables.actor.c.id)
    actors = actors.union(parents.where(tables.actor.c.parent_id.is_not(None)))
    return _dossier(
        connection,
        timeline,
        tables.source.c.id.in_(sources),
        tables.actor.c.id.in_(select(actors.c.id)),
    )


def _dossier(
    connection: Connection, timeline: int, sources: Condition, actors: Condition
) -> Iterator[DossierItem]:
    in_order = event_order("date").keys
    for kind, written, record, order in (
        ("timeline", _timeline, select(TIMELINE).where(tables.timeline.c.id == timeline), ()),
        ("source", _source, select(SOURCE).where(sources), [tables.source.c.slug]),
        ("actor", _actor, select(ACTOR).where(actors), [tables.actor.c.slug]),
        (
            "event",
            _event,
            select(EVENT).where(tables.event.c.id.in_(_events_of(timeline))),
            in_order,
        ),
    ):
        options = {"yield_per": EXPORT_BATCH}
        for row in connection.scalars(record.order_by(*order), execution_options=options):
            yield kind, written(json.loads(row))


def _events_of(timeline: int) -> Selection:
    return select(tables.event_timeline.c.event_id).where(
        tables.event_timeline.c.timeline_id == timeline
    )


def _timeline(record: JsonObject) -> JsonObject:
    return _only(record, "id", "title", "description", "language")


def _source(record: JsonObject) -> JsonObject:
    return {
        **_only(record, "id", "title"),
        "publisher": record["publisher"]["id"],
        **_only(record, "author", "published", "url", "archived_url", "language", "sha256", "note"),
    }


def _actor(record: JsonObject) -> JsonObject:
    parent = {"parent": record["parent"]["id"]} if "parent" in record else {}
    aliases = [alias["name"] if alias["kind"] == "alias" else alias for alias in record["aliases"]]
    return {
        **_only(record, "id", "name", "kind"),
        **parent,
        **({"aliases": aliases} if aliases else {}),
        **_only(record, "note"),
    }


def _event(record: JsonObject) -> JsonObject:
    date = record["date"]
    words = {"date_text": date.get("source_text"), "date_note": date.get("note")}
    lists = {
        "topics": record["topics"],
        "participants": [{**one, "actor": one["actor"]["id"]} for one in record["participants"]],
        "citations": [_citation(one) for one in record["citations"]],
    }
    return {
        **_only(record, "id", "title", "summary", "kind", "status"),
        "date": date["edtf"],
        **{key: value for key, value in words.items() if value},
        **_only(record, "place", "amount"),
        **{key: values for key, values in lists.items() if values},
    }


def _citation(record: JsonObject) -> JsonObject:
    told = {**record, "source": record["source"]["id"]}
    return {key: value for key, value in told.items() if _DEFAULTS.get(key) != value}


_DEFAULTS = {key: field.default for key, field in CitationEntry.model_fields.items()}


def _only(record: JsonObject, *keys: str) -> JsonObject:
    return {key: record[key] for key in keys if key in record}


def _json_lines(records: Iterable[DossierItem]) -> Iterator[str]:
    for kind, record in records:
        yield json.dumps({kind: record}, ensure_ascii=False) + "\n"


def _yaml(records: Iterable[DossierItem]) -> Iterator[str]:
    above = ""
    for kind, record in records:
        if kind == "timeline":
            yield "---\n" if above else ""
            yield _dumped({"timeline": record})
        else:
            yield f"\n{kind}s:\n" if kind != above else ""
            yield _dumped([record])
        above = kind


class _Dumper(yaml.CSafeDumper):
    """Writes nothing as a reference to what stands above, and texts of several lines as such."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    scalar: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", text, style)
    return scalar


_Dumper.add_representer(str, _text)


def _dumped(data: object) -> str:
    """Write YAML that any reader reads as the same texts: `'2021-11-03'` is in quotes."""
    written: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return written
