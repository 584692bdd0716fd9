"""Query a server with the client of openapi-python-client, which uses attrs and httpx."""

import json
import sys
from collections.abc import Iterator

from attrs_client import Client
from attrs_client.api.events import get_event, list_events, list_events_as_csv
from attrs_client.models import Event, EventPage, EventStatus, Problem, SortOrder
from attrs_client.types import UNSET, Unset


def main(client: Client) -> None:
    """Print the data that the client receives."""
    # Events of either company since November 2021 that are reported, latest first.
    filtered = list_events.sync(
        client=client,
        actor=["nso-group", "candiru"],
        from_="2021-11",
        status=[EventStatus.REPORTED],
        order=SortOrder.DESC,
    )
    assert isinstance(filtered, EventPage)

    # One event. An unknown value is UNSET: a date can be open at either end.
    visit = get_event.sync("biden-visits-israel", client=client)
    assert isinstance(visit, Event)
    earliest, latest = visit.date.earliest, visit.date.latest
    assert not isinstance(earliest, Unset)
    assert not isinstance(latest, Unset)
    optional = {"summary": visit.summary, "amount": visit.amount}

    # All errors have the same shape.
    missing = get_event.sync("no-such-event", client=client)
    rejected = list_events.sync(client=client, from_="2021-13")
    assert isinstance(missing, Problem)
    assert isinstance(rejected, Problem)
    fault = rejected.errors[0]

    csv = list_events_as_csv.sync(client=client, actor=["candiru"])
    assert isinstance(csv, str)
    lines = csv.split("\r\n")

    received = {
        "filtered": [event.id for event in filtered.items],
        "paged": [event.id for event in all_events(client)],
        "event": {
            "id": visit.id,
            "edtf": visit.date.edtf,
            "earliest": earliest.isoformat(),
            "days": (latest - earliest).days + 1,
            "place": visit.place,
            "quotes": [[one.quote, one.source.publisher.name] for one in visit.citations],
        },
        "absent": [name for name, value in optional.items() if value is UNSET],
        "missing": {"status": missing.status, "detail": missing.detail},
        "rejected": {
            "status": rejected.status,
            "parameter": fault.parameter,
            "detail": fault.detail,
        },
        "csv": {"header": lines[0], "lines": len(lines)},
    }
    print(json.dumps(received))


def all_events(client: Client) -> Iterator[Event]:
    """Yield all events, page by page: the last page has no `next`."""
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
