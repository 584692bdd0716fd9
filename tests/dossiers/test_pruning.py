"""Pruning: what files no longer hold is withdrawn."""

from pathlib import Path

from app.db.revision import revision_of
from app.db.sqlite.database import Database
from app.dossiers.loader import ChangeCounts
from tests.support.corpus import FERRY, HARBOUR, LATER, edited
from tests.support.databases import load_into
from tests.support.server import serving
from tests.support.snapshot import stored


def _pruned(database: Database, *files: Path) -> dict[str, ChangeCounts]:
    return load_into(database, *files, now=LATER, prune=True).counts


def test_pruning_withdraws_what_a_file_no_longer_holds(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR, FERRY)
    content = HARBOUR.read_text("utf-8")
    less = tmp_path / "harbour.yaml"
    # Gone are the rumours, and from this timeline what the ferry's tells too.
    less.write_text(content[: content.index("  - id: rumours")], "utf-8")
    assert load_into(database, less).counts["event"] == ChangeCounts()
    assert _pruned(database, less)["event"] == ChangeCounts(removed=2)
    with serving(database.path) as client:
        assert client.get("/events/rumours").status_code == 404
        assert client.get("/events", params={"q": "שמועות"}).json()["total"]["value"] == 0
        kept = client.get("/events/quay-in-use").json()
        assert kept["timelines"] == ["ferry"]
        assert kept["updated_at"] == "2022-07-20T12:30:00Z"
        assert client.get("/events/bribe").json()["updated_at"] == "2022-07-19T12:30:00Z"
        assert client.get("/readyz").json()["revision"] == 2
    assert not any(map(any, _pruned(database, less).values()))
    with database.read() as connection:
        assert revision_of(connection) == 2


def test_pruning_removes_whom_nothing_names_any_more(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR, FERRY)
    edits = (
        ("  - id: ferry-line", "  - id: ferryline"),  # the id was wrong
        ("actor: ferry-line", "actor: ferryline"),
    )
    ferry = edited(FERRY, tmp_path / "ferry.yaml", *edits)
    assert _pruned(database, ferry)["actor"] == ChangeCounts(added=1, removed=1)
    with serving(database.path) as client:
        ids = {actor["id"] for actor in client.get("/actors").json()["items"]}
    assert "ferry-line" not in ids
    assert {"ferryline", "bystander"} <= ids  # nothing named the bystander before either


def test_pruning_removes_a_whole_branch(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    path = tmp_path / "x.yaml"
    path.write_text("timeline: {id: harbour, title: The harbour contract}", "utf-8")
    assert _pruned(database, path) == {
        "event": ChangeCounts(removed=6),
        "actor": ChangeCounts(removed=7),
        "source": ChangeCounts(removed=3),
        "timeline": ChangeCounts(changed=1),
    }
    rows = stored(database)
    assert [row[1] for row in rows["actor"]] == ["bystander"]
    assert rows["event_search"] == rows["citation"] == rows["event"] == rows["source"] == []


def test_pruning_holds_all_files_of_a_timeline_together(database: Database, tmp_path: Path) -> None:
    load_into(database, HARBOUR)
    before = stored(database)
    content = HARBOUR.read_text("utf-8")
    head, _, events = content.partition("\nevents:\n")
    first, at, second = events.partition("  - id: inspection")
    halves = [tmp_path / "first.yaml", tmp_path / "second.yaml"]
    halves[0].write_text(f"{head}\nevents:\n{first}", "utf-8")
    timeline = head[: head.index("sources:")]
    halves[1].write_text(f"{timeline}\nevents:\n{at}{second}", "utf-8")
    assert not any(map(any, _pruned(database, *halves).values()))
    assert stored(database) == before
