"""What a widget stumbles over: avoided by the API and the snippets, and real where they are not."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.browser.conftest import Show, Visit
from tests.e2e.browser.forms import Events, events_of, expected
from tests.e2e.browser.site import HERE, Site, showing
from tests.e2e.browser.widgets import (
    EVENTCALENDAR,
    FULLCALENDAR,
    TIMELINEJS,
    VIS,
    WIDGETS,
    Widget,
    months_of,
    read,
)

ZONE = "Asia/Jerusalem"
DATED = {
    "timelinejs": ".tl-slide .tl-headline-date",
    "vis": ".vis-item-content",
    "fullcalendar": ".fc-event-title",
    "eventcalendar": ".ec-event-title",
}
Check = Callable[[Page, Widget, Events], None]
Edit = tuple[str, str]


def _drawn(page: Page, widget: Widget, events: Events) -> None:
    entries = expected(widget, events)
    assert read(page, widget, months_of(entries)) == entries


def _nothing(page: Page, *_: object) -> None:
    page.wait_for_load_state("networkidle")


def _shows_addresses_as_written(page: Page, *_: object) -> None:
    assert "http://foreign.example/plain" in page.locator("#nobody").inner_text()


def _draws_by_itself(page: Page, *_: object) -> None:
    page.wait_for_timeout(1_500)
    places = "(items) => new Set(items.map((item) => item.getBoundingClientRect().left)).size"
    assert page.locator(".vis-range").evaluate_all(places) > 1, "all in one place"


def _says_that_nothing_matches(page: Page, *_: object) -> None:
    told = page.locator("#timeline").inner_text()
    assert "No events match" in told
    assert page.locator(".tl-timemarker").count() == 1


def _says_that_it_is_cut(page: Page, *_: object) -> None:
    title = page.locator(".tl-slide-titleslide").inner_text()
    assert "5 of 22" in title, "not said"


def _shows_the_day(page: Page, *_: object) -> None:
    page.wait_for_load_state("networkidle")
    titles = page.locator(".fc-event, .ec-event").all_inner_texts()
    assert "About a dozen people protest outside NSO's offices in Herzliya" in titles


def _titles_are_whole(page: Page, widget: Widget, _: Events) -> None:
    titles = page.locator(DATED[widget.drawn])
    titles.filter(has_text="Biden").first.wait_for()
    page.add_script_tag(path=HERE / "drawn.js")
    assert titles.evaluate_all("(titles) => titles.filter(isCut).map((one) => one.innerText)") == []


def _dates_read_from_left_to_right(page: Page, widget: Widget, _: Events) -> None:
    page.add_script_tag(path=HERE / "drawn.js")
    date = "3 November 2021 (uncertain)"
    shown = page.locator(DATED[widget.drawn]).filter(has_text=date)
    assert date in shown.evaluate("(element) => asSeen(element)")


def _hebrew_runs_from_right_to_left(page: Page, *_: object) -> None:
    directions = page.locator("#hebrew-text .tl-text-content blockquote").evaluate_all(
        "(blocks) => blocks.map((block) => getComputedStyle(block).direction)"
    )
    assert directions == ["rtl"]


@dataclass(frozen=True)
class Pitfall:
    """What a widget stumbles over, how it is seen, and how it is made."""

    widget: Widget
    told: str
    """What the failure tells."""
    answer: Edit | None = None
    """Pattern and replacement that spoil what the API answers."""
    page: Edit | None = None
    """Text and replacement that spoil the snippet."""
    check: Check = _drawn
    dossier: str = "seed"
    query: str = ""
    view: tuple[Edit, ...] = ()
    """What is edited in the snippet, spoiled or not, for the pitfall to come into sight."""


RTL = ("<!doctype html>", '<!doctype html>\n<html dir="rtl">')
HEBREW = ("font: null", 'language: "he", font: null')
NOVEMBER = ("2022-07-01", "2021-11-01")
# How each widget is set from right to left.
TURNED = {
    "timelinejs": (HEBREW,),
    "vis": (RTL,),
    "fullcalendar": (("initialDate", 'direction: "rtl", initialDate'), NOVEMBER),
    "eventcalendar": (RTL, NOVEMBER),
}
OPTIONS = """, {
    font: null, // no fonts from elsewhere
    script_path: "/node_modules/@knight-lab/timelinejs/dist/js/",
  }"""
ISOLATES = ("[\u2068\u2069]", "")
BY_UTC = """(view, draw, fail) => {
      const [start, end] = [view.start, view.end].map((day) => day.toISOString());
      const days = new URLSearchParams({ start, end });
      fetch(`${URL}?${days}`).then((answer) => answer.json()).then(draw, fail);
    }"""

PITFALLS = {
    "a null end kills a timeline": Pitfall(
        TIMELINEJS, "assert [] ==", (r'"end_date":\{.*?\}', '"end_date":null')
    ),
    "a null date is printed": Pitfall(
        TIMELINEJS, "null: About a dozen", (r'"display_date":".*?"', '"display_date":null')
    ),
    "the end of a month is its first day": Pitfall(
        TIMELINEJS, "last='2022-07-01'", (r'("end_date":\{[^}]*),"day":\d+', r"\1")
    ),
    "no slides are an error": Pitfall(
        TIMELINEJS,
        "No events match",
        (r'"events":\[.*\]', '"events":[]'),
        check=_says_that_nothing_matches,
        query="actor=candiru&from=2023&to=2023",
    ),
    "a cut is not seen": Pitfall(
        TIMELINEJS, "5 of 22", ("Only 5 of 22", ""), check=_says_that_it_is_cut, query="limit=5"
    ),
    "a set fills every day": Pitfall(
        FULLCALENDAR,
        "last='2022-07-16'",
        ('"end":"2022-07-11"', '"end":"2022-07-17"'),
        query="kind=visit",
    ),
    "what has no end goes on": Pitfall(
        EVENTCALENDAR, "last='2022-08-06'", ('"end":".*?",', ""), query="kind=visit"
    ),
    **{
        f"{widget.drawn}: titles are cut off": Pitfall(
            widget,
            "Left contains 12 more items",
            page=("white-space: normal", ""),
            check=_titles_are_whole,
            view=(('id="calendar"', 'id="calendar" style="width: 50rem"'),),
        )
        for widget in (FULLCALENDAR, EVENTCALENDAR)
    },
    "a view is not of UTC": Pitfall(
        FULLCALENDAR,
        "About a dozen",
        page=('{ url: "URL" }', BY_UTC),
        check=_shows_the_day,
        view=(
            ("2022-07-01", "2021-07-25"),
            ("initialDate", 'initialView: "dayGridDay", initialDate'),
        ),
    ),
    "a calendar tells its time zone": Pitfall(
        FULLCALENDAR,
        "[] ==",
        page=('timeZone: "UTC"', 'timeZone: "UTC", timeZoneParam: "zone"'),
        query="kind=visit",
        view=(("initialDate", 'timeZone: "UTC", initialDate'),),
    ),
    "fonts come from elsewhere": Pitfall(TIMELINEJS, "asked for https://", page=(OPTIONS, "")),
    "languages come from elsewhere": Pitfall(
        TIMELINEJS, "asked for https://", page=("script_path:", "elsewhere:"), view=(HEBREW,)
    ),
    "slides are HTML": Pitfall(
        TIMELINEJS,
        "asked for http://foreign.example",
        ("&lt;iframe class=hostile src=(.*?)&gt;", r"<iframe src=\1>"),
        dossier="hostile",
        check=_nothing,
    ),
    "groups of slides are HTML twice": Pitfall(
        TIMELINEJS, "said actor", ("&amp;(lt|gt|#39);", r"&\1;"), dossier="hostile", check=_nothing
    ),
    "items are HTML": Pitfall(
        VIS,
        "asked for http://foreign.example",
        ("&lt;img class=hostile src=(.*?) .*?&gt;", r"<img src=\1>"),
        dossier="hostile",
        check=_nothing,
    ),
    "entries are no HTML": Pitfall(
        FULLCALENDAR, "&#39;", ("NSO's", "NSO&#39;s"), query="kind=protest"
    ),
    "addresses in slides become links": Pitfall(
        TIMELINEJS,
        "http://foreign.example/plain",
        ('"autolink":false', '"autolink":true'),
        dossier="hostile",
        check=_shows_addresses_as_written,
    ),
    **{
        f"{widget.drawn}: dates turn around": Pitfall(
            widget,
            "3 November 2021",
            ISOLATES,
            check=_dates_read_from_left_to_right,
            dossier="hostile",
            view=TURNED[widget.drawn],
        )
        for widget in WIDGETS.values()
    },
    "Hebrew is set from left to right": Pitfall(
        TIMELINEJS,
        "ltr",
        (r' dir=\\"auto\\"', ""),
        check=_hebrew_runs_from_right_to_left,
        dossier="hostile",
    ),
    "one group of several": Pitfall(VIS, "group=", ('"group":"nso-group"', '"group":"shomrim"')),
    "an end is exclusive": Pitfall(VIS, "2022-07-18", ('"end":"2022-07-20"', '"end":"2022-07-19"')),
    "what has no group is left out": Pitfall(
        VIS, "Right contains", ('"group":"",', ""), dossier="dates"
    ),
    "without options nothing is drawn again": Pitfall(
        VIS, "in one place", page=(', { zoomKey: "ctrlKey" }', ""), check=_draws_by_itself
    ),
}


@pytest.fixture
def api(request: pytest.FixtureRequest, name: str) -> httpx.Client:
    """Give a client of the dossier in which a pitfall is seen."""
    client: httpx.Client = request.getfixturevalue(PITFALLS[name].dossier)
    return client


# What is drawn of an ordinary answer in an ordinary page, test_widgets.py tells.
APART = [name for name, one in PITFALLS.items() if one.check is not _drawn or one.view]


@pytest.mark.parametrize("name", APART)
def test_pitfalls_are_avoided(api: httpx.Client, show: Show, name: str) -> None:
    pitfall = PITFALLS[name]
    url = f"{pitfall.widget.path}?{pitfall.query}"
    with show(pitfall.widget, api, url, ZONE, *pitfall.view) as page:
        pitfall.check(page, pitfall.widget, events_of(api, pitfall.query))


@pytest.mark.parametrize("name", PITFALLS)
def test_pitfalls_are_real(api: httpx.Client, show: Show, site: Site, name: str) -> None:
    pitfall = PITFALLS[name]
    url = str(api.base_url.join(f"{pitfall.widget.path}?{pitfall.query}"))
    edits = [*pitfall.view]
    if pitfall.page:
        old, new = (text.replace("URL", url) for text in pitfall.page)
        edits.append((old, new))
    if pitfall.answer:
        pattern, replacement = pitfall.answer
        spoiled, times = re.subn(pattern, replacement, api.get(url).text)
        assert times
        url = site.add("/spoiled.json", spoiled, "application/json")
    with (
        pytest.raises(AssertionError, match=re.escape(pitfall.told)),
        show(pitfall.widget, api, url, ZONE, *edits) as page,
    ):
        pitfall.check(page, pitfall.widget, events_of(api, pitfall.query))


def test_the_api_allows_every_origin(show: Show, site: Site) -> None:
    """Where no origin is allowed, nothing is drawn."""
    elsewhere = httpx.Client(base_url=site.origin.replace("127.0.0.1", "localhost"))
    site.add("/closed.json", '{"events": []}', "application/json")
    with (
        elsewhere,
        pytest.raises(AssertionError, match="blocked by CORS policy"),
        show(TIMELINEJS, elsewhere, "/closed.json") as page,
    ):
        assert page.locator(".tl-message-content").inner_text().endswith("[abort]")


def test_an_answer_that_allows_no_other_origin_is_an_error(
    seed: httpx.Client, visit: Visit, site: Site
) -> None:
    """What every widget here is spared, since its page stands on another origin than the API."""
    answer = seed.get(TIMELINEJS.path).text
    with showing() as elsewhere, httpx.Client(base_url=elsewhere.origin) as api:
        content = TIMELINEJS.page(elsewhere.add("/answer.json", answer, "application/json"))
        with visit(site.add("/widget.html", content), api, expected=["CORS", "net::"]) as page:
            page.get_by_text("trying to read your spreadsheet").wait_for()
