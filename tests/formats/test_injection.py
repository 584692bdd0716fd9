"""Malicious texts in a dossier do not change what is published around them.

The loader rejects a payload, with its location and a fix, or every format publishes it as text. To
prove the latter, a second dossier has harmless placeholders instead of the payloads. Both dossiers
must be published equally, apart from the placeholders.
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

from app.db.database import Database
from app.dossiers.diagnostics import DossierError
from app.formats import MEDIA_TYPES
from tests.support import injection_payloads as payloads
from tests.support.databases import load_into
from tests.support.read_everything import READERS
from tests.support.server import serving_files
from tests.support.snapshot import read_tables

HOST = {"Host": "timeline.example"}
HARMLESS = "Fine"
HARMLESS_LINK = "https://press.example/"

Record = dict[str, Any]
Dossier = list[Record]
"""The lines of a JSON Lines dossier: a timeline, an actor, a source and an event."""


class Payload(NamedTuple):
    """A text for every single-line field, every multi-line field and every link of a dossier."""

    line: str = HARMLESS
    prose: str = HARMLESS
    link: str = HARMLESS_LINK


TEXTS = [
    *(Payload(line=text, prose=text) for text in payloads.LINES.values()),
    *(Payload(prose=text) for text in payloads.PROSE.values()),
]
PAYLOADS = [*TEXTS, *(Payload(link=link) for link in payloads.LINKS.values())]


def records(slug: str, payload: Payload, **more: str) -> Dossier:
    """Build a dossier that contains a payload in every field that can contain it."""
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
        "topics": [{"id": slug, "label": line}],
        "participants": [
            {"actor": slug, "role": role, "capacity": line} for role in ("agent", "target")
        ],
        "citations": [citation, {**citation, "stance": "denies"}],
    }
    dossier = {"timeline": timeline, "actor": actor, "source": source, "event": event}
    return [{kind: {**record, **more}} for kind, record in dossier.items()]


def write(path: Path, dossiers: Sequence[Dossier]) -> Path:
    """Write dossiers to a JSON Lines file."""
    lines = [json.dumps(record) for dossier in dossiers for record in dossier]
    path.write_text("\n".join(lines), "utf-8")
    return path


def write_payloads(path: Path, payloads: Sequence[Payload] = PAYLOADS) -> Path:
    """Write a dossier for each payload. Its ids are `x` and the index of the payload."""
    return write(path, [records(f"x{index}", payload) for index, payload in enumerate(payloads)])


def locations(value: object, text: str, path: str = "") -> Iterator[str]:
    """Yield the path of each field with a text, in the notation of the loader."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from locations(member, text, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from locations(item, text, f"{path}[{index}]")
    elif value == text:
        yield path


# kind: its payloads, and a function that builds a dossier with one of them
REJECTED: dict[str, tuple[Sequence[str], Callable[[str, str], Dossier]]] = {
    "texts": (
        [*payloads.REFUSED.values()],
        lambda slug, text: records(slug, Payload(line=text, prose=text)),
    ),
    "lines": ([*payloads.PROSE.values()], lambda slug, text: records(slug, Payload(line=text))),
    "links": (
        [*payloads.REFUSED_LINKS.values()],
        lambda slug, link: records(slug, Payload(link=link)),
    ),
    "ids": ([*payloads.REFUSED_IDS.values()], lambda _, slug: records(slug, Payload())),
}


@pytest.mark.parametrize("kind", REJECTED)
def test_loader_rejects_payload_with_location_and_fix(
    database: Database, tmp_path: Path, kind: str
) -> None:
    texts, dossier_with = REJECTED[kind]
    empty = read_tables(database)
    dossiers = [dossier_with(f"x{index}", text) for index, text in enumerate(texts)]
    path = write(tmp_path / "x.jsonl", dossiers)
    with pytest.raises(DossierError) as error:
        load_into(database, path)
    errors = [_split(text, path) for text in error.value.diagnostics.errors]
    assert {(line, location) for line, location, _ in errors} == {
        (line, location)
        for index, text in enumerate(texts)
        for line, record in enumerate(dossiers[index], 1 + 4 * index)
        for location in locations(record, text)
    }
    for _, _, message in errors:
        assert re.search("[.] (Write|Remove|Correct) ", message), message
        assert message.isprintable()
    assert read_tables(database) == empty


def _split(error: str, path: Path) -> tuple[int, str, str]:
    line, location, message = error.removeprefix(f"{path}:").split(": ", 2)
    return int(line), location, message


@pytest.mark.parametrize("key", payloads.REFUSED_KEYS)
def test_loader_rejects_key_of_widget_or_prototype(
    database: Database, tmp_path: Path, key: str
) -> None:
    path = write(tmp_path / "x.jsonl", [records("x", Payload(), **{key: "x"})])
    with pytest.raises(DossierError) as error:
        load_into(database, path)
    errors = [_split(text, path) for text in error.value.diagnostics.errors]
    assert [(line, location) for line, location, _ in errors] == [
        (line, f"{kind}.{key}")
        for line, kind in enumerate(("timeline", "actor", "source", "event"), 1)
    ]
    assert all(message.startswith("The key is unknown here. ") for *_, message in errors)


