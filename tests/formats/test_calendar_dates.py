"""How dates are drawn by what knows days only: nothing imprecise looks precise."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.read_formats import read_calendar
from tests.support.sample_events import load_almanac
from tests.support.server import serving

# how a date is drawn, by form: in TimelineJS, in vis-timeline, in FullCalendar (and whether it is
# marked), and in a calendar
DRAWN: dict[str, tuple[str, str, str, str]] = {
    "2021-11-03": ("2021-11-03", "2021-11-03", "2021-11-03", "2021-11-03"),
    "2021-11": ("2021-11", "2021-11-01 2021-12-01", "2021-11-01*", "2021-11-01 2021-11-30*"),
    "2021": ("2021", "2021-01-01 2022-01-01", "2021-01-01*", "2021-01-01 2021-12-31*"),
    "2021-11-03~": ("2021-11-03", "2021-11-03", "2021-11-03*", "2021-11-03*"),
    "2021-11?": ("2021-11", "2021-11-01 2021-12-01", "2021-11-01*", "2021-11-01 2021-11-30*"),
    "2021-11-03/2021-11-05": (
        "2021-11-03 2021-11-05",
        "2021-11-03 2021-11-06",
        "2021-11-03 2021-11-05",
        "2021-11-03 2021-11-05",
    ),
    "2021-11/2022-02": (
        "2021-11 2022-02-28",
        "2021-11-01 2022-03-01",
        "2021-11-01 2022-02-28*",
        "2021-11-01 2022-02-28*",
    ),
    "[2022-07-10..2022-07-16]": (
        "2022-07-10 2022-07-16",
        "2022-07-10 2022-07-17",
        "2022-07-10*",
        "2022-07-10 2022-07-16*",
    ),
    "[2021-11..2022-02]": (
        "2021-11 2022-02-28",
        "2021-11-01 2022-03-01",
        "2021-11-01*",
        "2021-11-01 2022-02-28*",
    ),
    "../2021-11": ("2021-11", "2021-11-01", "2021-11-01*", "2021-11-01*"),
    "/2021-11-03": ("2021-11-03", "2021-11-03", "2021-11-03*", "2021-11-03*"),
    "[..2022-07-19]": ("2022-07-19", "2022-07-19", "2022-07-19*", "2022-07-19*"),
    "2021-11/..": ("2021-11", "2021-11-01", "2021-11-01*", "2021-11-01*"),
    "2021-11-03/": ("2021-11-03", "2021-11-03", "2021-11-03*", "2021-11-03*"),
    "[2021..]": ("2021", "2021-01-01", "2021-01-01*", "2021-01-01*"),
    "9999-12-31": ("9999-12-31", "9999-12-31", "9999-12-31", "9999-12-31"),
    "0033-04-03": ("33-04-03", "0033-04-03", "0033-04-03", "0033-04-03"),
}


CLASSES = {
    "2021-11-03": "date-date precision-day",
    "2021-11": "date-date precision-month inexact",
    "2021": "date-date precision-year inexact",
    "2021-11-03~": "date-date precision-day approximate inexact",
    "2021-11?": "date-date precision-month uncertain inexact",
    "2021-11-03/2021-11-05": "date-interval precision-range",
    "2021-11/2022-02": "date-interval precision-range inexact",
    "[2022-07-10..2022-07-16]": "date-set precision-range inexact",
    "[2021-11..2022-02]": "date-set precision-range inexact",
    "../2021-11": "date-interval precision-range open-start inexact",
    "/2021-11-03": "date-interval precision-range open-start inexact",
    "[..2022-07-19]": "date-set precision-range open-start inexact",
    "2021-11/..": "date-interval precision-range open-end inexact",
    "2021-11-03/": "date-interval precision-range open-end inexact",
    "[2021..]": "date-set precision-range open-end inexact",
    "9999-12-31": "date-date precision-day",
    "0033-04-03": "date-date precision-day",
}


@pytest.fixture(scope="module")
def dates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of one event for each form of a date."""
    folder = tmp_path_factory.mktemp("dates")
    events = [{"id": f"date-{at}", "title": edtf, "date": edtf} for at, edtf in enumerate(DRAWN)]
    with serving(load_almanac(folder, *events)) as client:
        yield client


def _slide_day(day: dict[str, int] | None) -> str:
    return "-".join(f"{part:02}" for part in (day or {}).values())


def _drawn(first: str, last: str = "", *, marked: bool = False) -> str:
    return f"{first}{f' {last}' if last and last != first else ''}{'*' if marked else ''}"


def _marked(title: str, display: str) -> bool:
    """Tell whether a title begins with its date, kept apart from the rest."""
    return title.startswith(f"\u2068{display}\u2069: ")


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


