"""The contract as the tests read it: operations with what they share in its place."""

from typing import Any

from app.main import create_app

Node = dict[str, Any]

DOCUMENT: Node = create_app().openapi()
OPERATIONS: dict[str, Node] = {path: one["get"] for path, one in DOCUMENT["paths"].items()}


def resolved(node: Node) -> Node:
    """Give what a reference refers to, beside what is said with it; anything else as it is."""
    if "$ref" not in node:
        return node
    _, *steps = node["$ref"].split("/")
    found: Any = DOCUMENT
    for step in steps:
        found = found[step]
    return {**found, **{name: value for name, value in node.items() if name != "$ref"}}


def parameters_of(path: str, place: str) -> list[Node]:
    """List the parameters of a path that stand in a place: `query`, `path` or `header`."""
    found = map(resolved, OPERATIONS[path]["parameters"])
    return [
        {**parameter, "schema": resolved(parameter["schema"])}
        for parameter in found
        if parameter["in"] == place
    ]
