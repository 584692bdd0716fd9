"""Each widget draws what the API answers, with the dates that the records have."""

import httpx
import pytest

from tests.browser.conftest import ZONES, Show
from tests.browser.widgets import WIDGETS, Entry, months_of, read


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", WIDGETS)
def test_x(seed: httpx.Client, show: Show, name: str, zone: str) -> None:
    widget = WIDGETS[name]
    with show(widget, seed, widget.path, zone) as page:
        for row in read(page, widget, months_of("2021-07-01", "2022-07-19")): print(*row, sep=" | ")
