"""Random requests with valid, nearly valid and invalid parameters never cause a 5xx."""

from collections import Counter
from pathlib import Path

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.support.corpus import FERRY, HARBOUR, HOSTILE, SEED
from tests.support.databases import load_into, new_database, url_of
from tests.support.problem import check_problem
from tests.support.random_requests import RequestGenerator, known_values
from tests.support.requirements import repetitions

pytestmark = pytest.mark.full


@pytest.mark.anyio
async def test_random_requests_get_a_response_or_a_problem(tmp_path: Path) -> None:
    database = new_database(tmp_path / "timeline.db")
    load_into(database, SEED, HARBOUR, FERRY, HOSTILE)
    app = create_app(Settings(database_url=url_of(database)))
    transport = httpx.ASGITransport(app)
    statuses = Counter[int]()
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        generator = RequestGenerator(seed=20_220_719, valid=await _known_values(client))
        for _ in range(repetitions(1_000, 8_000)):
            target = generator.target()
            response = await client.get(client.base_url.copy_with(raw_path=target.encode()))
            statuses[response.status_code] += 1
            assert response.status_code < 500, target
            if response.is_error:
                check_problem(response, response.status_code)
    app.state.database.close()
    assert statuses.keys() == {200, 400, 404, 414, 422}
    assert statuses[200] > statuses.total() / 4


async def _known_values(client: httpx.AsyncClient) -> dict[str, list[str]]:
    paths = ("/facets?facet_limit=200", "/events?limit=5", "/actors?limit=5")
    facets, events, actors = [(await client.get(path)).json() for path in paths]
    return known_values(facets, events, actors)
