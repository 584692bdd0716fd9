"""Exports, which load to the same records."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from app.db.database import Database
from app.db.revision import revision_of
from app.dossiers.exporter import ExportError, ExportFormat, export
from app.dossiers.loader import load
from app.dossiers.timelines import TimelineError
from tests.support.corpus import FERRY, GENERATED, HARBOUR, LOADED_AT, SEED, edited, write_dossiers
from tests.support.databases import load_into, scratch_database
from tests.support.random_dossiers import make_dossiers
from tests.support.requirements import repetitions
from tests.support.snapshot import Tables, read_content, read_tables

FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)


@contextmanager
def loaded(*files: Path) -> Iterator[Connection]:
    """Load files into a temporary database."""
    with scratch_database() as connection:
        load(connection, files, LOADED_AT, max_record_size=1_024)
        yield connection


def write_export(connection: Connection, folder: str | Path, format_: ExportFormat) -> Path:
    path = Path(folder) / f"exported.{format_}"
    path.write_text("".join(export(connection, None, format_)), "utf-8", newline="\n")
    return path


def round_trip(folder: str | Path, format_: ExportFormat, *files: Path) -> tuple[Tables, Tables]:
    """Return the stored content of the files, and that of their export."""
    with loaded(*files) as connection:
        before = read_content(connection)
        path = write_export(connection, folder, format_)
    with loaded(path) as connection:
        return before, read_content(connection)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("files", [(SEED,), (HARBOUR, FERRY)])
def test_corpus_survives_round_trip(
    tmp_path: Path, files: tuple[Path, ...], format_: ExportFormat
) -> None:
    before, after = round_trip(tmp_path, format_, *files)
    assert after == before
    assert all(before[table] for table in ("event", "citation", "event_search"))


@pytest.mark.parametrize("format_", FORMATS)
def test_random_dossiers_survive_round_trip(tmp_path: Path, format_: ExportFormat) -> None:
    for seed in range(repetitions(3, 60)):
        files = write_dossiers(tmp_path, make_dossiers(40, seed))
        before, after = round_trip(tmp_path, format_, *files)
        assert after == before


# Characters that reverse the text direction; the loader rejects them if they are not closed.
BIDI_CONTROLS = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
# Texts that YAML could read as something else.
TRICKY = (
    *("null", "~", "Null", "yes", "no", "on", "true", "2021", "2021-11-03", "0x1f", "0o7", "1_000"),
    *("1e3", ".inf", ".nan", "1:30", "<<", "=", "- a", "-", "--- a", "...", "? a", ": a", "a: b"),
    *("a #b", "#c", "a:", "'", '"', "''", "|", ">", "|-", "%a", "@a", "`a", "*a", "&a", "!a"),
    *("!!int 3", "[a", "{a", "a]", "a, b", "\\n", "\\", "a  b", "\ufeffa", "a\u00a0b"),
    *("\u200fא", "😀"),
)
PROSE = (
    *("a\nb", "a\n\n\nb", "a\n  b", "a \nb", "a\n- b", "a\n#b", "a\n---\nb", "a\n...\nb"),
    "a: |\n b",
)
lines = st.sampled_from(TRICKY) | st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters=BIDI_CONTROLS),
    min_size=1,
    max_size=30,
).filter(lambda text: text.strip())
prose = lines | st.sampled_from(PROSE) | st.lists(lines, min_size=1, max_size=4).map("\n".join)
numbers = st.integers(-(10**15), 10**15) | st.decimals(-(10**9), 10**9, places=4).map(float)


def maybe(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Generate any of the members, or none."""
    return st.fixed_dictionaries({}, optional=members)


amounts = st.tuples(lines, st.lists(numbers, max_size=2).map(sorted), lines).map(
    lambda amount: {
        "text": amount[0],
        **dict(zip(("min", "max"), amount[1], strict=False)),
        "unit": amount[2],
    }
)
# Each topic has one label, or none.
topics = st.dictionaries(
    st.sampled_from(["a", "b", "null", "1"]), st.none() | lines, max_size=3
).map(lambda labels: [{"id": id_, "label": label} for id_, label in labels.items()])
dossiers = st.fixed_dictionaries(
    {
        "timeline": maybe(description=prose, language=lines),
        "actor": maybe(note=prose, aliases=st.lists(lines, max_size=3, unique_by=str.strip)),
        "source": maybe(author=lines, note=prose, language=lines),
        "event": maybe(
            summary=prose,
            date_text=lines,
            date_note=prose,
            place=lines,
            amount=amounts,
            topics=topics,
        ),
        "titles": st.tuples(lines, lines, lines, lines, prose),
    }
)


