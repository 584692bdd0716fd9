"""Asks a timeline by way of openapi-python-client's client, of attrs and httpx."""

import json
import sys
from collections.abc import Iterator

from attrs_client import Client
from attrs_client.api.events import get_event, list_events, list_events_as_csv
from attrs_client.models import Event, EventPage, EventStatus, Problem, SortOrder
from attrs_client.types import UNSET, Unset


def main(client: Client) -> None:
    """Print what the client met."""
    # What is reported of either company from November 2021 on, newest first?
    filtered = list_events.sync(
        client=client,
        actor=["nso-group", "candiru"],
        from_="2021-11",
        status=[EventStatus.REPORTED],
        order=SortOrder.DESC,
    )
    assert isinstance(filtered, EventPage)

    # One event. What is not known is UNSET: a date may be open at either end.
    visit = get_event.sync("biden-visits-israel", client=client)
    assert isinstance(visit, Event)
    earliest, latest = visit.date.earliest, visit.date.latest
    assert not isinstance(earliest, Unset)
    assert not isinstance(latest, Unset)
    optional = {"summary": visit.summary, "amount": visit.amount}

    # A mistake is told as a problem, of one shape everywhere.
    missing = get_event.sync("no-such-event", client=client)
    refused = list_events.sync(client=client, from_="2021-13")
    assert isinstance(missing, Problem)
    assert isinstance(refused, Problem)
    fault = refused.errors[0]

    csv = list_events_as_csv.sync(client=client, actor=["candiru"])
    assert isinstance(csv, str)
    lines = csv.split("\r\n")

    met = {
        "filtered": [event.id for event in filtered.items],
        "paged": [event.id for event in all_events(client)],
        "event": {
            "id": visit.id,
            "edtf": visit.date.edtf,
            "earliest": earliest.isoformat(),
            "days": (latest - earliest).days + 1,
            "place": visit.place,
            "quotes": [[said.quote, said.source.publisher.name] for said in visit.citations],
        },
        "absent": [name for name, value in optional.items() if value is UNSET],
        "missing": {"status": missing.status, "detail": missing.detail},
        "refused": {
            "status": refused.status,
            "parameter": fault.parameter,
            "detail": fault.detail,
        },
        "csv": {"header": lines[0], "lines": len(lines)},
    }
    print(json.dumps(met))


def all_events(client: Client) -> Iterator[Event]:
    """Give all events, page after page: an answer without `next` is the last."""
    cursor: str | Unset = UNSET
    while True:
        page = list_events.sync(client=client, limit=5, cursor=cursor)
        assert isinstance(page, EventPage)
        yield from page.items
        if isinstance(page.next_, Unset):
            return
        cursor = page.next_


with Client(base_url=sys.argv[1]) as client:
    main(client)
