"""The JSON that the database builds equals that of the public models."""

import json
import re

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from app.domain.edtf import EventDate
from app.main import create_app
from app.schemas import records, responses
from tests.support.corpus import DATA

LISTS: dict[str, type[responses.Page]] = {
    "/events": responses.EventPage,
    "/actors": responses.ActorPage,
    "/sources": responses.SourcePage,
    "/timelines": responses.TimelinePage,
}
COUNTS: dict[str, type[BaseModel]] = {
    "/facets": responses.EventFacets,
    "/histogram": responses.Histogram,
}


@pytest.fixture(params=["seed", "harbour", "generated"])
def client(request: pytest.FixtureRequest) -> httpx.Client:
    client = request.getfixturevalue(request.param)
    assert isinstance(client, httpx.Client)
    return client


def _contains_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_contains_null, value.values()))
    if isinstance(value, list):
        return any(map(_contains_null, value))
    return value is None


@pytest.mark.parametrize(("path", "model"), {**LISTS, **COUNTS}.items())
def test_response_equals_its_model(client: httpx.Client, path: str, model: type[BaseModel]) -> None:
    # Some random events last until 9999: without a range, the histogram has too many buckets.
    params = {"from": "2018", "to": "2023"} if path in COUNTS else {"limit": "500"}
    text = client.get(path, params=params).text
    parsed = model.model_validate_json(text, strict=True)
    assert json.loads(parsed.model_dump_json()) == json.loads(text)
    assert not _contains_null(json.loads(text))
    items: list[BaseModel] | None = getattr(parsed, "items", None)
    if items:  # byte for byte
        expected = ",".join(item.model_dump_json() for item in items)
        # SQLite writes the amount 1.0 as 1.
        expected = re.sub(r'("(min|max)":-?\d+)\.0\b', r"\1", expected)
        assert f'"items":[{expected}]' in text


@pytest.mark.parametrize("path", LISTS)
def test_single_record_equals_list_item(client: httpx.Client, path: str) -> None:
    for record in client.get(path).json()["items"]:
        assert client.get(f"{path}/{record['id']}").json() == record


def test_date_properties_follow_from_edtf(client: httpx.Client) -> None:
    for event in client.get("/events", params={"limit": 500}).json()["items"]:
        served = records.EventWhen.model_validate(event["date"])
        when = EventDate.parse(served.edtf)
        assert served.form == when.form
        assert served.precision == when.precision
        assert served.display == when.display
        assert (served.approximate, served.uncertain) == (when.approximate, when.uncertain)
        assert event["date"].get("earliest") == (when.start and when.earliest.isoformat())
        assert event["date"].get("latest") == (when.end and when.latest.isoformat())


EXPECTED = json.loads((DATA / "harbour.json").read_text("utf-8"))


@pytest.mark.parametrize("path", EXPECTED)
def test_response_equals_snapshot(harbour: httpx.Client, path: str) -> None:
    assert harbour.get(path).json() == EXPECTED[path]


def test_openapi_document_names_the_models() -> None:
    paths = create_app().openapi()["paths"]
    assert {*LISTS, *COUNTS} <= {*paths}
    for path, model in {**LISTS, **COUNTS}.items():
        schema = paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{model.__name__}"}


def test_no_model_is_nullable() -> None:
    for model in {**LISTS, **COUNTS}.values():
        assert '"null"' not in json.dumps(TypeAdapter(model).json_schema())