def _dossier(values: dict[str, Any]) -> dict[str, Any]:
    title, name, source, event, quote = values["titles"]
    return {
        "timeline": {"id": "t", "title": title, **values["timeline"]},
        "actors": [{"id": "null", "name": name, "kind": "person", **values["actor"]}],
        "sources": [{"id": "1", "title": source, "publisher": "null", **values["source"]}],
        "events": [
            {
                "id": "0x1f",
                "title": event,
                "kind": "no",
                "status": "reported",
                "date": "2021",
                "participants": [{"actor": "null", "role": "agent", "capacity": name}],
                "citations": [
                    {"source": "1", "quote": quote, "locator": title, "attributed_to": name}
                ],
                **values["event"],
            }
        ],
    }


@settings(max_examples=repetitions(60, 3000), suppress_health_check=[HealthCheck.too_slow])
@given(dossiers)
def test_any_text_survives_round_trip(values: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.json"
        path.write_text(json.dumps(_dossier(values)), "utf-8")
        for format_ in FORMATS:
            before, after = round_trip(folder, format_, path)
            assert after == before


@pytest.mark.parametrize("format_", FORMATS)
def test_loading_an_export_into_its_database_changes_nothing(
    database: Database, tmp_path: Path, format_: ExportFormat
) -> None:
    load_into(database, HARBOUR, FERRY)
    before = read_tables(database)
    with database.read() as connection:
        path = write_export(connection, tmp_path, format_)
    report = load_into(database, path, prune=True)
    assert not any(map(any, report.counts.values()))
    assert read_tables(database) == before
    with database.read() as connection:
        assert revision_of(connection) == 1


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("timeline", ["one", "two"])
def test_export_of_one_timeline_can_be_loaded_alone(
    tmp_path: Path, timeline: str, format_: ExportFormat
) -> None:
    path = tmp_path / f"{timeline}.{format_}"
    with loaded(*write_dossiers(tmp_path, GENERATED)) as connection:
        path.write_text("".join(export(connection, timeline, format_)), "utf-8")
        whole = read_content(connection)
    with loaded(path) as connection:
        part = read_content(connection)
    members = {event for event, of in whole["event_timeline"] if of == timeline}
    for table in ("event", "participation", "citation", "event_topic", "event_search"):
        assert part[table] == [row for row in whole[table] if row[0] in members]
    for table in ("actor", "source", "actor_alias"):
        assert {*part[table]} <= {*whole[table]}
    assert part["event_timeline"] == [row for row in whole["event_timeline"] if row[1] == timeline]


def test_export_of_one_timeline_contains_ancestors_of_its_actors(tmp_path: Path) -> None:
    edit = ("    participants:\n      - {actor: city, role: participant}\n", "    participants:\n")
    path = tmp_path / "x.yaml"
    with loaded(
        edited(
            HARBOUR,
            path,
            edit,
            ("{actor: quay-builders, role: agent}", "{actor: pilots, role: agent}"),
        )
    ) as connection:
        path.write_text("".join(export(connection, "harbour", "yaml")), "utf-8")
    with loaded(path) as connection:
        parents = {row[0]: row[-1] for row in read_content(connection)["actor"]}
    assert (parents["pilots"], parents["harbour-council"]) == ("harbour-council", "city")


def test_other_yaml_parsers_read_the_same_texts(tmp_path: Path) -> None:
    with loaded(HARBOUR) as connection:
        path = write_export(connection, tmp_path, "yaml")
    event = next(
        event for event in yaml.safe_load(path.read_text("utf-8"))["events"] if "place" in event
    )
    assert event["date"] == "2020-03-14"
    assert event["amount"] == {
        "text": "about two and a half million",
        "min": 2500000,
        "unit": "PLN",
    }


def test_missing_timeline_is_an_error() -> None:
    with (
        loaded(HARBOUR) as connection,
        pytest.raises(TimelineError, match="The nearest is 'harbour'"),
    ):
        export(connection, "habour", "yaml")
    with (
        scratch_database() as connection,
        pytest.raises(ExportError, match="The database is empty"),
    ):
        export(connection, None, "yaml")
