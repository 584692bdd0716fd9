"""Reading dossier files: their formats, and the messages for files that are not dossiers."""

import json
import os
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
import yaml

from app.db.sqlite.database import Database
from app.dossiers.diagnostics import Diagnostics
from app.dossiers.loader import ChangeCounts, load
from app.dossiers.reader import MAX_DOCUMENT_BYTES, MAX_LINE_BYTES, open_dossiers
from app.schemas.entries import TimelineEntry
from tests.support.corpus import FERRY, HARBOUR, LATER, edited, read_dossier
from tests.support.databases import load_into
from tests.support.dossier_check import check_dossiers, write_file
from tests.support.snapshot import read_tables, without_timestamps


def test_unquoted_yaml_dates_are_read_as_texts(tmp_path: Path) -> None:
    for date in ("2021", "2021-11", "2021-11-03", "0987", "2021~"):
        path = edited(HARBOUR, tmp_path / "x.yaml", ("date: 2020-03-14", f"date: {date}"))
        assert read_dossier(path).events[0].date.edtf == date


def test_empty_key_is_ignored(tmp_path: Path) -> None:
    edits = [("published: 2020-05-01", "published:"), ("place: Łódź", "place: ~")]
    dossier = read_dossier(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert dossier.sources[0].published is None
    assert dossier.events[0].place is None


def _to_yaml(data: dict[str, Any]) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True))


def _to_json(data: dict[str, Any]) -> str:
    return "\ufeff" + json.dumps({"$schema": "dossier.schema.json", **data}, default=str)


def _to_json_lines(data: dict[str, Any]) -> str:
    lines = [
        {key[:-1]: one} for key in ("events", "sources", "actors") for one in reversed(data[key])
    ]
    return "\r\n".join(
        json.dumps(line, default=str) for line in ({"timeline": data["timeline"]}, *lines)
    )


WRITERS = {".yml": _to_yaml, ".json": _to_json, ".jsonl": _to_json_lines, ".ndjson": _to_json_lines}


@pytest.mark.parametrize("suffix", WRITERS)
def test_all_formats_load_the_same_records(database: Database, tmp_path: Path, suffix: str) -> None:
    load_into(database, HARBOUR, FERRY)
    before = read_tables(database)
    files = []
    for file in (HARBOUR, FERRY):
        data = yaml.safe_load(file.read_text("utf-8"))
        data["events"][0]["title"] += " 😀"
        files.append(tmp_path / f"{file.stem}{suffix}")
        files[-1].write_text(WRITERS[suffix](data), "utf-8")
    report = load_into(database, *files, now=LATER)
    assert report.counts["event"] == ChangeCounts(changed=2)
    again = load_into(database, HARBOUR, FERRY)
    assert again.counts == report.counts
    assert without_timestamps(read_tables(database)) == without_timestamps(before)


# A word that aliases repeat a billion times. https://en.wikipedia.org/wiki/Billion_laughs_attack
_LAUGHS = "a: &a [ha]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{above}'] * 10)}]" for above, name in pairwise("abcdefghij")
)
_MERGED_LAUGHS = "a: &a {ha: ha}\n" + "\n".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{above}'] * 10)}]}}"
    for above, name in pairwise("abcdefghij")
)

_TOO_DEEP = "It is nested too deeply. Write at most 100 levels."

