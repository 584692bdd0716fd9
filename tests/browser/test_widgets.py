"""Each widget draws what the API answers, with the dates that the records have."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from app.dossier import Dossier
from tests.browser.conftest import ZONES, Show
from tests.browser.widgets import TIMELINEJS, VIS, WIDGETS, Entry, Widget, months_of, read
from tests.conftest import load_dossiers, new_database, serving

CALENDARS = {"fullcalendar", "eventcalendar"}
SPANS = {"timelinejs", "vis"}
ALL = SPANS | CALENDARS


class Form(NamedTuple):
    """A form of date: what is shown beside it, its days, and which widgets draw all of them."""

    display: str
    first: str
    last: str
    whole: set[str]
    exact: bool = False


FORMS = {
    "2021-07-25": Form("25 July 2021", "2021-07-25", "2021-07-25", ALL, exact=True),
    "2022-07-19": Form("19 July 2022", "2022-07-19", "2022-07-19", ALL, exact=True),
    "2021-11": Form("November 2021", "2021-11-01", "2021-11-30", {"vis"}),
    "2022-07~": Form("about July 2022", "2022-07-01", "2022-07-31", {"vis"}),
    "2022-07?": Form("July 2022 (uncertain)", "2022-07-01", "2022-07-31", {"vis"}),
    "/2021-11": Form("until November 2021 (start unknown)", "2021-11-01", "2021-11-01", ALL),
    "2021-11/2022-07-19": Form("November 2021 – 19 July 2022", "2021-11-01", "2022-07-19", ALL),
    "[..2022-07-19]": Form("on or before 19 July 2022", "2022-07-19", "2022-07-19", ALL),
    "[2021-11-01..2022-07-19]": Form(
        "between 1 November 2021 and 19 July 2022", "2021-11-01", "2022-07-19", SPANS
    ),
    "[2022-07-10..2022-07-16]": Form(
        "between 10 July 2022 and 16 July 2022", "2022-07-10", "2022-07-16", SPANS
    ),
    # What the seed has not: the days on which New York's and Jerusalem's clocks change, …
    "2021-03-14": Form("14 March 2021", "2021-03-14", "2021-03-14", ALL, exact=True),
    "2021-03-26": Form("26 March 2021", "2021-03-26", "2021-03-26", ALL, exact=True),
    "2021-10-31": Form("31 October 2021", "2021-10-31", "2021-10-31", ALL, exact=True),
    "2021-11-07": Form("7 November 2021", "2021-11-07", "2021-11-07", ALL, exact=True),
    "2021-03-13/2021-03-26": Form(
        "13 March 2021 – 26 March 2021", "2021-03-13", "2021-03-26", ALL, exact=True
    ),
    # … the ends of months and of years, …
    "2021-12-31": Form("31 December 2021", "2021-12-31", "2021-12-31", ALL, exact=True),
    "2021-12-31/2022-01-01": Form(
        "31 December 2021 – 1 January 2022", "2021-12-31", "2022-01-01", ALL, exact=True
    ),
    "2021-02/2021-03": Form("February 2021 – March 2021", "2021-02-01", "2021-03-31", ALL),
    # … and every other form.
    "2021": Form("2021", "2021-01-01", "2021-12-31", {"vis"}),
    "2021%": Form("about 2021 (uncertain)", "2021-01-01", "2021-12-31", {"vis"}),
    "2021-11-03?": Form("3 November 2021 (uncertain)", "2021-11-03", "2021-11-03", ALL),
    "2021-11-03~/2021-11-05": Form(
        "about 3 November 2021 – 5 November 2021", "2021-11-03", "2021-11-05", ALL
    ),
    "2021-11-03/..": Form("since 3 November 2021", "2021-11-03", "2021-11-03", ALL),
    "2021-11-03/": Form("from 3 November 2021 (end unknown)", "2021-11-03", "2021-11-03", ALL),
    "../2021-11-03": Form("until 3 November 2021", "2021-11-03", "2021-11-03", ALL),
    "2021-11/..": Form("since November 2021", "2021-11-01", "2021-11-01", ALL),
    "[2021-11-03..]": Form("on or after 3 November 2021", "2021-11-03", "2021-11-03", ALL),
    "[..2021]": Form("in or before 2021", "2021-01-01", "2021-01-01", ALL),
    "[2021-03..2021-04]": Form(
        "between March 2021 and April 2021", "2021-03-01", "2021-04-30", SPANS
    ),
}
FIRST_ROLES = ["agent", "speaker", "participant"]


def _group(event: dict[str, Any]) -> str:
    """Name the first participant by role."""
    roles = [*FIRST_ROLES, *(one["role"] for one in event["participants"])]
    ranked = sorted(event["participants"], key=lambda one: roles.index(one["role"]))
    return ranked[0]["actor"]["name"] if ranked else ""


def expected(widget: Widget, events: list[dict[str, Any]]) -> list[Entry]:
    """Say how events are to be drawn."""
    return sorted(_expected(widget, event) for event in events)


def _expected(widget: Widget, event: dict[str, Any]) -> Entry:
    form = FORMS[event["date"]["edtf"]]
    display = f"\u2068{form.display}\u2069: "
    return Entry(
        event["title"] if form.exact and widget is not TIMELINEJS else display + event["title"],
        form.first,
        form.last if widget.drawn in form.whole else form.first,
        _group(event) if widget in (TIMELINEJS, VIS) else "",
    )


def events_of(api: httpx.Client, query: str = "") -> list[dict[str, Any]]:
    """Give the events themselves."""
    events: list[dict[str, Any]] = api.get(f"/events?limit=500{query}").json()["items"]
    return events


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a dossier in which every form of date occurs once."""
    dossier: dict[str, Any] = {
        "timeline": {"id": "dates", "title": "Dates"},
        "actors": [{"id": "press", "name": "The Press", "kind": "media"}],
        "sources": [{"id": "calendar", "title": "A calendar", "publisher": "press"}],
        "events": [
            {
                "id": f"event-{number}",
                "title": f"Event {number}",
                "kind": "event",
                "status": "reported",
                "date": edtf,
                "citations": [{"source": "calendar", "quote": edtf}],
            }
            for number, edtf in enumerate(FORMS)
        ],
    }
    path = tmp_path_factory.mktemp("dates") / "timeline.db"
    load_dossiers(new_database(path), [Dossier.model_validate(dossier)])
    with serving(path) as client:
        yield client


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("dossier", ["seed", "dates"])
def test_every_event_is_drawn_on_its_days(
    request: pytest.FixtureRequest, show: Show, dossier: str, name: str, zone: str
) -> None:
    api = request.getfixturevalue(dossier)
    widget = WIDGETS[name]
    entries = expected(widget, events_of(api))
    with show(widget, api, widget.path, zone) as page:
        assert read(page, widget, months_of(entries)) == entries
    assert len(entries) == {"seed": 22, "dates": len(FORMS)}[dossier]


@pytest.mark.parametrize("name", WIDGETS)
def test_filters_in_the_url_work(seed: httpx.Client, show: Show, name: str) -> None:
    widget = WIDGETS[name]
    query = "actor=NSO&from=2021-11&to=2021-11"
    entries = expected(widget, events_of(seed, f"&{query}"))
    with show(widget, seed, f"{widget.path}?{query}") as page:
        assert read(page, widget, months_of(entries)) == entries
    assert len(entries) == 10