@pytest.mark.parametrize("edtf", DRAWN)
def test_nothing_imprecise_is_drawn_as_precise(dates: httpx.Client, edtf: str) -> None:
    slug = f"date-{[*DRAWN].index(edtf)}"
    event = dates.get(f"/events/{slug}").json()
    display = event["date"]["display"]

    slides = dates.get("/events.timelinejs.json").json()["events"]
    (slide,) = (one for one in slides if one["unique_id"] == slug)
    assert slide["display_date"] == f"\u2068{display}\u2069"
    slide_drawn = _drawn(_slide_day(slide["start_date"]), _slide_day(slide.get("end_date")))

    (item,) = (one for one in dates.get("/events.vis.json").json()["items"] if one["id"] == slug)
    assert item["type"] == ("range" if "end" in item else "point")
    assert display in item["title"]
    assert item["className"] == CLASSES[edtf]

    entries = dates.get("/events.fullcalendar.json").json()
    (entry,) = (one for one in entries if one["id"] == slug)
    assert entry["extendedProps"]["display"] == display
    assert " ".join(entry["classNames"]) == item["className"]
    last = _day_before(entry["end"]) if entry["end"] > entry["start"] else entry["start"]
    entry_drawn = _drawn(entry["start"], last, marked=_marked(entry["title"], display))
    assert _marked(item["content"], display) == entry_drawn.endswith("*")

    calendar = read_calendar(dates.get("/events.ics").text)
    (written,) = (one for one in calendar if str(one.url).endswith(f"/{slug}.html"))
    assert written.transparency == "TRANSPARENT"
    # After the last day that there is, none ends it.
    last = _day_before(written.dtend.isoformat()) if written.dtend else entry["start"]
    days = (written.dtstart.isoformat(), last)
    calendar_drawn = _drawn(*days, marked=_marked(written.summary, display))

    drawn = (slide_drawn, _drawn(item["start"], item.get("end", "")), entry_drawn, calendar_drawn)
    assert drawn == DRAWN[edtf]


# the view of a calendar: the events that it is given
VIEWS = {
    "start=2020-03-01T00:00:00-05:00&end=2020-04-01T00:00:00-04:00": ["bribe", "contract-signed"],
    "start=2020-03-01T00:00:00+02:00&end=2020-04-01T00:00:00Z": ["bribe", "contract-signed"],
    "start=2020-03-14&end=2020-03-15&timeZone=Asia/Jerusalem&_=1": ["bribe", "contract-signed"],
    "start=2020-03-14&end=2020-03-15&kind=agreement": ["contract-signed"],
    "start=2020-03-15": ["bribe", "works", "inspection", "first-crossing", "quay-in-use"],
    "end=2020-03-15": ["rumours", "bribe", "contract-signed"],
    "start=2020-02-01&end=2020-06-01&from=2020-03-20": ["bribe", "works"],
    "start=2020-02-01&end=2020-06-01&to=2020-02": ["rumours"],
    "start=2020-02-01&end=2020-06-01&date=../2020-02": ["rumours"],
    "start=2020-02-01&end=2020-06-01&to=2020-01": ["rumours"],
    "start=2020-12-01&end=2021-01-01&to=2020-04": ["works"],
    "start=2020-12-01&end=2021-01-01&from=2020-04&to=2021-02&date_match=within": ["works"],
    "start=2020-02-01&end=2020-06-01&from=2021-03": [],
    "start=2020-02-01&end=2020-06-01&date=2021-03/..&date_match=within": [],
    "start=2020-02-01&end=2020-02-01": [],
    "end=0001-01-01": ["rumours"],
    # Calendars at the ends of time.
    "start=9999-11-28T00:00:00Z&end=+010000-01-09T00:00:00Z": ["quay-in-use"],
    "start=-000001-12-27&end=0001-02-07": ["rumours"],
    "start=0000-12-27&end=0001-02-07": ["rumours"],
}


@pytest.mark.parametrize("query", VIEWS)
def test_a_calendar_asks_for_days_of_its_own_clock(harbour: httpx.Client, query: str) -> None:
    path = f"/events.fullcalendar.json?{query}"
    for asked in (path, path.replace("+", "%2B")):
        assert [entry["id"] for entry in harbour.get(asked).json()] == VIEWS[query]


def test_what_reaches_the_last_day_has_all_of_its_days(tmp_path: Path) -> None:
    with serving(load_almanac(tmp_path, {"date": "9999"}, {"date": "9999-12-31"})) as client:
        year, day = read_calendar(client.get("/events.ics").text)
    assert (year.dtstart.isoformat(), year.computed_duration.days) == ("9999-01-01", 365)
    assert (day.dtstart.isoformat(), day.computed_duration.days) == ("9999-12-31", 1)


@pytest.mark.parametrize("limit", [1, 2])
def test_the_notice_of_a_cut_calendar_stands_on_a_day_that_is_shown(
    tmp_path: Path, limit: int
) -> None:
    dates = ("2021-11/2023", "[..2024-05-01]", "[..2024-05-02]")
    with serving(load_almanac(tmp_path, *[{"date": edtf} for edtf in dates])) as client:
        path = "/events.fullcalendar.json?start=2022-07-01&end=2022-08-01"
        *entries, notice = client.get(f"{path}&limit={limit}").json()
    assert (len(entries), notice["id"]) == (limit, "_notice")
    assert "2022-07-01" <= notice["start"] <= "2022-08-01"
