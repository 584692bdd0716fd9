"""Query a server with the Python client of openapi-generator, which uses Pydantic and urllib3."""

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
    """Print the data that the client receives."""
    events = EventsApi(ApiClient(Configuration(host=url)))

    # Events of either company since November 2021 that are reported, latest first.
    filtered = events.list_events(
        actor=["nso-group", "candiru"],
        var_from="2021-11",
        status=[EventStatus.REPORTED],
        order=SortOrder.DESC,
    )

    # One event. An unknown value is None: a date can be open at either end.
    visit = events.get_event("biden-visits-israel")
    earliest, latest = visit.var_date.earliest, visit.var_date.latest
    assert earliest is not None
    assert latest is not None
    optional = {"summary": visit.summary, "amount": visit.amount}

    # All errors have the same shape.
    missing = problem_of(lambda: events.get_event("no-such-event"))
    rejected = problem_of(lambda: events.list_events(var_from="2021-13"))
    fault = rejected.errors[0]

    lines = events.list_events_as_csv(actor=["candiru"]).split("\r\n")

    received = {
        "filtered": [event.id for event in filtered.items],
        "paged": [event.id for event in all_events(events)],
        "event": {
            "id": visit.id,
            "edtf": visit.var_date.edtf,
            "earliest": earliest.isoformat(),
            "days": (latest - earliest).days + 1,
            "place": visit.place,
            "quotes": [[one.quote, one.source.publisher.name] for one in visit.citations],
        },
        "absent": [name for name, value in optional.items() if value is None],
        "missing": {"status": missing.status, "detail": missing.detail},
        "rejected": {
            "status": rejected.status,
            "parameter": fault.parameter,
            "detail": fault.detail,
        },
        "csv": {"header": lines[0], "lines": len(lines)},
    }
    print(json.dumps(received))


def all_events(events: EventsApi) -> Iterator[Event]:
    """Yield all events, page by page: the last page has no `next`."""
    page = events.list_events(limit=5)
    yield from page.items
    while page.next is not None:
        page = events.list_events(limit=5, cursor=page.next)
        yield from page.items


def problem_of(request: Callable[[], object]) -> Problem:
    """Return the problem of a request that fails."""
    try:
        request()
    except ApiException as error:
        if isinstance(error.data, Problem):
            return error.data
        raise
    raise AssertionError("an error was expected")


main(sys.argv[1])
