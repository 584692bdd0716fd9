"""`updated_at` and `sequence`, which change exactly when the public JSON of an event changes."""

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from app.db import fulltext, tables
from app.db.database import Database
from app.db.records import EVENT
from app.db.revision import revision_of
from app.db.size_limit import MAX_SIZE
from app.store.search_index import update_documents
from tests.support.corpus import LOADED_AT
from tests.support.databases import load_into
from tests.support.random_dossiers import make_variants
from tests.support.requirements import repetitions

Stamp = tuple[str, int]


def test_stamps_move_exactly_when_the_json_changes(database: Database, tmp_path: Path) -> None:
    random = Random(18)
    before: dict[str, tuple[Any, Stamp]] = {}
    moved = kept = 0
    for _ in range(repetitions(30, 2_000)):
        files = _write(tmp_path, make_variants(random))
        # Sometimes the clock was set back, or several loads are in one second.
        now = LOADED_AT + timedelta(seconds=random.choice([-100_000, 0, 0, 1, 100_000]))
        prune = random.random() < 0.4
        revision = _revision(database)
        load_into(database, *files, now=now, prune=prune)
        after = _read_events(database)
        for id_, (event, stamp) in after.items():
            if id_ not in before:
                assert stamp == (event["created_at"], 0)
                continue
            old_event, old_stamp = before[id_]
            if event == old_event:
                assert stamp == old_stamp
                kept += 1
            else:
                assert stamp[0] > old_stamp[0]
                assert stamp[1] == old_stamp[1] + 1
                moved += 1
        if after != before:
            assert _revision(database) > revision
        # Loading the same again changes nothing.
        revision = _revision(database)
        report = load_into(database, *files, now=now + timedelta(days=1))
        assert not any(map(any, report.counts.values()))
        assert _read_events(database) == after
        assert _revision(database) == revision
        before = after
    assert min(moved, kept) > 20


def _write(folder: Path, dossiers: list[dict[str, object]]) -> list[Path]:
    files = [folder / f"{number}.json" for number in range(len(dossiers))]
    for file, dossier in zip(files, dossiers, strict=True):
        file.write_text(json.dumps(dossier), "utf-8")
    return files


def _read_events(database: Database) -> dict[str, tuple[Any, Stamp]]:
    """Return each event as published, without its stamp, and its stamp.

    Check that what is stored of the events is what is built from their rows.
    """
    record, index = tables.event_record.c, fulltext.SEARCH_INDEX
    with database.write() as connection:
        stored = dict(connection.execute(select(record.event_id, record.content)).all())
        assert stored == dict(connection.execute(select(tables.event.c.id, EVENT)).all())
        documents = {*connection.execute(select(index.c.rowid, index.c.content))}
        update_documents(connection, stored, MAX_SIZE)
        assert documents == {*connection.execute(select(index.c.rowid, index.c.content))}
        connection.rollback()
    events = {}
    for text in stored.values():
        event = json.loads(text)
        events[event["id"]] = event, (event.pop("updated_at"), event.pop("sequence"))
    return events


def _revision(database: Database) -> int:
    with database.read() as connection:
        return revision_of(connection)
