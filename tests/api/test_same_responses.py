"""SQLite and PostgreSQL: the same requests get the same responses, byte for byte."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.db.engines import open_database
from app.settings import Settings
from tests.support.corpus import FERRY, GENERATED, HARBOUR, HOSTILE, LATER, SEED
from tests.support.databases import load_dossiers, load_into
from tests.support.postgresql import create_database
from tests.support.random_requests import RequestGenerator, known_values
from tests.support.requirements import repetitions
from tests.support.server import serving

pytestmark = pytest.mark.full

_LINES = (
    "apple;Apple;Äpfel;äpfel;Zebra;zebra;ÆRØ;straße;STRASSE;ﬁn;İzmir;ılık",
    "ÇEŞME;Đà Nẵng;ǅ;Ὀδυσσεύς;ΟΔΥΣΣΕΥΣ;Київ;київ;Հայաստան;ᲗᲑᲘᲚᲘᲡᲘ;თბილისი",
    "ירושלים;יְרוּשָׁלַיִם;القاهرة;القَاهِرَة;تهران;हिन्दी;বাংলা;தமிழ்;ไทย;ລາວ;ဗမာ;ខ្មែរ",
    "አማርኛ;ᏣᎳᎩ;ꮳꮃꭹ;東京;东京;とうきょう;トウキョウ;ﾄｳｷｮｳ;서울;𐐔𐐯𐑅𐐨𐑉𐐯𐐻;𐐼𐐯𐑅𐐨𐑉𐐯𐐻",
    "👩🏽‍🚀;e\u0301te\u0301;été;ﷺ;①②③;x²;½;№ 7;a-b;a_b;a b;ab;a.b;a'b;a\"b;a\\b;\\N;\\x41",
    "%s %(x)s;:name;{1,2};$1;a & b | !c;<->;a:*;NULL;-;…;a\u00adb;x\u200by;_;~",
)
TEXTS = [text for line in _LINES for text in line.split(";")]
"""Texts that two engines could fold, order or escape differently."""
AMOUNTS = (0, 1, 1.0, 0.1, 1e-7, 1e15, 123456789.125, 2.5e6, -3.5)
CHANGING = {"date", "x-request-id"}


def _write_texts(folder: Path) -> Path:
    """Write a dossier with each text in each property."""
    numbered = [*enumerate(TEXTS)]
    dossier = {
        "timeline": {"id": "texts", "title": "Texts", "description": " ".join(TEXTS)},
        "actors": [
            {"id": f"text-{n}", "name": f"{text} {n}", "kind": "person", "aliases": [f"{n} {text}"]}
            for n, text in numbered
        ],
        "sources": [
            {"id": f"text-{n}", "title": text, "publisher": f"text-{n}"} for n, text in numbered
        ],
        "events": [
            {
                "id": f"text-{n}",
                "title": text,
                "summary": f"{text} — {TEXTS[n - 1]}",
                "kind": "text",
                "status": "reported",
                "date": f"20{n % 30:02}-11",
                "place": text,
                "amount": {"text": text, "min": AMOUNTS[n % len(AMOUNTS)], "unit": text},
                "topics": [{"id": f"topic-{n}", "label": text}],
                "participants": [{"actor": f"text-{n}", "role": "agent", "capacity": text}],
                "citations": [{"source": f"text-{n}", "quote": text, "locator": text}],
            }
            for n, text in numbered
        ],
    }
    path = folder / "texts.json"
    path.write_text(json.dumps(dossier), "utf-8")
    return path


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[httpx.Client]]:
    """Yield a client of each engine. Both have the same records and the same history."""
    folder = tmp_path_factory.mktemp("same")
    texts = _write_texts(folder)
    with ExitStack() as stack:
        clients = []
        for url in (f"sqlite:///{folder}/timeline.db", create_database("same")):
            database = open_database(Settings(database_url=url))
            stack.callback(database.close)
            database.migrate_if_needed()
            load_into(database, SEED, HARBOUR, HOSTILE, texts)
            load_dossiers(database, GENERATED[:1])
            load_dossiers(database, GENERATED, LATER)
            load_into(database, FERRY, now=LATER)
            clients.append(stack.enter_context(serving(database, query_timeout=60)))
            clients[-1].headers["Host"] = "timeline.example"
        yield clients


def _differences(responses: Iterable[httpx.Response]) -> list[set[tuple[str, str]]]:
    """Return what one of two responses has, and the other has not."""
    one, other = (
        {
            ("status", str(response.status_code)),
            ("body", response.text),
            *(header for header in response.headers.multi_items() if header[0] not in CHANGING),
        }
        for response in responses
    )
    return [one - other, other - one]


def test_same_requests_get_the_same_responses(clients: list[httpx.Client]) -> None:
    paths = ("/facets?facet_limit=200", "/events?limit=5", "/actors?limit=5")
    facets, events, actors = [clients[0].get(path).json() for path in paths]
    generator = RequestGenerator(20_220_719, known_values(facets, events, actors))
    statuses = Counter[int]()
    targets: list[str] = []
    for _ in range(repetitions(300, 5_000)):
        target = targets.pop() if targets else generator.target()
        if target.startswith("/readyz"):  # names the engine
            continue
        responses = [
            client.get(client.base_url.copy_with(raw_path=target.encode())) for client in clients
        ]
        assert _differences(responses) == [set(), set()], target
        statuses[responses[0].status_code] += 1
        if following := responses[0].links.get("next"):
            url = urlsplit(following["url"])
            targets.append(f"{url.path}?{url.query}")
    assert statuses.keys() <= {200, 400, 404, 414, 422}
    assert statuses[200] > statuses.total() / 4
