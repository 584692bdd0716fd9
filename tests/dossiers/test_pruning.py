"""Pruning: deleting records that files no longer contain."""

from pathlib import Path

from app.db.database import Database
from app.db.revision import revision_of
from app.dossiers.loader import ChangeCounts
from tests.support.corpus import FERRY, HARBOUR, LATER, edited
from tests.support.databases import load_into
from tests.support.server import serving
from tests.support.snapshot import read_tables


def _prune(database: Database, *files: Path) -> dict[str, ChangeCounts]:
    return load_into(database, *files, now=LATER, prune=True).counts


def test_missing_events_are_removed_from_the_timeline_of_the_file(
    database: Database, tmp_path: Path
) -> None:
    load_into(database, HARBOUR, FERRY)
    content = HARBOUR.read_text("utf-8")
    shorter = tmp_path / "harbour.yaml"
    # Without the rumours, and without an event that the ferry timeline contains too.
    shorter.write_text(content[: content.index("  - id: rumours")], "utf-8")
    assert load_into(database, shorter).counts["event"] == ChangeCounts()
    assert _prune(database, shorter)["event"] == ChangeCounts(removed=2)
    with serving(database) as client:
        assert client.get("/events/rumours").status_code == 404
        assert client.get("/events", params={"q": "שמועות"}).json()["total"]["value"] == 0
        shared = client.get("/events/quay-in-use").json()
        assert shared["timelines"] == ["ferry"]
        assert shared["updated_at"] == "2022-07-20T12:30:00Z"
        assert client.get("/events/bribe").json()["updated_at"] == "2022-07-19T12:30:00Z"
        assert client.get("/readyz").json()["revision"] == 2
    assert not any(map(any, _prune(database, shorter).values()))
    with database.read() as connection:
        assert revision_of(connection) == 2


def test_actor_that_becomes_an_orphan_is_deleted(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR, FERRY)
    edits = (
        ("  - id: ferry-line", "  - id: ferryline"),  # the id was wrong
        ("actor: ferry-line", "actor: ferryline"),
    )
    ferry = edited(FERRY, tmp_path / "ferry.yaml", *edits)
    assert _prune(database, ferry)["actor"] == ChangeCounts(added=1, removed=1)
    with serving(database) as client:
        ids = {actor["id"] for actor in client.get("/actors").json()["items"]}
    assert "ferry-line" not in ids
    assert {"ferryline", "bystander"} <= ids  # an orphan before the load


def test_orphaned_parents_are_deleted_too(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    path = tmp_path / "x.yaml"
    path.write_text("timeline: {id: harbour, title: The harbour contract}", "utf-8")
    assert _prune(database, path) == {
        "event": ChangeCounts(removed=6),
        "actor": ChangeCounts(removed=7),
        "source": ChangeCounts(removed=3),
        "timeline": ChangeCounts(changed=1),
    }
    rows = read_tables(database)
    assert [row[1] for row in rows["actor"]] == ["bystander"]
    assert rows["event_search"] == rows["citation"] == rows["event"] == rows["source"] == []


def test_files_of_one_timeline_are_pruned_together(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    before = read_tables(database)
    content = HARBOUR.read_text("utf-8")
    head, _, events = content.partition("\nevents:\n")
    first, at, second = events.partition("  - id: inspection")
    halves = [tmp_path / "first.yaml", tmp_path / "second.yaml"]
    halves[0].write_text(f"{head}\nevents:\n{first}", "utf-8")
    timeline = head[: head.index("sources:")]
    halves[1].write_text(f"{timeline}\nevents:\n{at}{second}", "utf-8")
    assert not any(map(any, _prune(database, *halves).values()))
    assert read_tables(database) == before
