"""The README is true: its commands are run, and its tables are complete."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from html import escape
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.dates import EventDate
from app.formats import FORMATS
from app.params import ActorQuery, CalendarQuery, EventPageQuery, FacetQuery, HistogramQuery
from app.settings import Settings
from tests.conftest import load_into, new_database, required
from tests.readme import README, blocks_in


def _blocks(language: str) -> list[str]:
    return [text for name, text in blocks_in(README) if name == language]


def _tour() -> Iterator[tuple[str, str]]:
    """Give each command of the tour with the answer that is shown."""
    for block in _blocks("console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = step.partition("\n")
            yield command, answer.strip()


@pytest.mark.parametrize(("command", "answer"), [*_tour()])
def test_the_tour(seed: httpx.Client, tour: Path, command: str, answer: str) -> None:
    required("curl")
    address = f"{seed.base_url.host}:{seed.base_url.port}"
    bin_ = Path(sys.executable).parent
    run = subprocess.run(
        ["bash", "-c", command.replace("localhost:8000", address)],
        env={"PATH": f"{bin_}:{os.environ['PATH']}", "COLUMNS": "300"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tour,
        timeout=60,
        check=False,
    )
    # The one command that is shown to fail.
    assert run.returncode == int("wrong.yaml" in command)
    given = run.stdout.strip().replace(address, "localhost:8000")
    if answer.startswith("{"):
        assert_shown(json.loads(_as_json(answer)), json.loads(given))
    else:
        assert_shown(answer, given)


WRONG = """\
timeline: {id: harbour, title: The harbour contract}
actors:
  - {id: city, name: City of Łódź, kind: government}
  - {id: gazette, name: The Gazette, kind: media}
sources:
  - {id: gazette-quay, title: Quay to open in spring, publisher: gazette, published: 2020-05-01}
events:
  - id: contract-signed
    title: The city signs the contract
    kind: agreement
    status: reported
    date: 2020-03
    participants: [{actor: citty, role: participant}]
    citations: [{source: gazette-quay, quote: The City signed in the first week of March}]
  - id: works
    title: The quay is built
    kind: works
    status: reported
    date: 2021-02
    citations: [{source: gazette-quay, quote: Works go on.}]
  - id: quay-in-use
    title: The quay is in use
    kind: works
    status: reported
    date: 2020-13
"""


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory with the dossiers that the tour names."""
    path = tmp_path_factory.mktemp("tour")
    (path / "harbour.yaml").write_text(_blocks("yaml")[0], "utf-8")
    (path / "wrong.yaml").write_text(WRONG, "utf-8")
    return path


def _as_json(shown: str) -> str:
    """Make each … that stands outside a text a member or an item."""
    nesting: list[str] = []

    def token(match: re.Match[str]) -> str:
        found = match[0]
        if found in "{[":
            nesting.append(found)
        elif found in "}]":
            nesting.pop()
        elif found == "…":
            return '"…": "…"' if nesting[-1] == "{" else '"…"'
        return found

    return re.sub(r'"(?:[^"\\]|\\.)*"|[{}\[\]…]', token, shown)


def assert_shown(shown: Any, given: Any) -> None:  # noqa: ANN401 - any JSON
    """Check that what is given is what is shown, where … stands for anything."""
    if isinstance(shown, dict):
        members = {key: value for key, value in shown.items() if key != "…"}
        left_out = given.keys() - members.keys()
        assert members.keys() <= given.keys()
        assert bool(left_out) == ("…" in shown)
        for key, value in members.items():
            assert_shown(value, given[key])
    elif isinstance(shown, list):
        head = shown[: shown.index("…")] if "…" in shown else shown
        assert len(head) < len(given) if "…" in shown else len(head) == len(given)
        for one, other in zip(head, given, strict=False):
            assert_shown(one, other)
    elif isinstance(shown, str):
        assert re.fullmatch(".+".join(map(re.escape, shown.split("…"))), given, re.DOTALL), given
    else:
        assert shown == given


def test_what_is_shown_can_be_wrong() -> None:
    for shown, given in (
        ('{"a": 1}', {"a": 1, "b": 2}),
        ('{"a": 1, …}', {"a": 2, "b": 2}),
        ("[1, …]", [1]),
        ("[1]", [1, 2]),
        ('"a…"', "b"),
    ):
        with pytest.raises(AssertionError):
            assert_shown(json.loads(_as_json(shown)), given)


def test_every_setting_is_documented() -> None:
    rows = dict(re.findall(r"^\| `TIMELINE_(\w+)` \| (\S+) \|", README, re.MULTILINE))
    assert rows == {
        name.upper(): f"`{field.default}`" if field.default != "" else "none"
        for name, field in Settings.model_fields.items()
    }


def test_every_parameter_is_documented() -> None:
    section = README[README.index("## Filters") : README.index("## Dossiers")]
    documented = {*re.findall(r"`(\w+)`", section)}
    for model in (EventPageQuery, FacetQuery, HistogramQuery, ActorQuery, CalendarQuery):
        assert {field.alias or name for name, field in model.model_fields.items()} <= documented


def test_every_representation_is_documented() -> None:
    rows = dict(re.findall(r"^\| `/events\.(\S+)` \|.*\| (\S+) \|$", README, re.MULTILINE))
    assert rows == {
        suffix: f"{format_.cap:,}" if format_.cap else "all" for suffix, format_ in FORMATS.items()
    }


def test_every_date_is_shown_as_it_is() -> None:
    rows = re.findall(r"^\| `(\S+)` \| .+? \| (.+?) \|$", README, re.MULTILINE)
    dates = [(written, shown) for written, shown in rows if re.search(r"\d{4}", written)]
    assert len(dates) == 11
    assert [(EventDate.parse(written).display, shown) for written, shown in dates] == [
        (shown, shown) for _, shown in dates
    ]


def test_every_dossier_loads(tmp_path: Path) -> None:
    blocks = [("yaml", block) for block in _blocks("yaml")]
    blocks += [("jsonl", block) for block in _blocks("json")]
    assert len(blocks) == 3
    for number, (suffix, block) in enumerate(blocks):
        path = tmp_path / f"{number}.{suffix}"
        path.write_text(block, "utf-8")
        with closing(new_database(path.with_suffix(".db"))) as database:
            assert load_into(database, path).warnings == []


def test_commands_are_one_line_each() -> None:
    serve, run_tests, *_ = _blocks("sh")
    assert serve.count("\n") == run_tests.count("\n") == 1
    assert serve.endswith("timeline serve\n")
    assert run_tests.endswith("pytest\n")


def test_the_frame_is_what_the_page_offers(seed: httpx.Client) -> None:
    (frame,) = _blocks("text")
    page = seed.get("/?actor=nso-group", headers={"Host": "localhost:8000"}).text
    assert escape(frame.strip()) in page.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