# a file that is not a dossier: the message, without the words of a library
INVALID_FILES: dict[str, dict[str | bytes, str]] = {
    "x.yaml": {
        "": "x.yaml: The file is empty. Begin it with `timeline:`.",
        "- a": "x.yaml:1: It is not a record. Write {timeline: …}.",
        "text": "x.yaml:1: It is not a record. Write {timeline: …}.",
        "---\n": "x.yaml:2: It is empty.",
        "timeline: 1": "x.yaml:1: timeline: It is not a record. Write {id: …, title: …}.",
        "{}": "x.yaml:1: timeline: It is missing.",
        "\x00": "x.yaml:1: It contains the control character '\\x00'. Remove it.",
        "a: *b": "x.yaml:1: A text begins with `*`. Put it in quotes.",
        "[" * 50_000 + "]" * 50_000: f"x.yaml:1: {_TOO_DEEP}",
        "- " * 50_000: f"x.yaml:1: {_TOO_DEEP}",
        f"timeline: {{id: x, title: x}}\n{_LAUGHS}\nactors: *i": (
            "x.yaml: It repeats too much text with `*`. Write the text out."
        ),
        f"timeline: {{id: x, title: x}}\n{_MERGED_LAUGHS}\nactors: [*i]": (
            "x.yaml: It repeats too much text with `*`. Write the text out."
        ),
        "timeline: {id: x, title: x}\nactors: !!map [a]": (
            "x.yaml:2: A text begins with a tag such as !!int."
        ),
        b"timeline:\n  id: \xff": "x.yaml:2: The file is not UTF-8. Save it as UTF-8.",
    },
    "x.yml": {
        "timeline:\nevents: []": "x.yml:1: timeline: It is empty. Write a value.",
        "timeline: {id: x, title: x}\n"
        "actors: [{id: a, name: A, kind: x}, {id: a, name: A, kind: media}]": (
            "x.yml:2: actors[0].kind: 'x' is not allowed."
        ),
        'timeline: {id: x, title: x, "\\e[31m": 1}': "x.yml:1: timeline.\\x1b[31m: The key is",
        'timeline: {id: x, title: "a\u2028b", description: a\u2028b}\nactor: 1': (
            "x.yml:1: timeline.title: 'a\\u2028b' contains a line break."
        ),
        'timeline:\n  id: x\n  title: x\n  description: "a\u2028b\u0085c"\nactor: [1]': (
            "x.yml:5: actor: The key is unknown here."
        ),
        "timeline: {id: x, title: x}\nactors: [{id: [1], name: A, kind: x}, {id: [2]}]": (
            "x.yml:2: actors[0].id: It is a list. Write one text."
        ),
    },
    "x.json": {
        "": "x.json:1: It is not JSON (",
        '{"timeline": {"id": "x", "title": "x",\n"id": "y"}}': (
            "x.json:2: The key 'id' is written twice. Remove one"
        ),
        '{\n"timeline": \n': "x.json:3: It is not JSON (",
        '{"timeline": {"id": "\\ud800", "title": "x"}}': (
            "x.json:1: timeline.id: It contains half of a surrogate pair."
        ),
        '{"timeline": {"id": "x", "title": "x"}, "timeline": {"id": "x", "title": "x"}}': (
            "x.json:1: The key 'timeline' is written twice. Remove one."
        ),
        "[" * 99_000: f"x.json: {_TOO_DEEP}",
        '{"timeline": NaN}': "x.json:1: timeline: It is not a record.",
        '{"timeline": {"id": "x", "title": "\\ud800"}}': (
            "x.json:1: timeline.title: It contains half of a surrogate pair."
        ),
    },
    "x.jsonl": {
        "": "x.jsonl: The file is empty. Begin the file with {",
        "\n\n": "x.jsonl: The file is empty. Begin the file with {",
        '{"event": {}}\n': (
            "x.jsonl:1: There is no timeline before this line. Begin the file with {"
        ),
        '{"timeline": {"id": "x", "title": "x"}}\n\n{"evnt": {}}': (
            'x.jsonl:3: It is not a single record. Write {"event": {…}}.'
        ),
        '{"timeline": {"id": "x", "title": "x"}}\n{"event": {}, "actor": {}}': (
            "x.jsonl:2: It is not a single record."
        ),
        '{"timeline": {"id": "x", "title": "x"}}\n[1]': "x.jsonl:2: It is not a single record.",
        '{"timeline": {"id": "x", "title": "x"}}\n{"event": ': "x.jsonl:2: It is not JSON (",
        b'{"timeline": {"id": "x", "title": "x"}}\n{"actor": "\xff"}': (
            "x.jsonl:2: The file is not UTF-8. Save it as UTF-8."
        ),
        '{"timeline": {"id": "x", "title": "x", "id": "x"}}': (
            "x.jsonl:1: The key 'id' is written twice. Remove one"
        ),
        '{"timeline": {"id": "x", "title": "x"}}\n{"event": "' + "x" * MAX_LINE_BYTES + '"}': (
            "x.jsonl:2: The line is too long. Write each record on its own line."
        ),
    },
    "x.txt": {"timeline:": "x.txt: The suffix is unknown. Name the file .yaml, .json or .jsonl."},
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, one) for name, cases in INVALID_FILES.items() for one in cases]
)
def test_invalid_file_gets_a_message(tmp_path: Path, name: str, content: str | bytes) -> None:
    errors, _ = check_dossiers(write_file(tmp_path / name, content))
    assert errors[0].startswith(INVALID_FILES[name][content])


def test_merged_yaml_key_is_no_duplicate(tmp_path: Path) -> None:
    merged = """
timeline: {id: x, title: x}
actors: [{id: a, name: A, kind: media}]
sources: [{id: s, title: S, publisher: a}]
events:
  - {id: e, title: E, kind: k, status: reported, date: 2021,
     citations: [&c0 {source: s, quote: Q}, &c1 {<<: *c0, quote: R}]}
  - {id: f, title: F, kind: k, status: reported, date: 2021, citations: [{<<: *c1, quote: S}]}
"""
    assert check_dossiers(write_file(tmp_path / "x.yaml", merged)) == ([], [])


def test_same_error_of_all_passes_is_reported_once(tmp_path: Path) -> None:
    lines = ['{"timelime": {"id": "x", "title": "x"}}', *['{"actor": {"id": "a"}}'] * 5]
    errors, _ = check_dossiers(write_file(tmp_path / "x.jsonl", "\n".join(lines)))
    assert [error for error in errors if "no timeline before" in error] == [
        "x.jsonl:1: There is no timeline before this line. Begin the file with "
        '{"timeline": {"id": …, "title": …}}.'
    ]


