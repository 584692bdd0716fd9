"""The days that show a date in each widget and calendar. Nothing imprecise looks precise."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.read_formats import read_calendar
from tests.support.sample_events import load_sample_events
from tests.support.server import serving

# date: its days in TimelineJS, in vis-timeline, in FullCalendar and in iCalendar. TimelineJS shows
# months and years as such. An asterisk means that the date in words is part of the title.
DAYS: dict[str, tuple[str, str, str, str]] = {
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


CSS_CLASSES = {
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
    """Yield a client of a server with an event for each form of date."""
    folder = tmp_path_factory.mktemp("dates")
    events = [
        {"id": f"date-{number}", "title": edtf, "date": edtf} for number, edtf in enumerate(DAYS)
    ]
    with serving(load_sample_events(folder, *events)) as client:
        yield client


def _slide_day(day: dict[str, int] | None) -> str:
    return "-".join(f"{part:02}" for part in (day or {}).values())


def _days(first: str, last: str = "", *, in_words: bool = False) -> str:
    return f"{first}{f' {last}' if last and last != first else ''}{'*' if in_words else ''}"


def _has_date(title: str, display: str) -> bool:
    """Return whether a title in a widget begins with its date in words, isolated from the rest."""
    return title.startswith(f"\u2068{display}\u2069: ")


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


@pytest.mark.parametrize("edtf", DAYS)
def test_formats_show_date_without_false_precision(dates: httpx.Client, edtf: str) -> None:
    slug = f"date-{[*DAYS].index(edtf)}"
    event = dates.get(f"/events/{slug}").json()
    display = event["date"]["display"]

    slides = dates.get("/events.timelinejs.json").json()["events"]
    (slide,) = (one for one in slides if one["unique_id"] == slug)
    assert slide["display_date"] == f"\u2068{display}\u2069"
    slide_days = _days(_slide_day(slide["start_date"]), _slide_day(slide.get("end_date")))

    (item,) = (one for one in dates.get("/events.vis.json").json()["items"] if one["id"] == slug)
    assert item["type"] == ("range" if "end" in item else "point")
    assert display in item["title"]
    assert item["className"] == CSS_CLASSES[edtf]

    entries = dates.get("/events.fullcalendar.json").json()
    (entry,) = (one for one in entries if one["id"] == slug)
    assert entry["extendedProps"]["display"] == display
    assert " ".join(entry["classNames"]) == item["className"]
    last = _day_before(entry["end"]) if entry["end"] > entry["start"] else entry["start"]
    entry_days = _days(entry["start"], last, in_words=_has_date(entry["title"], display))
    assert _has_date(item["content"], display) == entry_days.endswith("*")

    calendar = read_calendar(dates.get("/events.ics").text)
    (component,) = (one for one in calendar if str(one.url).endswith(f"/{slug}.html"))
    assert component.transparency == "TRANSPARENT"
    # An entry on 31 December 9999 has a duration instead, because no day follows.
    last = _day_before(component.dtend.isoformat()) if component.dtend else entry["start"]
    first = component.dtstart.isoformat()
    ics_days = _days(first, last, in_words=component.summary.startswith(f"{display}: "))

    vis_days = _days(item["start"], item.get("end", ""))
    assert (slide_days, vis_days, entry_days, ics_days) == DAYS[edtf]


# the days that a calendar shows, and further filters: the events that it receives
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
    # A calendar can show days before year 1 and after year 9999.
    "start=9999-11-28T00:00:00Z&end=+010000-01-09T00:00:00Z": ["quay-in-use"],
    "start=-000001-12-27&end=0001-02-07": ["rumours"],
    "start=0000-12-27&end=0001-02-07": ["rumours"],
}


@pytest.mark.parametrize("query", VIEWS)
def test_calendar_receives_events_of_visible_days_in_local_time(
    harbour: httpx.Client, query: str
) -> None:
    path = f"/events.fullcalendar.json?{query}"
    # FullCalendar does not encode the "+" of a time zone.
    for url in (path, path.replace("+", "%2B")):
        assert [entry["id"] for entry in harbour.get(url).json()] == VIEWS[query]


def test_entry_at_end_of_calendar_keeps_all_days(tmp_path: Path) -> None:
    with serving(load_sample_events(tmp_path, {"date": "9999"}, {"date": "9999-12-31"})) as client:
        year, day = read_calendar(client.get("/events.ics").text)
    assert (year.dtstart.isoformat(), year.computed_duration.days) == ("9999-01-01", 365)
    assert (day.dtstart.isoformat(), day.computed_duration.days) == ("9999-12-31", 1)


@pytest.mark.parametrize("limit", [1, 2])
def test_truncation_notice_is_on_visible_day(tmp_path: Path, limit: int) -> None:
    dates = ("2021-11/2023", "[..2024-05-01]", "[..2024-05-02]")
    with serving(load_sample_events(tmp_path, *[{"date": edtf} for edtf in dates])) as client:
        path = "/events.fullcalendar.json?start=2022-07-01&end=2022-08-01"
        *entries, notice = client.get(f"{path}&limit={limit}").json()
    assert (len(entries), notice["id"]) == (limit, "_notice")
    assert "2022-07-01" <= notice["start"] <= "2022-08-01"
