"""Whatever is asked of any path, with whatever parameters, is answered or refused."""

from collections import Counter
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.support.corpus import FERRY, HARBOUR, HOSTILE, SEED
from tests.support.databases import load_into, new_database
from tests.support.problem import check_problem
from tests.support.random_requests import Asking
from tests.support.requirements import repetitions

pytestmark = pytest.mark.full


@pytest.mark.anyio
async def test_nothing_that_is_asked_breaks_anything(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, SEED, HARBOUR, FERRY, HOSTILE)
    app = create_app(Settings(database_url=f"sqlite:///{database.path}"))
    transport = httpx.ASGITransport(app)
    answered = Counter[int]()
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        asking = Asking(seed=20_220_719, right=await _right(client))
        for _ in range(repetitions(1_000, 8_000)):
            target = asking.target()
            answer = await client.get(client.base_url.copy_with(raw_path=target.encode()))
            answered[answer.status_code] += 1
            assert answer.status_code < 500, target
            if answer.is_error:
                check_problem(answer, answer.status_code)
    app.state.database.close()
    assert answered.keys() == {200, 400, 404, 414, 422}
    assert answered[200] > answered.total() / 4


async def _right(client: httpx.AsyncClient) -> dict[str, list[str]]:
    """List values that are on record, by the names of the parameters that take them."""
    facets = (await client.get("/facets?facet_limit=200")).json()["facets"]
    right = {name: [one["value"] for one in counts] for name, counts in facets.items()}
    named = [one["label"] for one in facets["actor"]]
    page = (await client.get("/events?limit=5")).json()
    actors = (await client.get("/actors?limit=5")).json()
    titles = [event["title"] for event in page["items"]]
    return {
        **right,
        "id": [event["id"] for event in page["items"]] + right["actor"] + right["timeline"],
        "actor": right["actor"] + named,
        "exclude_actor": right["actor"] + named,
        "q": [*titles, *(word for title in titles for word in title.split())],
        "cursor": [page["next"], actors["next"]],
    }
