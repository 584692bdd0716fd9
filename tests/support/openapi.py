"""The contract as the tests read it: operations with what they share in its place."""

from functools import partial

from app.main import create_app
from tests.support import openapi_diff as breaking
from tests.support.openapi_diff import Json

DOCUMENT: Json = create_app().openapi()
OPERATIONS: dict[str, Json] = {path: one["get"] for path, one in DOCUMENT["paths"].items()}

resolved = partial(breaking.resolved, DOCUMENT)


def parameters_of(path: str, place: str) -> list[Json]:
    """List the parameters of a path that stand in a place: `query`, `path` or `header`."""
    found = map(resolved, OPERATIONS[path]["parameters"])
    return [
        {**parameter, "schema": resolved(parameter["schema"])}
        for parameter in found
        if parameter["in"] == place
    ]