# A placeholder is a word for each line of a payload, and a host for a link.
_WORD = re.compile(r'(["“]?)word(\d+)x(\d+)')
_LINK = re.compile(r"https://word(\d+)[.]example/")


def placeholder(index: int, payload: Payload) -> Payload:
    """Return harmless placeholders for a payload."""
    line, prose, link = payload
    return Payload(
        line if line == HARMLESS else _words(index, line),
        prose if prose == HARMLESS else _words(index, prose),
        link if link == HARMLESS_LINK else f"https://word{index}.example/",
    )


def _words(index: int, text: str) -> str:
    return "\n".join(
        # A quote that begins with a quotation mark is published without further ones.
        ('"' if line.startswith('"') else "") + f"word{index}x{number}" if line else ""
        for number, line in enumerate(_stored_lines(text))
    )


def _stored_lines(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text.strip()).split("\n")


def _percent_encoded(link: str) -> str:
    return re.sub(r'["<>\\^`{|}]', lambda sign: f"%{ord(sign[0]):02X}", link)


# How each format writes a line of a text, and a link, if it changes them.
LINES: dict[str, Callable[[str], str]] = {
    "csv": lambda line: line.replace("'", ""),
    "atom": lambda line: re.sub("[\ufffe\uffff]", "\ufffd", line),
}
LINKS = dict.fromkeys(("html", "atom", "jsonld", "timelinejs.json"), _percent_encoded)


def expected(content: Any, suffix: str) -> Any:  # noqa: ANN401 - any parsed content
    """Replace the placeholders in published content by the payloads, as the format writes them."""
    if isinstance(content, dict):
        return {name: expected(value, suffix) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return type(content)(expected(value, suffix) for value in content)
    if not isinstance(content, str):
        return content
    write_line, write_link = LINES.get(suffix, str), LINKS.get(suffix, str)

    def line(word: re.Match[str]) -> str:
        payload = PAYLOADS[int(word[2])]
        text = payload.prose if payload.line == HARMLESS else payload.line
        stored = _stored_lines(text)[int(word[3])]
        return ("" if word[1] and stored.startswith(word[1]) else word[1]) + write_line(stored)

    with_links = _LINK.sub(lambda word: write_link(PAYLOADS[int(word[1])].link), content)
    return _WORD.sub(line, with_links)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Yield clients of a server with the payloads, and of one with the placeholders."""
    with ExitStack() as stack:
        hostile, harmless = (tmp_path_factory.mktemp(name) for name in ("hostile", "harmless"))
        placeholders = [placeholder(index, payload) for index, payload in enumerate(PAYLOADS)]
        yield (
            stack.enter_context(serving_files(hostile, write_payloads(hostile / "x.jsonl"))),
            stack.enter_context(
                serving_files(harmless, write_payloads(harmless / "x.jsonl", placeholders))
            ),
        )


def _plain_date(text: str) -> str:
    """Remove the isolates of dates, which depend on the direction of the title."""
    return text.replace("\u2068November 2021\u2069", "November 2021")


# URL: the suffix of its format
URLS = {
    **{f"/events.{suffix}?limit=500": suffix for suffix in MEDIA_TYPES},
    **{f"/{name}?limit=500": "json" for name in ("events", "actors", "sources", "timelines")},
    "/facets?facet_limit=200": "json",
    "/embed.html?limit=500": "html",
}
# The same for URLs whose heading contains a payload, without events where the format allows that.
URLS_WITH_HEADING = {
    "/?timeline={id}&q=nothing": "html",
    "/embed.html?timeline={id}&q=nothing": "html",
    "/events/{id}.html": "html",
    "/events.timelinejs.json?timeline={id}": "timelinejs.json",
    **{
        f"/events.{suffix}?timeline={{id}}&q=nothing": suffix
        for suffix in ("ics", "atom", "jsonld")
    },
}


@pytest.mark.parametrize("url", [*URLS, *URLS_WITH_HEADING])
def test_payload_is_published_as_text(both: tuple[httpx.Client, httpx.Client], url: str) -> None:
    suffix = {**URLS, **URLS_WITH_HEADING}[url]
    words = 0
    for index, _ in enumerate(TEXTS if url in URLS_WITH_HEADING else TEXTS[:1]):
        responses = [client.get(url.format(id=f"x{index}"), headers=HOST) for client in both]
        assert [response.status_code for response in responses] == [200, 200]
        hostile, harmless = (READERS[suffix](_plain_date(response.text)) for response in responses)
        assert hostile == expected(harmless, suffix)
        words += len(_WORD.findall(responses[1].text))
    assert words >= len(payloads.LINES)


def test_every_format_has_reader() -> None:
    assert READERS.keys() == {*MEDIA_TYPES, "json"}
