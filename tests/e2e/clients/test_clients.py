"""Clients that are generated from the document are of use: they compile, and meet what is there."""

import json
import re

import httpx
import pytest

from tests.e2e.clients.conftest import Generated
from tests.support.corpus import edited

OPTIONAL = ["summary", "amount"]


@pytest.fixture(scope="session")
def there(seed: httpx.Client) -> dict[str, object]:
    """Give what a client must meet, as the server tells it to everybody."""
    asked = {"actor": ["nso-group", "candiru"], "from": "2021-11"}
    chosen = {"status": "reported", "order": "desc"}
    filtered = seed.get("/events", params={**asked, **chosen}).json()
    every = seed.get("/events", params={"limit": 500}).json()
    visit = seed.get("/events/biden-visits-israel").json()
    missing = seed.get("/events/no-such-event").json()
    refused = seed.get("/events", params={"from": "2021-13"}).json()
    lines = seed.get("/events.csv", params={"actor": "candiru"}).text.split("\r\n")
    assert len(every["items"]) > len(filtered["items"]) > 5
    assert (visit["date"]["earliest"], visit["date"]["latest"]) == ("2022-07-10", "2022-07-16")
    assert len(lines) > 2
    return {
        "filtered": [event["id"] for event in filtered["items"]],
        "paged": [event["id"] for event in every["items"]],
        "event": {
            "id": visit["id"],
            "edtf": visit["date"]["edtf"],
            "earliest": "2022-07-10",
            "days": 7,
            "place": visit["place"],
            "quotes": [
                [cited["quote"], cited["source"]["publisher"]["name"]]
                for cited in visit["citations"]
            ],
        },
        "absent": [name for name in OPTIONAL if name not in visit],
        "missing": {"status": 404, "detail": missing["detail"]},
        "refused": {"status": 422, **refused["errors"][0]},
        "csv": {"header": lines[0], "lines": len(lines)},
    }


def test_the_document_brings_no_warning(generated_client: Generated) -> None:
    warnings = [line for line in generated_client.told.splitlines() if re.search("(?i)warn", line)]
    forgiven = generated_client.client.forgiven
    assert [line for line in warnings if not re.search(forgiven, line)] == []


def test_the_client_meets_what_is_there(
    generated_client: Generated, there: dict[str, object]
) -> None:
    """Several actors, all pages, one event with its dates and quotes, two mistakes, and CSV."""
    check = generated_client.run(generated_client.client.check)
    assert check.returncode == 0, check.stdout
    run = generated_client.run(generated_client.client.run)
    assert run.returncode == 0, run.stdout
    assert json.loads(run.stdout) == there


def test_the_types_refuse_misuse(generated_client: Generated) -> None:
    """Each mistake is told by its line, and nothing else is."""
    client, folder = generated_client.client, generated_client.folder
    path = folder / client.journey
    right = path.read_text("utf-8")
    wrong = edited(path, path, *client.misuse.items()).read_text("utf-8")
    try:
        check = generated_client.run(client.check)
    finally:
        path.write_text(right, "utf-8")
    assert check.returncode != 0
    lines = re.findall(rf"^{re.escape(client.journey)}[:(](\d+)", check.stdout, re.MULTILINE)
    told = {wrong.splitlines()[int(line) - 1].strip() for line in lines}
    assert len(told) == len(client.misuse)
    assert all(any(text in line for line in told) for text in client.misuse.values())
