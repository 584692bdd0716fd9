"""The records that the database writes are those that the public models describe."""

import json
import re

import httpx
import pytest
from pydantic import BaseModel, TypeAdapter

from app.domain.edtf import EventDate
from app.main import create_app
from app.schemas import records as schemas
from app.schemas import responses as answers
from tests.support.corpus import DATA

LISTS: dict[str, type[answers.Page]] = {
    "/events": answers.EventPage,
    "/actors": answers.ActorPage,
    "/sources": answers.SourcePage,
    "/timelines": answers.TimelinePage,
}
COUNTS: dict[str, type[BaseModel]] = {
    "/facets": answers.EventFacets,
    "/histogram": answers.Histogram,
}


@pytest.fixture(params=["seed", "harbour", "generated"])
def client(request: pytest.FixtureRequest) -> httpx.Client:
    client = request.getfixturevalue(request.param)
    assert isinstance(client, httpx.Client)
    return client


def _nulls(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_nulls, value.values()))
    if isinstance(value, list):
        return any(map(_nulls, value))
    return value is None


@pytest.mark.parametrize(("path", "model"), {**LISTS, **COUNTS}.items())
def test_answers_are_what_the_models_describe(
    client: httpx.Client, path: str, model: type[BaseModel]
) -> None:
    # Some of what is generated lasts until 9999.
    params = {"from": "2018", "to": "2023"} if path in COUNTS else {"limit": "500"}
    text = client.get(path, params=params).text
    described = model.model_validate_json(text, strict=True)
    assert json.loads(described.model_dump_json()) == json.loads(text)
    assert not _nulls(json.loads(text))
    records: list[BaseModel] | None = getattr(described, "items", None)
    if records:  # the same to the byte
        items = ",".join(record.model_dump_json() for record in records)
        whole = re.sub(r'("(min|max)":-?\d+)\.0\b', r"\1", items)  # but that it writes 1, not 1.0
        assert f'"items":[{whole}]' in text


@pytest.mark.parametrize("path", LISTS)
def test_one_record_is_as_in_its_list(client: httpx.Client, path: str) -> None:
    for record in client.get(path).json()["items"]:
        assert client.get(f"{path}/{record['id']}").json() == record


def test_what_is_derived_from_a_date(client: httpx.Client) -> None:
    """The columns of an event's date are those of its EDTF."""
    for event in client.get("/events", params={"limit": 500}).json()["items"]:
        served = schemas.EventWhen.model_validate(event["date"])
        when = EventDate.parse(served.edtf)
        assert served.form == when.form
        assert served.precision == when.precision
        assert served.display == when.display
        assert (served.approximate, served.uncertain) == (when.approximate, when.uncertain)
        assert event["date"].get("earliest") == (when.start and when.earliest.isoformat())
        assert event["date"].get("latest") == (when.end and when.latest.isoformat())


CONTRACT = json.loads((DATA / "harbour.json").read_text("utf-8"))


@pytest.mark.parametrize("path", CONTRACT)
def test_whole_answers(harbour: httpx.Client, path: str) -> None:
    assert harbour.get(path).json() == CONTRACT[path]


def test_every_list_is_in_the_document() -> None:
    paths = create_app().openapi()["paths"]
    assert {*LISTS, *COUNTS} <= {*paths}
    for path, model in {**LISTS, **COUNTS}.items():
        schema = paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{model.__name__}"}


def test_every_model_is_json_schema() -> None:
    for model in {**LISTS, **COUNTS}.values():
        assert '"null"' not in json.dumps(TypeAdapter(model).json_schema())