# something that is not a regular file: how to create it
IRREGULAR_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a directory": Path.mkdir,
}
READ_ONCE = "It cannot be read more than once. Save it as a regular file."


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl"])
@pytest.mark.parametrize("kind", IRREGULAR_FILES)
def test_irregular_file_is_rejected(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    IRREGULAR_FILES[kind](path)
    (error,) = check_dossiers(path)[0]
    message = "It is a directory. Name the files in it." if kind == "a directory" else READ_ONCE
    assert error == f"x{suffix}: {message}"


@pytest.mark.parametrize("suffix", WRITERS)
def test_open_files_are_read_from_their_beginning_and_stay_open(
    database: Database, tmp_path: Path, suffix: str
) -> None:
    load_into(database, HARBOUR, FERRY)
    before = read_tables(database)
    with NamedTemporaryFile(suffix=suffix) as harbour, BytesIO() as ferry, database.write() as to:
        for file, path in ((harbour, HARBOUR), (ferry, FERRY)):
            file.write(WRITERS[suffix](yaml.safe_load(path.read_text("utf-8"))).encode())
        ferry.name = f"ferry{suffix}"
        report = load(to, [harbour, ferry, harbour], LATER)
        assert not harbour.closed
        assert not ferry.closed
    assert not any(map(any, report.counts.values()))
    assert read_tables(database) == before


@pytest.mark.parametrize("suffix", WRITERS)
def test_open_pipe_is_rejected(suffix: str) -> None:
    class Pipe(BytesIO):
        name = f"pipe{suffix}"

        def seekable(self) -> bool:
            return False

    diagnostics = Diagnostics()
    (file,) = open_dossiers([Pipe(b"timeline:")], diagnostics)
    assert [*file.entries(TimelineEntry)] == []
    assert diagnostics.errors == [f"pipe{suffix}: {READ_ONCE}"]


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
def test_file_that_is_read_at_once_is_limited_in_size(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(10 * MAX_DOCUMENT_BYTES)
    (error,) = check_dossiers(tmp_path / name)[0]
    assert error == (
        f"{name}: The file is too large to be read at once. Write it as JSON Lines, .jsonl."
    )


def test_long_text_takes_little_memory(tmp_path: Path) -> None:
    path = write_file(
        tmp_path / "x.json", f'{{"timeline": {{"id": "x", "title": "{"x" * 10**6}"}}}}'
    )
    tracemalloc.start()
    (error,) = check_dossiers(path)[0]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "is too long. Write at most 1000 characters." in error
    assert peak < 60 * 10**6


@pytest.mark.parametrize("name", ["x.yaml", "x.json", "x.jsonl"])
def test_missing_file_is_an_error(tmp_path: Path, name: str) -> None:
    (error,), _ = check_dossiers(tmp_path / name)
    assert error.startswith(f"{name}: The file cannot be read (")


def test_one_file_can_contain_several_dossiers(tmp_path: Path) -> None:
    both = write_file(tmp_path / "x.yaml", f"{HARBOUR.read_text()}---\n{FERRY.read_text()}")
    assert check_dossiers(both)[0] == []
    wrong = edited(both, both, ("date: 2021-03?", "date: 2021-33?"))
    (error,), _ = check_dossiers(wrong)
    assert error.startswith("x.yaml:155: events[0].date: '2021-33?' is not a date.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "timeline:\n  id: x\n  title: x\n  events: [a]",
            "4: timeline.events: The key is unknown here. Move it to the left margin",
        ),
        (
            "timeline:\nid: x\ntitle: x",
            "2: id: The key is unknown here. Indent it, to make it a key of a record.",
        ),
        (
            "timeline: {id: x, title: x}\nactor: [a]",
            "2: actor: The key is unknown here. The nearest is 'actors'.",
        ),
        (
            "timeline: {id: x, title:The quay}",
            "1: timeline.title:The quay: The key is unknown here. Write a space after the colon.",
        ),
        (
            "timeline: {id: x, title: x}\nevents:\n  - id: a\n    id: b",
            "4: The key 'id' is written twice. Remove one, or begin a new record with a hyphen.",
        ),
    ],
)
def test_misplaced_key_gets_a_message(tmp_path: Path, content: str, message: str) -> None:
    errors, _ = check_dossiers(write_file(tmp_path / "x.yaml", content))
    assert any(error.startswith(f"x.yaml:{message}") for error in errors), errors


def test_errors_before_a_syntax_error_are_reported_too(tmp_path: Path) -> None:
    first = FERRY.read_text("utf-8").replace("status: reported", "status: rumour")
    both = write_file(tmp_path / "x.yaml", f"{first}---\ntimeline: [")
    assert len(check_dossiers(both)[0]) == 2
