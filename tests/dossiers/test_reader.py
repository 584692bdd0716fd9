"""Reading dossier files: their formats, and the messages for files that are not dossiers."""

import json
import os
import tracemalloc
from collections.abc import Callable
from io import BytesIO, FileIO
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
import yaml

from app.db.database import Database
from app.dossiers.diagnostics import Diagnostics, DossierError
from app.dossiers.loader import ChangeCounts, load
from app.dossiers.reader import MAX_DOCUMENT_BYTES, MAX_LINE_BYTES, open_dossiers
from app.schemas.entries import EventEntry, TimelineEntry
from tests.support.corpus import FERRY, HARBOUR, LATER, edited, read_dossier
from tests.support.databases import load_into
from tests.support.dossier_check import check_dossiers, write_as_json_lines, write_file
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
_TOO_MANY_KEYS = "The record has too many keys. Write at most 1,000."
_KEYS = ", ".join(f'"k{at}": 1' for at in range(1_001))
_X = '{"timeline": {"id": "x", "title": "x"}'

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
        "a: b\n" + "".join(f"{' ' * depth}a:\n" for depth in range(1_000)): (
            f"x.yaml:101: {_TOO_DEEP}"
        ),
        f"timeline: {{id: x, title: x}}\n{_LAUGHS}\nactors: *i": (
            "x.yaml:9: It repeats too much text with `*`. Write the text out."
        ),
        f"timeline: {{id: x, title: x}}\n{_MERGED_LAUGHS}\nactors: [*i]": (
            "x.yaml:9: It repeats too much text with `*`. Write the text out."
        ),
        "timeline: {id: x, title: x}\nactors: !!map [a]": (
            "x.yaml:2: A text begins with a tag such as !!int."
        ),
        "timeline:\n  id: !!int 7": "x.yaml:2: A text begins with a tag such as !!int.",
        "timeline: &a [*a]": "x.yaml:1: A text begins with `*`. Put it in quotes.",
        "timeline: &a b\nactors: &a c": "x.yaml:2: A text begins with `&`. Put it in quotes.",
        "timeline:\n  [a]: b": "x.yaml:2: A key is not a text. Write `key: value`.",
        "timeline: &a b\n*a : c": "x.yaml:2: A key is not a text. Write `key: value`.",
        "timeline:\n  <<: [a]": "x.yaml:1: Only records can be merged. Write `<<: *name`.",
        "timeline: {id: x, title: x}\nactors: [{<<: {id: a}, <<: {id: b}}]": (
            "x.yaml:2: The key '<<' is written twice. Remove one."
        ),
        "timeline:\n" + "".join(f"  k{at}: 1\n" for at in range(1_001)): (
            f"x.yaml:1002: {_TOO_MANY_KEYS}"
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
        "[" * 99_000: f"x.json:1: {_TOO_DEEP}",
        f'{_X},\n"events": {"[" * 100}{"]" * 100}}}': f"x.json:2: {_TOO_DEEP}",
        f"{_X},\n{_KEYS}}}": f"x.json:2: {_TOO_MANY_KEYS}",
        '{"timeline":\n{"id": "x", "title": NaN}}': (
            "x.json:2: 'NaN' is not JSON. Write a number or null."
        ),
        '{"timeline": {"id": "x",\n"title": "Infinity", "language": -Infinity}}': (
            "x.json:2: '-Infinity' is not JSON. Write a number or null."
        ),
        '{"timeline": {"id": "x", "title": "\x01"}}': "x.json:1: It is not JSON (",
        '{"timeline": {"id": "x", "title": "\x00"}}': "x.json:1: It is not JSON (",
        b'{"timeline": {"id": "x", "title": "\xed\xa0\x80"}}': (
            "x.json:1: The file is not UTF-8. Save it as UTF-8."
        ),
        f"{_X}}}".encode("utf-16"): "x.json:1: The file is not UTF-8. Save it as UTF-8.",
        f"{_X}}}".encode("utf-16-le"): "x.json:1: It is not JSON (",
        '\ufeff\ufeff{"timeline": {}}': "x.json:1: It is not JSON (",
        f'{{"timeline": {{"id": "x", "title": {"1" * 10**5}}}}}': (
            f"x.json:1: timeline.title: '{'1' * 100}…' is too long."
        ),
        '{"timeline": {"id": "x", "title": "x", "\\ud800": "x"}}': (
            "x.json:1: timeline: It contains half of a surrogate pair."
        ),
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
        f'{_X}}}\n{{"event": {"[" * 100}{"]" * 100}}}': f"x.jsonl:2: {_TOO_DEEP}",
        f'{_X}}}\n{{"event": {"[" * 99_000}': f"x.jsonl:2: {_TOO_DEEP}",
        f'{_X}}}\n{{"event": {{"title": NaN}}}}': (
            "x.jsonl:2: 'NaN' is not JSON. Write a number or null."
        ),
        f'{_X}}}\n{{"event": {{{_KEYS}}}}}': f"x.jsonl:2: {_TOO_MANY_KEYS}",
        f"{_X}}}\n".encode("utf-16"): "x.jsonl:1: The file is not UTF-8. Save it as UTF-8.",
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
        report = load(to, [harbour, ferry, harbour], LATER, max_record_size=1_024)
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


def _replace(path: Path) -> None:
    write_file(path.with_name("new"), path.read_bytes()).replace(path)


def _write_in_place(path: Path) -> None:
    """Change one letter, and set the time of modification back."""
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Harbour", b"Barbour"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "replaced": _replace,
    "written": _write_in_place,
    "truncated": lambda path: os.truncate(path, 1_000),
    "appended to": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
}
CHANGED = "The file changed while it was read. Load it again."


