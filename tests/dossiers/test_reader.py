"""Dossier files: how they may be spelled, and what is told of what is none."""

import json
import os
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.db.sqlite.database import Database
from app.dossiers.loader import ChangeCounts
from app.dossiers.reader import MAX_DOCUMENT_BYTES, MAX_LINE_BYTES
from tests.support.corpus import FERRY, HARBOUR, LATER, edited, read_dossier
from tests.support.databases import load_into
from tests.support.dossier_check import told, written
from tests.support.snapshot import stored, without_stamps


def test_bare_yaml_dates_are_understood(tmp_path: Path) -> None:
    for date in ("2021", "2021-11", "2021-11-03", "0987", "2021~"):
        path = edited(HARBOUR, tmp_path / "x.yaml", ("date: 2020-03-14", f"date: {date}"))
        assert read_dossier(path).events[0].date.edtf == date


def test_an_empty_key_is_an_absent_one(tmp_path: Path) -> None:
    edits = [("published: 2020-05-01", "published:"), ("place: Łódź", "place: ~")]
    dossier = read_dossier(edited(HARBOUR, tmp_path / "x.yaml", *edits))
    assert dossier.sources[0].published is None
    assert dossier.events[0].place is None


def _in_yaml(data: dict[str, Any]) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True))


def _in_json(data: dict[str, Any]) -> str:
    return "\ufeff" + json.dumps({"$schema": "dossier.schema.json", **data}, default=str)


def _in_lines(data: dict[str, Any]) -> str:
    lines = [
        {key[:-1]: one} for key in ("events", "sources", "actors") for one in reversed(data[key])
    ]
    return "\r\n".join(
        json.dumps(line, default=str) for line in ({"timeline": data["timeline"]}, *lines)
    )


SPELLINGS = {".yml": _in_yaml, ".json": _in_json, ".jsonl": _in_lines, ".ndjson": _in_lines}


@pytest.mark.parametrize("suffix", SPELLINGS)
def test_a_dossier_is_the_same_however_it_is_spelled(
    database: Database, tmp_path: Path, suffix: str
) -> None:
    load_into(database, HARBOUR, FERRY)
    before = stored(database)
    files = []
    for file in (HARBOUR, FERRY):
        data = yaml.safe_load(file.read_text("utf-8"))
        data["events"][0]["title"] += " 😀"
        files.append(tmp_path / f"{file.stem}{suffix}")
        files[-1].write_text(SPELLINGS[suffix](data), "utf-8")
    report = load_into(database, *files, now=LATER)
    assert report.counts["event"] == ChangeCounts(changed=2)
    again = load_into(database, HARBOUR, FERRY)
    assert again.counts == report.counts
    assert without_stamps(stored(database)) == without_stamps(before)


# A word, said a billion times. https://en.wikipedia.org/wiki/Billion_laughs_attack
_LAUGHS = "a: &a [ha]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{above}'] * 10)}]" for above, name in pairwise("abcdefghij")
)
_MERGED_LAUGHS = "a: &a {ha: ha}\n" + "\n".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{above}'] * 10)}]}}"
    for above, name in pairwise("abcdefghij")
)

