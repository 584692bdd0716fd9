"""Each widget draws what the API answers, with the dates that the records have."""

import httpx
import pytest

from tests.e2e.browser.conftest import ZONES, Show
from tests.e2e.browser.forms import FORMS, events_of, expected
from tests.e2e.browser.widgets import TIMELINEJS, WIDGETS, months_of, read


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
    query = "actor=NSO&status=reported&kind=lobbying&kind=sanction"
    entries = expected(widget, events_of(seed, query))
    with show(widget, seed, f"{widget.path}?{query}") as page:
        assert read(page, widget, months_of(entries)) == entries
    assert len(entries) == 5


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("match", ["overlap", "within"])
def test_what_a_window_selects_is_drawn_to_its_end(
    seed: httpx.Client, show: Show, name: str, match: str
) -> None:
    """Also where a calendar shows other days, and not all of it lies in those."""
    widget = WIDGETS[name]
    query = "actor=NSO&from=2021-11&to=" + {"overlap": "2021-11", "within": "2022-07"}[match]
    entries = expected(widget, events_of(seed, f"{query}&date_match={match}"))
    with show(widget, seed, f"{widget.path}?{query}&date_match={match}") as page:
        assert read(page, widget, months_of(entries)) == entries
    assert len(entries) == 10


@pytest.mark.parametrize("name", WIDGETS)
def test_a_selection_of_nothing_is_drawn_as_nothing(
    seed: httpx.Client, show: Show, name: str
) -> None:
    widget = WIDGETS[name]
    with show(widget, seed, f"{widget.path}?actor=candiru&from=2023&to=2023") as page:
        entries = read(page, widget, ["2022-07-01", "2023-01-01"])
        if widget is TIMELINEJS:
            slides = page.locator(".tl-slide").all_inner_texts()
            assert [slide.split("\n")[0] for slide in slides] == ["No events match"]
            assert [entry.text for entry in entries] == ["\u2068\u2069: No events match"]
        else:
            assert entries == []


@pytest.mark.parametrize("name", ["fullcalendar", "eventcalendar"])
def test_calendars_tell_that_a_selection_is_cut(seed: httpx.Client, show: Show, name: str) -> None:
    widget = WIDGETS[name]
    with show(widget, seed, f"{widget.path}?limit=5") as page:
        page.locator(".notice").get_by_text("Only 5 of").wait_for()
