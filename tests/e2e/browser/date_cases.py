"""The days on which each widget must show each form of date."""

from typing import Any, NamedTuple

import httpx

from tests.e2e.browser.widgets import TIMELINEJS, VIS, Entry, Widget

Events = list[dict[str, Any]]

CALENDARS = {"fullcalendar", "eventcalendar"}
AXES = {"timelinejs", "vis"}
ALL = AXES | CALENDARS


class DateCase(NamedTuple):
    """A date, and how widgets show it."""

    display: str
    """The date in words."""
    first: str
    last: str
    whole: set[str]
    """The widgets that show all days; the others show the first."""
    is_exact: bool = False


DATE_CASES = {
    "2021-07-25": DateCase("25 July 2021", "2021-07-25", "2021-07-25", ALL, is_exact=True),
    "2022-07-19": DateCase("19 July 2022", "2022-07-19", "2022-07-19", ALL, is_exact=True),
    "2021-11": DateCase("November 2021", "2021-11-01", "2021-11-30", {"vis"}),
    "2022-07~": DateCase("about July 2022", "2022-07-01", "2022-07-31", {"vis"}),
    "2022-07?": DateCase("July 2022 (uncertain)", "2022-07-01", "2022-07-31", {"vis"}),
    "/2021-11": DateCase("until November 2021 (start unknown)", "2021-11-01", "2021-11-01", ALL),
    "2021-11/2022-07-19": DateCase("November 2021 – 19 July 2022", "2021-11-01", "2022-07-19", ALL),
    "[..2022-07-19]": DateCase("on or before 19 July 2022", "2022-07-19", "2022-07-19", ALL),
    "[2021-11-01..2022-07-19]": DateCase(
        "between 1 November 2021 and 19 July 2022", "2021-11-01", "2022-07-19", AXES
    ),
    "[2022-07-10..2022-07-16]": DateCase(
        "between 10 July 2022 and 16 July 2022", "2022-07-10", "2022-07-16", AXES
    ),
    # Not in the seed: the days on which clocks change in New York and Jerusalem, …
    "2021-03-14": DateCase("14 March 2021", "2021-03-14", "2021-03-14", ALL, is_exact=True),
    "2021-03-26": DateCase("26 March 2021", "2021-03-26", "2021-03-26", ALL, is_exact=True),
    "2021-10-31": DateCase("31 October 2021", "2021-10-31", "2021-10-31", ALL, is_exact=True),
    "2021-11-07": DateCase("7 November 2021", "2021-11-07", "2021-11-07", ALL, is_exact=True),
    "2021-03-13/2021-03-26": DateCase(
        "13 March 2021 – 26 March 2021", "2021-03-13", "2021-03-26", ALL, is_exact=True
    ),
    # … the last days of months and years, …
    "2021-12-31": DateCase("31 December 2021", "2021-12-31", "2021-12-31", ALL, is_exact=True),
    "2021-12-31/2022-01-01": DateCase(
        "31 December 2021 – 1 January 2022", "2021-12-31", "2022-01-01", ALL, is_exact=True
    ),
    "2021-02/2021-03": DateCase("February 2021 – March 2021", "2021-02-01", "2021-03-31", ALL),
    # … ends that have all parts of the start, …
    "2021/2021-06": DateCase("2021 – June 2021", "2021-01-01", "2021-06-30", ALL),
    "2021-11/2021-11-20": DateCase(
        "November 2021 – 20 November 2021", "2021-11-01", "2021-11-20", ALL
    ),
    "[2022-05..2022-05]": DateCase(
        "between May 2022 and May 2022", "2022-05-01", "2022-05-31", AXES
    ),
    # … and every other form.
    "2021": DateCase("2021", "2021-01-01", "2021-12-31", {"vis"}),
    "2021%": DateCase("about 2021 (uncertain)", "2021-01-01", "2021-12-31", {"vis"}),
    "2021-11-03?": DateCase("3 November 2021 (uncertain)", "2021-11-03", "2021-11-03", ALL),
    "2021-11-03~/2021-11-05": DateCase(
        "about 3 November 2021 – 5 November 2021", "2021-11-03", "2021-11-05", ALL
    ),
    "2021-11-03/..": DateCase("since 3 November 2021", "2021-11-03", "2021-11-03", ALL),
    "2021-11-03/": DateCase("from 3 November 2021 (end unknown)", "2021-11-03", "2021-11-03", ALL),
    "../2021-11-03": DateCase("until 3 November 2021", "2021-11-03", "2021-11-03", ALL),
    "2021-11/..": DateCase("since November 2021", "2021-11-01", "2021-11-01", ALL),
    "[2021-11-03..]": DateCase("on or after 3 November 2021", "2021-11-03", "2021-11-03", ALL),
    "[..2021]": DateCase("in or before 2021", "2021-01-01", "2021-01-01", ALL),
    "[2021-03..2021-04]": DateCase(
        "between March 2021 and April 2021", "2021-03-01", "2021-04-30", AXES
    ),
}
LEAD_ROLES = ["agent", "speaker", "participant"]


def _group(event: dict[str, Any]) -> str:
    """Return the name of the first participant by role."""
    roles = [*LEAD_ROLES, *(one["role"] for one in event["participants"])]
    ranked = sorted(event["participants"], key=lambda one: roles.index(one["role"]))
    return ranked[0]["actor"]["name"] if ranked else ""


def expected_entries(widget: Widget, events: Events) -> list[Entry]:
    """Return the entries that a widget must show for events."""
    return sorted(_expected_entry(widget, event) for event in events)


def _expected_entry(widget: Widget, event: dict[str, Any]) -> Entry:
    case = DATE_CASES[event["date"]["edtf"]]
    is_bare = case.is_exact and widget is not TIMELINEJS
    return Entry(
        event["title"] if is_bare else f"\u2068{case.display}\u2069: {event['title']}",
        case.first,
        case.last if widget.name in case.whole else case.first,
        _group(event) if widget in (TIMELINEJS, VIS) else "",
    )


def get_events(api: httpx.Client, query: str = "") -> Events:
    """Return the events that match a query."""
    params = httpx.QueryParams(query).set("limit", 500)
    events: Events = api.get("/events", params=params).json()["items"]
    return events