@pytest.mark.parametrize("change", CHANGES)
def test_file_that_changes_between_two_passes_is_an_error(tmp_path: Path, change: str) -> None:
    path = write_as_json_lines(HARBOUR, tmp_path / "x.jsonl")
    diagnostics = Diagnostics()
    (file,) = open_dossiers([path], diagnostics)
    assert len([*file.entries(TimelineEntry)]) == 1
    CHANGES[change](path)
    assert [*file.entries(EventEntry)] == []
    assert diagnostics.errors == [f"{path}: {CHANGED}"]
    assert not file.fully_read


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_of_a_file_that_changes_during_a_load_is_loaded(
    database: Database, tmp_path: Path, change: str
) -> None:
    path = write_as_json_lines(HARBOUR, tmp_path / "x.jsonl")

    class Other(BytesIO):
        name = "other.jsonl"

        def readline(self, size: int | None = -1) -> bytes:
            CHANGES[change](path)
            return super().readline(size)

    before = read_tables(database)
    with pytest.raises(DossierError) as error, database.write() as connection:
        load(connection, [path, Other(b"{}")], LATER, max_record_size=1_024)
    assert f"{path}: {CHANGED}" in error.value.diagnostics.errors
    assert read_tables(database) == before


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
def test_file_that_changes_while_it_is_read_at_once_is_an_error(tmp_path: Path, name: str) -> None:
    class Changing(FileIO):
        def read(self, size: int | None = -1) -> bytes:
            content = super().read(size) or b""
            _write_in_place(tmp_path / name)
            return content

    with Changing(write_file(tmp_path / name, "timeline: {title: Harbour}")) as changing:
        diagnostics = Diagnostics()
        open_dossiers([changing], diagnostics)
    assert diagnostics.errors == [f"{tmp_path / name}: {CHANGED}"]


def test_many_files_need_few_descriptors(database: Database, tmp_path: Path) -> None:
    files = [write_as_json_lines(HARBOUR, tmp_path / f"{at}.jsonl") for at in range(50)]
    counts = []

    def count(_done: int, _total: int) -> None:
        counts.append(sum(1 for _ in Path("/dev/fd").iterdir()))

    with database.write() as connection:
        count(0, 0)
        load(connection, files, LATER, max_record_size=1_024, on_progress=count)
        count(0, 0)
    # SQLite opens some files of its own.
    assert max(counts) < counts[0] + 20


# a file name: how messages write it
NAMES: dict[bytes, str] = {
    b"x\n::error::y.yaml": "x\\n::error::y.yaml",
    b"x\r\x1b[2J.yaml": "x\\r\\x1b[2J.yaml",
    "x\u202ey.yaml".encode(): "x\\u202ey.yaml",
    b"\xff.yaml": "\\udcff.yaml",
    "Übersicht (1) 'a\\b' 名.yaml".encode(): "Übersicht (1) 'a\\b' 名.yaml",
}


@pytest.mark.parametrize("name", NAMES)
def test_file_name_cannot_forge_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    path = edited(HARBOUR, Path(os.fsdecode(name)), ("id: harbour\n", "id: other\n"))
    second = edited(path, Path("z.yaml"), ("title: Rumours go about", "title: Rumours"))
    (missing, conflict), _ = check_dossiers(Path(os.fsdecode(name + b"x.yaml")), path, second)
    assert missing.startswith(f"{NAMES[name]}x.yaml: The file cannot be read (")
    assert f" from its definition on line 111 of {NAMES[name]}. " in conflict


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
