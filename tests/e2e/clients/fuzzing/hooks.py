"""Hooks of Schemathesis: names that exist in the dossiers, and reasons to reject a valid query."""

from collections.abc import Mapping
from typing import Any

import schemathesis

NAMES: Mapping[str, list[str]] = {
    "actor": ["NSO", "nso-group", "us-government", "Joe Biden", "Órla O’Brien", "QBL"],
    "exclude_actor": ["candiru", "quay-builders"],
    "kind": ["sanction", "statement", "lobbying"],
    "topic": ["money", "quay"],
    "source": ["shomrim-2022-07-19-nso-blacklist", "council-minutes"],
    "timeline": ["nso-blacklist", "harbour", "ferry"],
    "q": ["blacklist", '"entity list"', "quay"],
}
REASONS_OUTSIDE_SCHEMA = (
    "No actor is called",
    ". Use the id.",
    "No event has the ",
    "It cannot be combined with",
    "is after `to`",
    "is not a date. ",
    "is not a cursor of this API",
    "contains no word",
    "words. Write at most",
    "makes more than 1,000 buckets",
)


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Replace well-formed but unknown names by names that exist."""
    if not query or context.operation.path == "/actors":
        return query
    return {
        name: _existing(name, value) if name in NAMES else value for name, value in query.items()
    }


def _existing(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_existing(name, item) for item in value]
    if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable():
        return NAMES[name][len(value) % len(NAMES[name])]
    return value


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Remove requests with an unknown header as the only fault: HTTP servers ignore these."""
    return "x-schemathesis-unknown-property" not in case.headers


@schemathesis.check
def rejected_only_for_known_reasons(context: Any, response: Any, case: Any) -> None:
    """Fail if a request that matches the document is rejected for another reason."""
    if response.status_code != 422 or not case.meta or not case.meta.generation.mode.is_positive:
        return
    for fault in response.json()["errors"]:
        detail = fault["detail"]
        is_known = any(reason in detail for reason in REASONS_OUTSIDE_SCHEMA)
        assert is_known, f"The document allows it, but: {detail}"
