"""The OpenAPI document of the application, with its references resolved."""

from functools import partial

from app.main import create_app
from tests.support import openapi_diff
from tests.support.openapi_diff import Json

DOCUMENT: Json = create_app().openapi()
OPERATIONS: dict[str, Json] = {path: item["get"] for path, item in DOCUMENT["paths"].items()}
"""The GET operation of each path."""

resolve = partial(openapi_diff.resolve, DOCUMENT)


def parameters_of(path: str, place: str) -> list[Json]:
    """Return the parameters of a path in one place: `query`, `path` or `header`."""
    return [
        {**parameter, "schema": resolve(parameter["schema"])}
        for parameter in map(resolve, OPERATIONS[path]["parameters"])
        if parameter["in"] == place
    ]
