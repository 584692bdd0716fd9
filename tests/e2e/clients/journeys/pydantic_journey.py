"""Asks a timeline by way of openapi-generator's Python client, of Pydantic and urllib3."""

import json
import sys
from collections.abc import Callable, Iterator

from pydantic_client import (
    ApiClient,
    Configuration,
    Event,
    EventsApi,
    EventStatus,
    Problem,
    SortOrder,
)
from pydantic_client.exceptions import ApiException


def main(url: str) -> None:
    """Print what the client met."""
    events = EventsApi(ApiClient(Configuration(host=url)))

    # What is reported of either company from November 2021 on, newest first?
    filtered = events.list_events(
        actor=["nso-group", "candiru"],
        var_from="2021-11",
        status=[EventStatus.REPORTED],
        order=SortOrder.DESC,
    )

    # One event. What is not known is None: a date may be open at either end.
    visit = events.get_event("biden-visits-israel")
    earliest, latest = visit.var_date.earliest, visit.var_date.latest
    assert earliest is not None
    assert latest is not None
    optional = {"summary": visit.summary, "amount": visit.amount}

    # A mistake is told as a problem, of one shape everywhere.
    missing = problem_of(lambda: events.get_event("no-such-event"))
    refused = problem_of(lambda: events.list_events(var_from="2021-13"))
    fault = refused.errors[0]

    lines = events.list_events_as_csv(actor=["candiru"]).split("\r\n")

    met = {
        "filtered": [event.id for event in filtered.items],
        "paged": [event.id for event in all_events(events)],
        "event": {
            "id": visit.id,
            "edtf": visit.var_date.edtf,
            "earliest": earliest.isoformat(),
            "days": (latest - earliest).days + 1,
            "place": visit.place,
            "quotes": [[said.quote, said.source.publisher.name] for said in visit.citations],
        },
        "absent": [name for name, value in optional.items() if value is None],
        "missing": {"status": missing.status, "detail": missing.detail},
        "refused": {
            "status": refused.status,
            "parameter": fault.parameter,
            "detail": fault.detail,
        },
        "csv": {"header": lines[0], "lines": len(lines)},
    }
    print(json.dumps(met))


def all_events(events: EventsApi) -> Iterator[Event]:
    """Give all events, page after page: an answer without `next` is the last."""
    page = events.list_events(limit=5)
    yield from page.items
    while page.next is not None:
        page = events.list_events(limit=5, cursor=page.next)
        yield from page.items


def problem_of(mistake: Callable[[], object]) -> Problem:
    """Give the problem that an error brings."""
    try:
        mistake()
    except ApiException as error:
        if isinstance(error.data, Problem):
            return error.data
        raise
    raise AssertionError("a mistake went unnoticed")


main(sys.argv[1])