# a file that is no dossier: what is told of it
NO_DOSSIERS: dict[str, dict[str | bytes, str]] = {
    "x.yaml": {
        "": "x.yaml: it is empty",
        "- a": "x.yaml:1: it is not a record; write",
        "text": "x.yaml:1: it is not a record; write",
        "---\n": "x.yaml:2: it is empty",
        "timeline: 1": "x.yaml:1: timeline: it is not a record; write",
        "{}": "x.yaml:1: timeline: it is missing",
        "\x00": "x.yaml:1: it has the control character '\\x00' in it",
        "a: *b": "x.yaml:1: a text that begins with *",
        "[" * 50_000 + "]" * 50_000: "x.yaml:1: it is nested too deeply",
        "- " * 50_000: "x.yaml:1: it is nested too deeply",
        f"timeline: {{id: x, title: x}}\n{_LAUGHS}\nactors: *i": (
            "x.yaml: it repeats too much by `*`; write it out"
        ),
        f"timeline: {{id: x, title: x}}\n{_MERGED_LAUGHS}\nactors: [*i]": (
            "x.yaml: it repeats too much by `*`; write it out"
        ),
        "timeline: {id: x, title: x}\nactors: !!map [a]": "x.yaml:2: a tag, as !!int; remove",
        b"timeline:\n  id: \xff": "x.yaml:2: it is not in UTF-8; save it as UTF-8",
    },
    "x.yml": {
        "timeline:\nevents: []": "x.yml:1: timeline: it is empty; write it",
        "timeline: {id: x, title: x}\n"
        "actors: [{id: a, name: A, kind: x}, {id: a, name: A, kind: media}]": (
            "x.yml:2: actors[0].kind: 'x' is not known"
        ),
        'timeline: {id: x, title: x, "\\e[31m": 1}': "x.yml:1: timeline.\\x1b[31m: it is not known",
        'timeline: {id: x, title: "a\u2028b", description: a\u2028b}\nactor: 1': (
            "x.yml:1: timeline.title: 'a\\u2028b' has a line break in it"
        ),
        'timeline:\n  id: x\n  title: x\n  description: "a\u2028b\u0085c"\nactor: [1]': (
            "x.yml:5: actor: "
        ),
        "timeline: {id: x, title: x}\nactors: [{id: [1], name: A, kind: x}, {id: [2]}]": (
            "x.yml:2: actors[0].id: it is a list; write one text"
        ),
    },
    "x.json": {
        "": "x.json:1: it is not JSON: Expecting value",
        '{"timeline": {"id": "x", "title": "x",\n"id": "y"}}': (
            "x.json:2: the key 'id' is written twice; remove one"
        ),
        '{\n"timeline": \n': "x.json:3: it is not JSON: ",
        '{"timeline": {"id": "\\ud800", "title": "x"}}': "x.json:1: timeline.id: it has half of",
        '{"timeline": {"id": "x", "title": "x"}, "timeline": {"id": "x", "title": "x"}}': (
            "x.json:1: the key 'timeline' is written twice; remove one"
        ),
        "[" * 99_000: "x.json: it is nested too deeply",
        '{"timeline": NaN}': "x.json:1: timeline: it is not a record",
        '{"timeline": {"id": "x", "title": "\\ud800"}}': (
            "x.json:1: timeline.title: it has half of a surrogate pair in it"
        ),
    },
    "x.jsonl": {
        "": "x.jsonl: it is empty; begin with {",
        "\n\n": "x.jsonl: it is empty; begin with {",
        '{"event": {}}\n': "x.jsonl:1: no timeline stands before it; begin with",
        '{"timeline": {"id": "x", "title": "x"}}\n\n{"evnt": {}}': (
            'x.jsonl:3: it is not one record; write {"event": {…}}'
        ),
        '{"timeline": {"id": "x", "title": "x"}}\n{"event": {}, "actor": {}}': (
            "x.jsonl:2: it is not one record"
        ),
        '{"timeline": {"id": "x", "title": "x"}}\n[1]': "x.jsonl:2: it is not one record",
        '{"timeline": {"id": "x", "title": "x"}}\n{"event": ': "x.jsonl:2: it is not JSON: ",
        b'{"timeline": {"id": "x", "title": "x"}}\n{"actor": "\xff"}': (
            "x.jsonl:2: it is not in UTF-8"
        ),
        '{"timeline": {"id": "x", "title": "x", "id": "x"}}': (
            "x.jsonl:1: the key 'id' is written twice; remove one"
        ),
        '{"timeline": {"id": "x", "title": "x"}}\n{"event": "' + "x" * MAX_LINE_BYTES + '"}': (
            "x.jsonl:2: it is too long; write each record on its own"
        ),
    },
    "x.txt": {"timeline:": "x.txt: name it .yaml, .json or .jsonl, as what it is written in"},
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, one) for name, cases in NO_DOSSIERS.items() for one in cases]
)
def test_what_is_no_dossier_is_told(tmp_path: Path, name: str, content: str | bytes) -> None:
    problems, _ = told(written(tmp_path / name, content))
    assert problems[0].startswith(NO_DOSSIERS[name][content])


