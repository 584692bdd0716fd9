"""How each form of date is to be drawn, by which widget."""

from typing import Any, NamedTuple

import httpx

from tests.e2e.browser.widgets import TIMELINEJS, VIS, Entry, Widget

Events = list[dict[str, Any]]

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


def expected(widget: Widget, events: Events) -> list[Entry]:
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


def events_of(api: httpx.Client, query: str = "") -> Events:
    """Give the events that a query selects."""
    params = httpx.QueryParams(query).set("limit", 500)
    events: Events = api.get("/events", params=params).json()["items"]
    return events
