"""Nothing that a dossier holds breaks what is published.

Each payload is refused with its place and a cure, or what is published is that of a dossier of
harmless words, word for word, but for these words.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from app.db.sqlite.database import Database
from app.dossiers.diagnostics import DossierError
from app.formats import MEDIA_TYPES
from tests.support import injection_payloads as payloads
from tests.support.databases import load_into
from tests.support.read_everything import WHOLE
from tests.support.server import serving_files
from tests.support.snapshot import stored

HOST = {"Host": "timeline.example"}
FINE = "Fine"
FINE_LINK = "https://press.example/"

Record = dict[str, Any]
Dossier = list[Record]
"""Records as JSON Lines have them: a timeline, an actor, a source and an event."""


class Payload(NamedTuple):
    """What stands in every line, all prose and every link of a dossier's records."""

    line: str = FINE
    prose: str = FINE
    link: str = FINE_LINK


TEXTS = [
    *(Payload(line=text, prose=text) for text in payloads.LINES.values()),
    *(Payload(prose=text) for text in payloads.PROSE.values()),
]
PAYLOADS = [*TEXTS, *(Payload(link=link) for link in payloads.LINKS.values())]


def records(slug: str, payload: Payload, **more: str) -> Dossier:
    """Give a dossier in which a payload stands wherever it may, as JSON Lines has it."""
    line, prose, link = payload
    timeline: Record = {"id": slug, "title": line, "description": prose, "language": line}
    actor: Record = {
        "id": slug,
        "name": line,
        "kind": "person",
        "note": prose,
        "aliases": [{"name": line}],
    }
    source: Record = {
        "id": slug,
        "title": line,
        "publisher": slug,
        "author": line,
        "published": "2022-07-19",
        "url": link,
        "archived_url": link,
        "language": line,
        "note": prose,
    }
    citation = {"source": slug, "quote": prose, "locator": line, "attributed_to": line}
    event: Record = {
        "id": slug,
        "title": line,
        "summary": prose,
        "kind": "statement",
        "status": "disputed",
        "date": "2021-11",
        "date_text": line,
        "date_note": prose,
        "place": line,
        "amount": {"text": line, "unit": line},
        "topics": [slug],
        "participants": [
            {"actor": slug, "role": role, "capacity": line} for role in ("agent", "target")
        ],
        "citations": [citation, {**citation, "stance": "denies"}],
    }
    dossier = {"timeline": timeline, "actor": actor, "source": source, "event": event}
    return [{kind: {**record, **more}} for kind, record in dossier.items()]


def write(path: Path, dossiers: Sequence[Dossier]) -> Path:
    """Write dossiers as JSON Lines."""
    lines = [json.dumps(record) for dossier in dossiers for record in dossier]
    path.write_text("\n".join(lines), "utf-8")
    return path


def write_payloads(path: Path, payloads: Sequence[Payload] = PAYLOADS) -> Path:
    """Write a dossier of each payload, called by its number."""
    return write(path, [records(f"x{at}", payload) for at, payload in enumerate(payloads)])


def places(written: object, text: str, above: str = "") -> Iterator[str]:
    """Find where in a record a text stands, named as the loader names it."""
    if isinstance(written, dict):
        for key, value in written.items():
            yield from places(value, text, f"{above}.{key}" if above else key)
    elif isinstance(written, list):
        for at, value in enumerate(written):
            yield from places(value, text, f"{above}[{at}]")
    elif written == text:
        yield above


