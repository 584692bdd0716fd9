"""The contract as the tests read it: operations with what they share in its place."""

from app.main import create_app
from tests import contract
from tests.contract import Json

DOCUMENT: Json = create_app().openapi()
OPERATIONS: dict[str, Json] = {path: one["get"] for path, one in DOCUMENT["paths"].items()}


def resolved(node: Json) -> Json:
    """Give what a node refers to, with what stands beside the reference."""
    return contract.resolved(DOCUMENT, node)


def parameters_of(path: str, place: str) -> list[Json]:
    """List the parameters of a path that stand in a place: `query`, `path` or `header`."""
    found = map(resolved, OPERATIONS[path]["parameters"])
    return [
        {**parameter, "schema": resolved(parameter["schema"])}
        for parameter in found
        if parameter["in"] == place
    ]
