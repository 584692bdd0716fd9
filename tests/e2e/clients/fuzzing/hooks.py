"""What Schemathesis is told: names that are on record, and why a query may be refused."""

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
SAID_BY_NO_SCHEMA = (
    "no actor is called",
    "; give the id",
    "is not on record",
    "it stands beside",
    "is after `to`",
    "is not a date; ",
    "; give `next` of the page before",
    "has no word in it",
    "words; give at most",
    "gives more than 1,000 buckets",
)


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Put names that are on record for texts that are right but name nothing."""
    if not query or context.operation.path == "/actors":
        return query
    return {
        name: _on_record(name, value) if name in NAMES else value for name, value in query.items()
    }


def _on_record(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_on_record(name, one) for one in value]
    if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable():
        return NAMES[name][len(value) % len(NAMES[name])]
    return value


@schemathesis.check
def refused_for_what_no_schema_says(context: Any, response: Any, case: Any) -> None:
    """Hold that what fits the document is refused for no other reason."""
    if response.status_code != 422 or not case.meta or not case.meta.generation.mode.is_positive:
        return
    for fault in response.json()["errors"]:
        detail = fault["detail"]
        known = any(said in detail for said in SAID_BY_NO_SCHEMA)
        assert known, f"the document allows it, but: {detail}"
