"""Each widget draws what the API answers, with the dates that the records have."""

import httpx
import pytest

from tests.browser.conftest import ZONES, Show
from tests.browser.forms import FORMS, events_of, expected
from tests.browser.widgets import WIDGETS, months_of, read


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