def test_a_merged_key_is_not_written_twice(tmp_path: Path) -> None:
    merged = """
timeline: {id: x, title: x}
actors: [{id: a, name: A, kind: media}]
sources: [{id: s, title: S, publisher: a}]
events:
  - {id: e, title: E, kind: k, status: reported, date: 2021,
     citations: [&c0 {source: s, quote: Q}, &c1 {<<: *c0, quote: R}]}
  - {id: f, title: F, kind: k, status: reported, date: 2021, citations: [{<<: *c1, quote: S}]}
"""
    assert told(written(tmp_path / "x.yaml", merged)) == ([], [])


def test_what_is_told_once_is_told_once(tmp_path: Path) -> None:
    lines = ['{"timelime": {"id": "x", "title": "x"}}', *['{"actor": {"id": "a"}}'] * 5]
    problems, _ = told(written(tmp_path / "x.jsonl", "\n".join(lines)))
    assert [problem for problem in problems if "no timeline stands" in problem] == [
        'x.jsonl:1: no timeline stands before it; begin with {"timeline": {"id": …, "title": …}}'
    ]


# what stands where a file should
NO_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a directory": Path.mkdir,
}


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".jsonl"])
@pytest.mark.parametrize("kind", NO_FILES)
def test_what_cannot_be_read_twice_is_refused(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    NO_FILES[kind](path)
    (problem,) = told(path)[0]
    assert problem == f"x{suffix}: it is not a file that can be read twice; save it as one"


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
def test_what_is_read_at_once_is_bounded(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(10 * MAX_DOCUMENT_BYTES)
    (problem,) = told(tmp_path / name)[0]
    assert problem == f"{name}: it is too large to be read at once; write it as JSON Lines, .jsonl"


def test_a_long_text_takes_little_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "x.json", f'{{"timeline": {{"id": "x", "title": "{"x" * 10**6}"}}}}')
    tracemalloc.start()
    (problem,) = told(path)[0]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "is too long; give at most 1000 characters" in problem
    assert most < 60 * 10**6


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    for name in ("x.yaml", "x.json", "x.jsonl"):
        problems, _ = told(tmp_path / name)
        assert problems == [f"{name}: it cannot be read: No such file or directory"]


def test_several_dossiers_may_stand_in_one_file(tmp_path: Path) -> None:
    both = written(tmp_path / "x.yaml", f"{HARBOUR.read_text()}---\n{FERRY.read_text()}")
    assert told(both)[0] == []
    wrong = edited(both, both, ("date: 2021-03?", "date: 2021-33?"))
    (problem,), _ = told(wrong)
    assert problem.startswith("x.yaml:155: events[0].date: '2021-33?' is not a date; ")


@pytest.mark.parametrize(
    ("content", "told_of"),
    [
        (
            "timeline:\n  id: x\n  title: x\n  events: [a]",
            "4: timeline.events: it is not known here; move it to the left margin",
        ),
        (
            "timeline:\nid: x\ntitle: x",
            "2: id: it is not known here; indent it, as a key of a record",
        ),
        (
            "timeline: {id: x, title: x}\nactor: [a]",
            "2: actor: it is not known here; remove it, or correct it: the nearest key is actors",
        ),
        (
            "timeline: {id: x, title: x}\nevents:\n  - id: a\n    id: b",
            "4: the key 'id' is written twice; remove one, or begin a record with a hyphen",
        ),
    ],
)
def test_keys_in_the_wrong_place(tmp_path: Path, content: str, told_of: str) -> None:
    problems, _ = told(written(tmp_path / "x.yaml", content))
    assert any(problem.startswith(f"x.yaml:{told_of}") for problem in problems), problems


def test_what_stands_before_a_mistake_in_the_file_is_told_too(tmp_path: Path) -> None:
    first = FERRY.read_text("utf-8").replace("status: reported", "status: rumour")
    both = written(tmp_path / "x.yaml", f"{first}---\ntimeline: [")
    assert len(told(both)[0]) == 2
