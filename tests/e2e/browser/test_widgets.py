"""Each widget shows the events of the API on the days of their dates."""

from pathlib import Path

import httpx
import pytest

from tests.e2e.browser.conftest import ZONES, ShowWidget
from tests.e2e.browser.date_cases import DATE_CASES, expected_entries, get_events
from tests.e2e.browser.widgets import TIMELINEJS, WIDGETS, months_of, read_entries
from tests.support.sample_events import load_sample_events
from tests.support.server import serving

# A selector of entries whose date is not certain to the day, and their styles by the snippet.
STYLES_OF_INEXACT = {
    "vis": (":is(.vis-range, .vis-dot).inexact", {"borderTopStyle": "dashed", "opacity": "0.75"}),
    "fullcalendar": (".fc-event.inexact", {"opacity": "0.75", "fontStyle": "italic"}),
    "eventcalendar": (".ec-event.inexact", {"opacity": "0.75", "fontStyle": "italic"}),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("dossier", ["seed", "dates"])
def test_widget_shows_every_event_on_its_days(
    request: pytest.FixtureRequest, show_widget: ShowWidget, dossier: str, name: str, zone: str
) -> None:
    api = request.getfixturevalue(dossier)
    widget = WIDGETS[name]
    entries = expected_entries(widget, get_events(api))
    with show_widget(widget, api, widget.path, zone) as page:
        assert read_entries(page, widget, months_of(entries)) == entries
    assert len(entries) == {"seed": 22, "dates": len(DATE_CASES)}[dossier]


@pytest.mark.parametrize("name", WIDGETS)
def test_widget_shows_filtered_events(
    seed: httpx.Client, show_widget: ShowWidget, name: str
) -> None:
    widget = WIDGETS[name]
    query = "actor=NSO&status=reported&kind=lobbying&kind=sanction"
    entries = expected_entries(widget, get_events(seed, query))
    with show_widget(widget, seed, f"{widget.path}?{query}") as page:
        assert read_entries(page, widget, months_of(entries)) == entries
    assert len(entries) == 5


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("match", ["overlap", "within"])
def test_widget_shows_events_of_date_range_on_all_their_days(
    seed: httpx.Client, show_widget: ShowWidget, name: str, match: str
) -> None:
    """The date range selects events, but does not clip the days that they are shown on."""
    widget = WIDGETS[name]
    query = "actor=NSO&from=2021-11&to=" + {"overlap": "2021-11", "within": "2022-07"}[match]
    entries = expected_entries(widget, get_events(seed, f"{query}&date_match={match}"))
    with show_widget(widget, seed, f"{widget.path}?{query}&date_match={match}") as page:
        assert read_entries(page, widget, months_of(entries)) == entries
    assert len(entries) == 10


@pytest.mark.parametrize("name", WIDGETS)
def test_widget_shows_empty_selection(
    seed: httpx.Client, show_widget: ShowWidget, name: str
) -> None:
    widget = WIDGETS[name]
    with show_widget(widget, seed, f"{widget.path}?actor=candiru&from=2023&to=2023") as page:
        entries = read_entries(page, widget, ["2022-07-01", "2023-01-01"])
        if widget is TIMELINEJS:
            slides = page.locator(".tl-slide").all_inner_texts()
            assert [slide.split("\n")[0] for slide in slides] == ["No events match"]
            assert [entry.text for entry in entries] == ["\u2068\u2069: No events match"]
        else:
            assert entries == []


@pytest.mark.parametrize("name", ["fullcalendar", "eventcalendar"])
def test_calendar_shows_truncation_notice(
    seed: httpx.Client, show_widget: ShowWidget, name: str
) -> None:
    widget = WIDGETS[name]
    with show_widget(widget, seed, f"{widget.path}?limit=5") as page:
        page.locator(".notice").get_by_text("Only 5 of").wait_for()


def test_id_of_event_opens_its_slide_if_title_is_the_same(
    tmp_path: Path, show_widget: ShowWidget
) -> None:
    path = load_sample_events(tmp_path, {"title": "Other"}, {"id": "the-almanac"})
    with serving(path) as api, show_widget(TIMELINEJS, api, TIMELINEJS.path) as page:
        for slide in ("the-almanac", "entry-0", "_title"):
            page.evaluate("(id) => timeline.goToId(id)", slide)
            assert page.evaluate("timeline.current_id") == slide
            assert page.evaluate("timeline.getCurrentSlide().data.unique_id") == slide


@pytest.mark.parametrize("name", STYLES_OF_INEXACT)
def test_style_of_snippet_is_applied_to_inexact_dates(
    seed: httpx.Client, show_widget: ShowWidget, name: str
) -> None:
    widget = WIDGETS[name]
    selector, styles = STYLES_OF_INEXACT[name]
    with show_widget(widget, seed, widget.path) as page:
        page.locator(selector).first.wait_for()
        for style, value in styles.items():
            script = f"(all) => [...new Set(all.map((one) => getComputedStyle(one).{style}))]"
            assert page.locator(selector).evaluate_all(script) == [value], style