# the payloads of a kind, and the dossier in which one stands
REFUSED: dict[str, tuple[Sequence[str], Callable[[str, str], Dossier]]] = {
    "texts": (
        [*payloads.REFUSED.values()],
        lambda slug, text: records(slug, Payload(line=text, prose=text)),
    ),
    "lines": (
        [*payloads.PROSE.values()],
        lambda slug, text: records(slug, Payload(line=text)),
    ),
    "links": (
        [*payloads.REFUSED_LINKS.values()],
        lambda slug, link: records(slug, Payload(link=link)),
    ),
    "ids": ([*payloads.REFUSED_IDS.values()], lambda _, slug: records(slug, Payload())),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_with_its_place_and_a_cure(
    database: Database, tmp_path: Path, kind: str
) -> None:
    texts, dossier_with = REFUSED[kind]
    empty = stored(database)
    dossiers = [dossier_with(f"x{at}", text) for at, text in enumerate(texts)]
    path = write(tmp_path / "x.jsonl", dossiers)
    with pytest.raises(DossierError) as refused:
        load_into(database, path)
    told = [_parted(problem, path) for problem in refused.value.diagnostics.errors]
    assert {(line, place) for line, place, _ in told} == {
        (line, place)
        for dossier, text in enumerate(texts)
        for line, record in enumerate(dossiers[dossier], 1 + 4 * dossier)
        for place in places(record, text)
    }
    for _, _, message in told:
        assert re.search("; (write|remove|correct) ", message), message
        assert message.isprintable()
    assert stored(database) == empty


def _parted(problem: str, path: Path) -> tuple[int, str, str]:
    line, place, message = problem.removeprefix(f"{path}:").split(": ", 2)
    return int(line), place, message


@pytest.mark.parametrize("key", payloads.REFUSED_KEYS)
def test_no_key_of_somebody_else_is_taken(database: Database, tmp_path: Path, key: str) -> None:
    path = write(tmp_path / "x.jsonl", [records("x", Payload(), **{key: "x"})])
    with pytest.raises(DossierError) as refused:
        load_into(database, path)
    told = [_parted(problem, path) for problem in refused.value.diagnostics.errors]
    assert [(line, place) for line, place, _ in told] == [
        (line, f"{kind}.{key}")
        for line, kind in enumerate(("timeline", "actor", "source", "event"), 1)
    ]
    assert all(message.startswith("it is not known here; ") for *_, message in told)


# In the twin of a dossier, a word stands for each line of a payload, and a host for a link.
_WORD = re.compile(r'(["“]?)word(\d+)x(\d+)')
_LINK = re.compile(r"https://word(\d+)[.]example/")


def twin_of(at: int, payload: Payload) -> Payload:
    """Give what says harmless words in the place of a payload."""
    line, prose, link = payload
    return Payload(
        line if line == FINE else _words(at, line),
        prose if prose == FINE else _words(at, prose),
        link if link == FINE_LINK else f"https://word{at}.example/",
    )


def _words(at: int, text: str) -> str:
    return "\n".join(
        # What is in quotation marks of its own is given none.
        ('"' if line.startswith('"') else "") + f"word{at}x{number}" if line else ""
        for number, line in enumerate(_stored(text))
    )


def _stored(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text.strip()).split("\n")


def _encoded(link: str) -> str:
    return re.sub(r'["<>\\^`{|}]', lambda sign: f"%{ord(sign[0]):02X}", link)


# What each representation makes of a line of a text, and of a link.
LINES: dict[str, Callable[[str], str]] = {
    "csv": lambda line: line.replace("'", ""),
    "atom": lambda line: re.sub("[\ufffe\uffff]", "\ufffd", line),
}
LINKS = dict.fromkeys(("html", "atom", "jsonld", "timelinejs.json"), _encoded)


def told(twin: Any, suffix: str) -> Any:  # noqa: ANN401 - whatever is read
    """Say what a payload's own words should be told as, from what is told of its twin."""
    if isinstance(twin, dict):
        return {name: told(value, suffix) for name, value in twin.items()}
    if isinstance(twin, list | tuple):
        return type(twin)(told(value, suffix) for value in twin)
    if not isinstance(twin, str):
        return twin
    of_line, of_link = LINES.get(suffix, str), LINKS.get(suffix, str)

    def line(word: re.Match[str]) -> str:
        payload = PAYLOADS[int(word[2])]
        text = payload.prose if payload.line == FINE else payload.line
        written = _stored(text)[int(word[3])]
        return ("" if word[1] and written.startswith(word[1]) else word[1]) + of_line(written)

    linked = _LINK.sub(lambda word: of_link(PAYLOADS[int(word[1])].link), twin)
    return _WORD.sub(line, linked)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Give clients of a dossier of each payload, and of its twin."""
    with ExitStack() as stack:
        hostile, harmless = (tmp_path_factory.mktemp(name) for name in ("payloads", "twins"))
        twins = [twin_of(at, payload) for at, payload in enumerate(PAYLOADS)]
        yield (
            stack.enter_context(serving_files(hostile, write_payloads(hostile / "x.jsonl"))),
            stack.enter_context(
                serving_files(harmless, write_payloads(harmless / "x.jsonl", twins))
            ),
        )


# each address: the suffix of what is there
ANSWERS = {
    **{f"/events.{suffix}?limit=500": suffix for suffix in MEDIA_TYPES},
    **{f"/{name}?limit=500": "json" for name in ("events", "actors", "sources", "timelines")},
    "/facets?facet_limit=200": "json",
    "/embed.html?limit=500": "html",
}
# The same where a payload is the heading, without events where there is a heading without them.
HEADED = {
    "/?timeline={id}&q=nothing": "html",
    "/embed.html?timeline={id}&q=nothing": "html",
    "/events/{id}.html": "html",
    "/events.timelinejs.json?timeline={id}": "timelinejs.json",
    **{
        f"/events.{suffix}?timeline={{id}}&q=nothing": suffix
        for suffix in ("ics", "atom", "jsonld")
    },
}


@pytest.mark.parametrize("address", [*ANSWERS, *HEADED])
def test_it_changes_nothing_but_what_is_said(
    both: tuple[httpx.Client, httpx.Client], address: str
) -> None:
    suffix = {**ANSWERS, **HEADED}[address]
    words = 0
    for at, _ in enumerate(TEXTS if address in HEADED else TEXTS[:1]):
        answers = [client.get(address.format(id=f"x{at}"), headers=HOST) for client in both]
        assert [answer.status_code for answer in answers] == [200, 200]
        hostile, twin = (WHOLE[suffix](answer.text) for answer in answers)
        assert hostile == told(twin, suffix)
        words += len(_WORD.findall(answers[1].text))
    assert words >= len(payloads.LINES)


def test_every_representation_is_tried() -> None:
    assert WHOLE.keys() == {*MEDIA_TYPES, "json"}
