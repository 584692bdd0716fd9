"""The time to load a file is proportional to its length, whatever it contains."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, Any

import pytest
import yaml

from app.db.sqlite.connections import temporary_database
from app.dossiers.diagnostics import DossierError
from app.dossiers.loader import load
from tests.support.work import count_work

pytestmark = pytest.mark.sqlite

Records = dict[str, Any]

TIMELINE = {"id": "x", "title": "x"}
ACTOR = {"id": "a", "name": "A", "kind": "person"}
SOURCE = {"id": "s", "title": "S", "publisher": "a"}


def _event(number: int, **changes: object) -> Records:
    return {
        "id": f"e{number}",
        "title": "E",
        "kind": "x",
        "status": "reported",
        "date": "2021",
        "participants": [{"actor": "a", "role": "agent"}],
        "citations": [{"source": "s", "quote": f"Number {number}"}],
        **changes,
    }


def _dossier(**changes: object) -> Records:
    return {"timeline": TIMELINE, "actors": [ACTOR], "sources": [SOURCE], **changes}


def _events(number: int, **changes: object) -> list[Records]:
    return [_event(at, **changes) for at in range(number)]


# what a file contains, a number of times: its dossiers
CONTENTS: dict[str, Callable[[int], list[Records]]] = {
    "valid events": lambda n: [_dossier(events=_events(n))],
    "long texts": lambda n: [_dossier(events=[_event(0, summary="word 😀\n" * 10 * n)])],
    "an emoji": lambda n: [_dossier(events=_events(n, title="😀"))],
    "invalid values": lambda n: [_dossier(events=_events(n, date="2021-13"))],
    "unknown keys": lambda n: [_dossier(actors=[ACTOR | {f"k{at}": "x" for at in range(n)}])],
    "unknown keys of the dossier": lambda n: [_dossier(**{f"k{at}": "x" for at in range(n)})],
    "missing actors": lambda n: [
        _dossier(events=[_event(at, participants=[{"actor": f"b{at}"}]) for at in range(n)])
    ],
    "references to an invalid actor": lambda n: [_dossier(actors=[{"id": "a"}], events=_events(n))],
    "an id that is defined again": lambda n: [_dossier(actors=[ACTOR] * n)],
    "a quote that is cited again": lambda n: [
        _dossier(events=_events(n, citations=[{"source": "s", "quote": "Q"}]))
    ],
    "items of one list": lambda n: [_dossier(events=[_event(0, topics=["a"] * n)])],
    "nested lists": lambda n: [_dossier(events=[[[[["a"]]]]] * n)],
    "dossiers with the same records": lambda n: [
        _dossier(timeline={"id": f"t{at}", "title": "x"}) for at in range(n)
    ],
    "dossiers with an invalid record": lambda n: [
        _dossier(timeline={"id": f"t{at}", "title": "x"}, actors=[{"id": "a"}]) for at in range(n)
    ],
}


def _yaml(dossiers: list[Records]) -> str:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _: object) -> bool:
            return True

    text: str = yaml.dump_all(dossiers, Dumper=Dumper, allow_unicode=True, sort_keys=False)
    return text


def _json(dossiers: list[Records]) -> str:
    return json.dumps(dossiers[0], ensure_ascii=False, indent=1)


def _json_lines(dossiers: list[Records]) -> str:
    records = [
        {key.removesuffix("s"): record}
        for dossier in dossiers
        for key, value in dossier.items()
        for record in (value if isinstance(value, list) else [value])
    ]
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)


WRITERS = {"x.yaml": _yaml, "x.json": _json, "x.jsonl": _json_lines}

HEAD = "timeline: &t {id: x, title: x}\nevents:\n"
# what only YAML can contain, a number of times
YAML_CONTENTS: dict[str, Callable[[int], str]] = {
    "truncated texts": lambda n: HEAD + "- title: Pier #7\n" * n,
    "truncated texts in valid events": lambda n: "".join(
        line.replace("title: E", "title: E #7") + "\n"
        for line in _yaml([_dossier(events=_events(n))]).splitlines()
    ),
    "aliases": lambda n: HEAD + "- *t\n" * n,
    "merges": lambda n: HEAD + "- {<<: *t, id: e}\n" * n,
    "merges of one record": lambda n: HEAD + f"- {{<<: [{'*t, ' * n}]}}\n",
    "merge keys of one record": lambda n: HEAD + f"- {{{'<<: *t, ' * n}}}\n",
    "anchors": lambda n: HEAD + "".join(f"- &a{at} b\n- *a{at}\n" for at in range(n)),
    "duplicate keys": lambda n: HEAD + "- " + "id: a\n  " * n,
    "comments": lambda n: HEAD + "# c\n" * n + "- a\n",
    "line breaks of Unicode": lambda n: HEAD + '- "a\u2028b"\n' * n,
    "empty values": lambda n: HEAD + "- {a: , b: }\n" * n,
    "documents": lambda n: "--- a\n" * n,
}
JSON_CONTENTS: dict[str, Callable[[int], str]] = {
    "duplicate keys": lambda n: '{"timeline": {' + '"id": "a",\n' * n + '"title": "x"}}',
    "escapes": lambda n: '{"timeline": "' + "\\n" * n + '"}',
    "a number that is not JSON": lambda n: "[" + "1,\n" * n + "NaN]",
    "an end that is missing": lambda n: "[" + "1,\n" * n,
}

FILES: dict[tuple[str, str], Callable[[int], str]] = {
    **{
        (name, content): lambda n, write=write, make=make: write(make(n))  # type: ignore[misc]
        for name, write in WRITERS.items()
        for content, make in CONTENTS.items()
    },
    **{("x.yaml", content): make for content, make in YAML_CONTENTS.items()},
    **{("x.json", content): make for content, make in JSON_CONTENTS.items()},
    **{("x.jsonl", content): make for content, make in JSON_CONTENTS.items()},
}


def _load(file: IO[bytes]) -> None:
    with temporary_database() as connection, suppress(DossierError):
        load(connection, [file], datetime.now(UTC), max_record_size=1_024)


@pytest.mark.parametrize(("name", "content"), FILES)
def test_work_of_a_load_is_proportional_to_the_file(name: str, content: str) -> None:
    small, medium, large = (
        count_work(FILES[name, content](number), name, _load) for number in (20, 40, 80)
    )
    # Twice the file adds twice the work. If the work were quadratic, it would add four times.
    assert large.lines - medium.lines <= 2.2 * (medium.lines - small.lines) + 10
    assert large.characters - medium.characters <= 2.2 * (medium.characters - small.characters) + 10
