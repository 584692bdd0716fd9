"""Generated clients compile, and receive the data of the server."""

import json
import re

import httpx
import pytest

from tests.e2e.clients.conftest import Generated
from tests.support.corpus import edited

OPTIONAL = ["summary", "amount"]


@pytest.fixture(scope="session")
def journey_output(seed: httpx.Client) -> dict[str, object]:
    """Return the expected output of each journey, from plain HTTP requests."""
    repeated = {"actor": ["nso-group", "candiru"], "from": "2021-11"}
    params = {**repeated, "status": "reported", "order": "desc"}
    filtered = seed.get("/events", params=params).json()
    all_events = seed.get("/events", params={"limit": 500}).json()
    visit = seed.get("/events/biden-visits-israel").json()
    missing = seed.get("/events/no-such-event").json()
    rejected = seed.get("/events", params={"from": "2021-13"}).json()
    lines = seed.get("/events.csv", params={"actor": "candiru"}).text.split("\r\n")
    assert len(all_events["items"]) > len(filtered["items"]) > 5
    assert (visit["date"]["earliest"], visit["date"]["latest"]) == ("2022-07-10", "2022-07-16")
    assert len(lines) > 2
    return {
        "filtered": [event["id"] for event in filtered["items"]],
        "paged": [event["id"] for event in all_events["items"]],
        "event": {
            "id": visit["id"],
            "edtf": visit["date"]["edtf"],
            "earliest": "2022-07-10",
            "days": 7,
            "place": visit["place"],
            "quotes": [
                [citation["quote"], citation["source"]["publisher"]["name"]]
                for citation in visit["citations"]
            ],
        },
        "absent": [name for name in OPTIONAL if name not in visit],
        "missing": {"status": 404, "detail": missing["detail"]},
        "rejected": {"status": 422, **rejected["errors"][0]},
        "csv": {"header": lines[0], "lines": len(lines)},
    }


def test_generator_prints_no_warning(generated_client: Generated) -> None:
    lines = generated_client.output.splitlines()
    warnings = [line for line in lines if re.search("(?i)warn", line)]
    ignored = generated_client.client.ignored_warnings
    assert [line for line in warnings if not re.search(ignored, line)] == []


def test_client_receives_data_of_server(
    generated_client: Generated, journey_output: dict[str, object]
) -> None:
    """The journey filters, turns pages, reads an event, provokes two errors and downloads CSV."""
    check = generated_client.run(generated_client.client.check)
    assert check.returncode == 0, check.stdout
    run = generated_client.run(generated_client.client.run)
    assert run.returncode == 0, run.stdout
    assert json.loads(run.stdout) == journey_output


def test_type_check_reports_misuse_only(generated_client: Generated) -> None:
    client, folder = generated_client.client, generated_client.folder
    path = folder / client.journey
    correct = path.read_text("utf-8")
    misused = edited(path, path, *client.misuse.items()).read_text("utf-8")
    try:
        check = generated_client.run(client.check)
    finally:
        path.write_text(correct, "utf-8")
    assert check.returncode != 0
    lines = re.findall(rf"^{re.escape(client.journey)}[:(](\d+)", check.stdout, re.MULTILINE)
    reported = {misused.splitlines()[int(line) - 1].strip() for line in lines}
    assert len(reported) == len(client.misuse)
    assert all(any(text in line for line in reported) for text in client.misuse.values())
