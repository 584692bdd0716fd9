"""Exporting the database as dossiers. Loading them results in the same records."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from sqlalchemy import Connection, false, select, true

from app.db import tables
from app.db.expressions import Condition, Selection
from app.db.ordering import SORTS
from app.db.records import ACTOR, EVENT, SOURCE, TIMELINE
from app.domain.topics import is_topic_id, topic_id
from app.dossiers.reader import LINES_SUFFIXES, YAML_SUFFIXES
from app.dossiers.timelines import find_timeline, timeline_ids
from app.schemas.entries import (
    ActorEntry,
    CitationEntry,
    Entry,
    EventEntry,
    SourceEntry,
    TimelineEntry,
)

ExportFormat = Literal["yaml", "jsonl"]
JsonObject = Mapping[str, Any]
DossierItem = tuple[str, JsonObject]
"""The kind of a record and its entry in a dossier. Each timeline begins a dossier."""

EXPORT_BATCH = 500
"""The number of records in memory at a time."""


class ExportError(Exception):
    """The requested export is not possible; the message says why."""


def export_format(path: Path | None, requested: ExportFormat | None) -> ExportFormat:
    """Return the format of an export: that of the suffix, by which the file is read again.

    Raise ExportError if the suffix does not fit the requested format.
    """
    formats: dict[str, ExportFormat] = dict.fromkeys(YAML_SUFFIXES, "yaml")
    formats |= dict.fromkeys(LINES_SUFFIXES, "jsonl")
    if path is None:
        return requested or "yaml"
    if path.is_dir():
        raise ExportError(f"{path}: It is a directory. Write to a file in it.")
    # An existing file without such a suffix can be a device such as /dev/stdout.
    format_ = formats.get(path.suffix.lower(), requested if path.exists() else None)
    if format_ is None or format_ != (requested or format_):
        fitting = [requested] if requested else get_args(ExportFormat)
        suffixes = " or ".join(f".{format_}" for format_ in fitting)
        raise ExportError(
            f"{path}: The suffix does not name the format. Write to a {suffixes} file."
        )
    return format_


def export(connection: Connection, timeline: str | None, format_: ExportFormat) -> Iterator[str]:
    """Export one timeline as a dossier that can be loaded on its own, or all timelines (None).

    Yield pieces of text. In an export of all timelines, the first dossier contains all actors and
    sources, also those that no record refers to.

    Raise ExportError if there is no timeline, and TimelineError if there is none with this id.
    """
    ids = timeline_ids(connection)
    if not ids:
        raise ExportError("The database is empty. Load a file with `timeline load`.")
    if timeline is None:
        dossiers = _everything(connection, ids.values())
    else:
        dossiers = _single(connection, find_timeline(connection, timeline))
    return _yaml(dossiers) if format_ == "yaml" else _json_lines(dossiers)


def _everything(connection: Connection, timelines: Iterable[int]) -> Iterator[DossierItem]:
    included: Condition = true()
    for timeline in timelines:
        yield from _dossier(connection, timeline, included, included)
        # Once is enough, since a load reads the actors and sources of all dossiers before the
        # events.
        included = false()


def _single(connection: Connection, timeline: int) -> Iterator[DossierItem]:
    events = _events_of(timeline)
    sources = select(tables.citation.c.source_id).where(tables.citation.c.event_id.in_(events))
    participants = select(tables.participation.c.actor_id).where(
        tables.participation.c.event_id.in_(events)
    )
    publishers = select(tables.source.c.publisher_id).where(tables.source.c.id.in_(sources))
    (referenced,) = participants.union(publishers).subquery().c
    # A dossier that can be loaded on its own also contains the ancestors of its actors.
    actors = select(referenced.label("id")).cte("actors", recursive=True)
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
    events = tables.event.c.id.in_(_events_of(timeline))
    for kind, to_entry, records, order in (
        ("timeline", _timeline, select(TIMELINE).where(tables.timeline.c.id == timeline), ()),
        ("source", _source, select(SOURCE).where(sources), [tables.source.c.slug]),
        ("actor", _actor, select(ACTOR).where(actors), [tables.actor.c.slug]),
        ("event", _event, select(EVENT).where(events), SORTS["date"]),
    ):
        options = {"yield_per": EXPORT_BATCH}
        for row in connection.scalars(records.order_by(*order), execution_options=options):
            yield kind, to_entry(json.loads(row))


def _events_of(timeline: int) -> Selection:
    return select(tables.event_timeline.c.event_id).where(
        tables.event_timeline.c.timeline_id == timeline
    )


def _timeline(record: JsonObject) -> JsonObject:
    return _entry(TimelineEntry, record)


def _source(record: JsonObject) -> JsonObject:
    return _entry(SourceEntry, record, publisher=record["publisher"]["id"])


def _actor(record: JsonObject) -> JsonObject:
    parent = record["parent"]["id"] if "parent" in record else None
    # A plain text is short for an alias of this kind.
    aliases = [alias["name"] if alias["kind"] == "alias" else alias for alias in record["aliases"]]
    return _entry(ActorEntry, record, parent=parent, aliases=aliases)


def _event(record: JsonObject) -> JsonObject:
    date = record["date"]
    return _entry(
        EventEntry,
        record,
        date=date["edtf"],
        date_text=date.get("source_text"),
        date_note=date.get("note"),
        topics=[_topic(**topic) for topic in record["topic_labels"]],
        participants=[{**part, "actor": part["actor"]["id"]} for part in record["participants"]],
        citations=[
            _entry(CitationEntry, citation, source=citation["source"]["id"])
            for citation in record["citations"]
        ],
    )


def _topic(id: str, label: str) -> object:  # noqa: A002 - the keys of a record
    """Return a topic in the shortest form that loads to the same id and label."""
    if label == id:
        return id
    # A text that could be an id is one, whatever it is the label of.
    is_text = topic_id(label) == id and not is_topic_id(label)
    return label if is_text else {"id": id, "label": label}


def _entry(model: type[Entry], record: JsonObject, **values: object) -> JsonObject:
    """Return the keys of an entry in their order, without those that have their default.

    `values` replaces what is different in the record: a dossier refers to a record by its id.
    """
    written = {**record, **values}
    return {
        key: written[key]
        for key, field in model.model_fields.items()
        if written.get(key, field.default) != field.default
    }


def _json_lines(records: Iterable[DossierItem]) -> Iterator[str]:
    for kind, record in records:
        yield json.dumps({kind: record}, ensure_ascii=False) + "\n"


def _yaml(records: Iterable[DossierItem]) -> Iterator[str]:
    previous = ""
    for kind, record in records:
        if kind == "timeline":
            yield "---\n" if previous else ""
            yield _dump({"timeline": record})
        else:
            yield f"\n{kind}s:\n" if kind != previous else ""
            yield _dump([record])
        previous = kind


class _Dumper(yaml.CSafeDumper):
    """Writes equal values in full instead of as YAML aliases."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    """Write a text of several lines as a block, which is easier to edit."""
    style = "|" if "\n" in text else None
    scalar: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", text, style)
    return scalar


_Dumper.add_representer(str, _represent_text)


def _dump(data: object) -> str:
    """Write YAML that every parser reads as the same texts: `'2021-11-03'` is quoted."""
    text: str = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text
