"""Pitfalls of the widgets: the API and the snippets avoid them.

A changed response or snippet also provokes each pitfall, to prove that the checks detect it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.browser.conftest import OpenPage, ShowWidget
from tests.e2e.browser.date_cases import Events, expected_entries, get_events
from tests.e2e.browser.widget_site import HERE, WidgetSite, run_site
from tests.e2e.browser.widgets import (
    EVENTCALENDAR,
    FULLCALENDAR,
    TIMELINEJS,
    VIS,
    WIDGETS,
    Widget,
    months_of,
    read_entries,
)

ZONE = "Asia/Jerusalem"
TITLE_SELECTORS = {
    "timelinejs": ".tl-slide .tl-headline-date",
    "vis": ".vis-item-content",
    "fullcalendar": ".fc-event-title",
    "eventcalendar": ".ec-event-title",
}
Check = Callable[[Page, Widget, Events], None]
Edit = tuple[str, str]


def _entries_are_right(page: Page, widget: Widget, events: Events) -> None:
    entries = expected_entries(widget, events)
    assert read_entries(page, widget, months_of(entries)) == entries


def _has_no_errors(page: Page, *_: object) -> None:
    # `open_page` fails if there are errors.
    page.wait_for_load_state("networkidle")


def _urls_stay_text(page: Page, *_: object) -> None:
    assert "http://foreign.example/plain" in page.locator("#nobody").inner_text()


def _is_shown_without_interaction(page: Page, *_: object) -> None:
    page.wait_for_timeout(1_500)
    positions = "(items) => new Set(items.map((item) => item.getBoundingClientRect().left)).size"
    assert page.locator(".vis-range").evaluate_all(positions) > 1, "all in one position"


def _says_that_nothing_matches(page: Page, *_: object) -> None:
    assert "No events match" in page.locator("#timeline").inner_text()
    assert page.locator(".tl-timemarker").count() == 1


def _says_that_it_is_truncated(page: Page, *_: object) -> None:
    title = page.locator(".tl-slide-titleslide").inner_text()
    assert "5 of 22" in title


def _shows_the_day(page: Page, *_: object) -> None:
    page.wait_for_load_state("networkidle")
    titles = page.locator(".fc-event, .ec-event").all_inner_texts()
    assert "About a dozen people protest outside NSO's offices in Herzliya" in titles


def _titles_are_not_clipped(page: Page, widget: Widget, _: Events) -> None:
    titles = page.locator(TITLE_SELECTORS[widget.name])
    titles.filter(has_text="Biden").first.wait_for()
    page.add_script_tag(path=HERE / "read_widgets.js")
    assert (
        titles.evaluate_all("(titles) => titles.filter(isClipped).map((title) => title.innerText)")
        == []
    )


def _dates_are_left_to_right(page: Page, widget: Widget, _: Events) -> None:
    page.add_script_tag(path=HERE / "read_widgets.js")
    date = "3 November 2021 (uncertain)"
    title = page.locator(TITLE_SELECTORS[widget.name]).filter(has_text=date)
    assert date in title.evaluate("(element) => visualText(element)")


def _hebrew_is_right_to_left(page: Page, *_: object) -> None:
    directions = page.locator("#hebrew-text .tl-text-content blockquote").evaluate_all(
        "(blocks) => blocks.map((block) => getComputedStyle(block).direction)"
    )
    assert directions == ["rtl"]


@dataclass(frozen=True)
class Pitfall:
    """A mistake that a widget punishes, how to provoke it, and how to detect it."""

    widget: Widget
    failure: str
    """A part of the message of the failed check."""
    response: Edit | None = None
    """A pattern and its replacement, which break the response of the API."""
    page: Edit | None = None
    """A text and its replacement, which break the snippet."""
    check: Check = _entries_are_right
    dossier: str = "seed"
    query: str = ""
    setup: tuple[Edit, ...] = ()
    """Edits of the snippet, broken or not, that make the pitfall visible."""


RTL = ("<!doctype html>", '<!doctype html>\n<html dir="rtl">')
HEBREW = ("font: null", 'language: "he", font: null')
NOVEMBER = ("2022-07-01", "2021-11-01")
# The edits that make a widget right-to-left.
RIGHT_TO_LEFT = {
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
IN_UTC = """(view, resolve, reject) => {
      const [start, end] = [view.start, view.end].map((day) => day.toISOString());
      const days = new URLSearchParams({ start, end });
      fetch(`${URL}?${days}`).then((response) => response.json()).then(resolve, reject);
    }"""

PITFALLS = {
    "a null end stops the widget": Pitfall(
        TIMELINEJS, "assert [] ==", (r'"end_date":\{.*?\}', '"end_date":null')
    ),
    "a null date is shown": Pitfall(
        TIMELINEJS, "null: About a dozen", (r'"display_date":".*?"', '"display_date":null')
    ),
    "a month as end is its first day": Pitfall(
        TIMELINEJS, "last='2022-07-01'", (r'("end_date":\{[^}]*),"day":\d+', r"\1")
    ),
    "an end with all parts of the start is dropped": Pitfall(
        TIMELINEJS, "last='2021-01-01'", (r',"display_date":"2021"\}', "}"), dossier="dates"
    ),
    "no slides cause an error": Pitfall(
        TIMELINEJS,
        "No events match",
        (r'"events":\[.*\]', '"events":[]'),
        check=_says_that_nothing_matches,
        query="actor=candiru&from=2023&to=2023",
    ),
    "truncation is invisible": Pitfall(
        TIMELINEJS,
        "5 of 22",
        ("Only 5 of 22", ""),
        check=_says_that_it_is_truncated,
        query="limit=5",
    ),
    "a set fills each of its days": Pitfall(
        FULLCALENDAR,
        "last='2022-07-16'",
        ('"end":"2022-07-11"', '"end":"2022-07-17"'),
        query="kind=visit",
    ),
    "an event without an end continues": Pitfall(
        EVENTCALENDAR, "last='2022-08-06'", ('"end":".*?",', ""), query="kind=visit"
    ),
    **{
        f"{widget.name}: titles are clipped": Pitfall(
            widget,
            "Left contains 12 more items",
            page=("white-space: normal", ""),
            check=_titles_are_not_clipped,
            setup=(('id="calendar"', 'id="calendar" style="width: 50rem"'),),
        )
        for widget in (FULLCALENDAR, EVENTCALENDAR)
    },
    "visible days are in local time": Pitfall(
        FULLCALENDAR,
        "About a dozen",
        page=('{ url: "URL" }', IN_UTC),
        check=_shows_the_day,
        setup=(
            ("2022-07-01", "2021-07-25"),
            ("initialDate", 'initialView: "dayGridDay", initialDate'),
        ),
    ),
    "fonts come from another server": Pitfall(
        TIMELINEJS, "request to https://", page=(OPTIONS, "")
    ),
    "languages come from another server": Pitfall(
        TIMELINEJS, "request to https://", page=("script_path:", "other_path:"), setup=(HEBREW,)
    ),
    "slides are parsed as HTML": Pitfall(
        TIMELINEJS,
        "request to http://foreign.example",
        ("&lt;iframe class=hostile src=(.*?)&gt;", r"<iframe src=\1>"),
        dossier="hostile",
        check=_has_no_errors,
    ),
    "groups of slides are parsed as HTML twice": Pitfall(
        TIMELINEJS,
        "alert actor",
        ("&amp;(lt|gt|#39);", r"&\1;"),
        dossier="hostile",
        check=_has_no_errors,
    ),
    "items are parsed as HTML": Pitfall(
        VIS,
        "request to http://foreign.example",
        ("&lt;img class=hostile src=(.*?) .*?&gt;", r"<img src=\1>"),
        dossier="hostile",
        check=_has_no_errors,
    ),
    "entries are plain text": Pitfall(
        FULLCALENDAR, "&#39;", ("NSO's", "NSO&#39;s"), query="kind=protest"
    ),
    "URLs in slides become links": Pitfall(
        TIMELINEJS,
        "http://foreign.example/plain",
        ('"autolink":false', '"autolink":true'),
        dossier="hostile",
        check=_urls_stay_text,
    ),
    **{
        f"{widget.name}: dates are reversed": Pitfall(
            widget,
            "3 November 2021",
            ISOLATES,
            check=_dates_are_left_to_right,
            dossier="hostile",
            setup=RIGHT_TO_LEFT[widget.name],
        )
        for widget in WIDGETS.values()
    },
    "Hebrew is left-to-right": Pitfall(
        TIMELINEJS,
        "ltr",
        (r' dir=\\"auto\\"', ""),
        check=_hebrew_is_right_to_left,
        dossier="hostile",
    ),
    "an item has one group": Pitfall(VIS, "group=", ('"group":"nso-group"', '"group":"shomrim"')),
    "an end is exclusive": Pitfall(VIS, "2022-07-18", ('"end":"2022-07-20"', '"end":"2022-07-19"')),
    "an item without a group is hidden": Pitfall(
        VIS, "Right contains", ('"group":"",', ""), dossier="dates"
    ),
    "without options items are not redrawn": Pitfall(
        VIS,
        "in one position",
        page=(', { zoomKey: "ctrlKey" }', ""),
        check=_is_shown_without_interaction,
    ),
}


@pytest.fixture
def api(request: pytest.FixtureRequest, name: str) -> httpx.Client:
    """Return a client of the server with the dossier that shows a pitfall."""
    client: httpx.Client = request.getfixturevalue(PITFALLS[name].dossier)
    return client


# test_widgets.py checks the entries of unchanged responses in unchanged snippets.
OTHER_CHECKS = [
    name
    for name, pitfall in PITFALLS.items()
    if pitfall.check is not _entries_are_right or pitfall.setup
]


@pytest.mark.parametrize("name", OTHER_CHECKS)
def test_pitfall_is_avoided(api: httpx.Client, show_widget: ShowWidget, name: str) -> None:
    pitfall = PITFALLS[name]
    url = f"{pitfall.widget.path}?{pitfall.query}"
    with show_widget(pitfall.widget, api, url, ZONE, *pitfall.setup) as page:
        pitfall.check(page, pitfall.widget, get_events(api, pitfall.query))


@pytest.mark.parametrize("name", PITFALLS)
def test_pitfall_is_detected(
    api: httpx.Client, show_widget: ShowWidget, site: WidgetSite, name: str
) -> None:
    pitfall = PITFALLS[name]
    url = str(api.base_url.join(f"{pitfall.widget.path}?{pitfall.query}"))
    edits = [*pitfall.setup]
    if pitfall.page:
        old, new = (text.replace("URL", url) for text in pitfall.page)
        edits.append((old, new))
    if pitfall.response:
        pattern, replacement = pitfall.response
        broken, replacements = re.subn(pattern, replacement, api.get(url).text)
        assert replacements
        url = site.add("/broken.json", broken, "application/json")
    with (
        pytest.raises(AssertionError, match=re.escape(pitfall.failure)),
        show_widget(pitfall.widget, api, url, ZONE, *edits) as page,
    ):
        pitfall.check(page, pitfall.widget, get_events(api, pitfall.query))


def test_widget_shows_nothing_without_cors(show_widget: ShowWidget, site: WidgetSite) -> None:
    other_host = httpx.Client(base_url=site.origin.replace("127.0.0.1", "localhost"))
    site.add("/closed.json", '{"events": []}', "application/json")
    with (
        other_host,
        pytest.raises(AssertionError, match="blocked by CORS policy"),
        show_widget(TIMELINEJS, other_host, "/closed.json") as page,
    ):
        assert page.locator(".tl-message-content").inner_text().endswith("[abort]")


def test_response_without_cors_shows_error(
    seed: httpx.Client, open_page: OpenPage, site: WidgetSite
) -> None:
    """In all other tests the API allows every origin, since the page is on another one."""
    response = seed.get(TIMELINEJS.path).text
    with run_site() as other_site, httpx.Client(base_url=other_site.origin) as api:
        content = TIMELINEJS.page(other_site.add("/events.json", response, "application/json"))
        with open_page(site.add("/widget.html", content), api, expected=["CORS", "net::"]) as page:
            page.get_by_text("trying to read your spreadsheet").wait_for()
