"""Queries use indexes, however many events there are. Compares query plans instead of times.

https://www.sqlite.org/eqp.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import MISSING
from sqlalchemy import Connection, event

from app.db.sqlite.database import Database
from app.query.names import build_filter
from app.query.pagination import paged_events, read_page
from app.schemas.params import EventPageQuery
from tests.benchmark.synthetic import write_dossier
from tests.support.databases import load_into, new_database

Params = dict[str, Any]
EVENTS = 25_000
SCAN_IN_ORDER = "SCAN event USING COVERING INDEX ix_event_in_order"
"""Reads events in the order of dates, until the page is full or enough are counted."""
SCAN_UPDATED = "SCAN event USING COVERING INDEX ix_event_updated_at_slug"
SCAN_ALL = "SCAN event USING COVERING INDEX ix_event_kind"
"""Reads events until enough are counted."""
DISTINCT = "USE TEMP B-TREE FOR DISTINCT"
"""Contains at most the 10,001 events that are counted."""
SORT = "USE TEMP B-TREE FOR ORDER BY"
"""Sorts the events with a rare word, at most a thousand."""

CHEAP_SCANS = ("SCAN anon_", "SCAN spans", "SCAN tree", "SCAN CONSTANT ROW")
"""Scans of intermediate results."""

WINDOW: Params = {"from": "2003-03-01", "to": "2004-02"}
ACTOR: Params = {"actor": ["actor-0"]}
BOTH: Params = {"actor": ["actor-0", "actor-1"]}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield a database of many events, with the statistics of the query planner."""
    folder = tmp_path_factory.mktemp("plans")
    write_dossier(folder / "synthetic.jsonl", EVENTS)
    database = new_database(folder / "timeline.db")
    load_into(database, folder / "synthetic.jsonl")
    yield database
    database.close()


# Each query with the steps of its plans that may scan a table or index, or sort.
PLANS: dict[str, tuple[Params, set[str]]] = {
    "no filter": ({}, {SCAN_IN_ORDER, SCAN_ALL}),
    "actor": (ACTOR, set()),
    "actor and window": (ACTOR | WINDOW, set()),
    "actor in a role": (ACTOR | {"role": ["agent"]}, set()),
    "two actors, any": (BOTH, {DISTINCT}),
    "two actors, all": (BOTH | {"actor_match": "all"}, set()),
    "actor with its tree": (ACTOR | {"actor_scope": "tree"}, {DISTINCT}),
    "window": (WINDOW, set()),
    "window, latest first": (WINDOW | {"order": "desc"}, set()),
    "only from": ({"from": "2003"}, set()),
    "only to": ({"to": "2003"}, set()),
    "within": (WINDOW | {"date_match": "within"}, set()),
    "timeline": ({"timeline": "synthetic"}, set()),
    "timeline and window": (WINDOW | {"timeline": "synthetic"}, set()),
    "topic": ({"topic": ["minister"]}, set()),
    "source": ({"source": ["source-7"]}, set()),
    "updated": ({"sort": "updated"}, {SCAN_UPDATED, SCAN_ALL}),
    "a rare word": ({"q": "case17"}, {SORT}),
    "a rare word and an actor": (ACTOR | {"q": "case17"}, {SORT}),
    "a common word": ({"q": "minister"}, {SCAN_IN_ORDER}),
    "kind and window": (WINDOW | {"kind": ["visit"]}, set()),
    "min_sources": ({"min_sources": 2}, {SCAN_IN_ORDER}),
}


@pytest.mark.parametrize("name", PLANS)
def test_first_and_deep_page_use_indexes(database: Database, name: str) -> None:
    params, allowed = PLANS[name]
    query = EventPageQuery.model_validate({**params, "limit": 10})
    with database.read() as connection:
        cursor = _read_page(connection, query.model_copy(update={"limit": 500}))
        deep = query.model_copy(update={"cursor": cursor or MISSING})
        with _collect_plans(connection) as plans:
            for page in (query, deep):
                _read_page(connection, page)
    assert len(plans) > 2
    assert {step for plan in plans for step in plan if _is_costly(step)} <= allowed


def test_costly_plan_is_detected(database: Database) -> None:
    with database.read() as connection, _collect_plans(connection) as plans:
        connection.exec_driver_sql("SELECT id FROM event ORDER BY summary LIMIT 1")
    assert [*filter(_is_costly, plans[-1])] == ["SCAN event", "USE TEMP B-TREE FOR ORDER BY"]


def _read_page(connection: Connection, query: EventPageQuery) -> str | None:
    """Read a page of events, and return the cursor of the next."""
    listing = paged_events(build_filter(query, connection), query)
    return read_page(connection, listing, query, max_kilobytes=4_096).next


@contextmanager
def _collect_plans(connection: Connection) -> Iterator[list[list[str]]]:
    """Yield a list that contains, after the block, the plan of each statement that it ran."""
    statements: list[tuple[str, tuple[object, ...]]] = []
    plans: list[list[str]] = []

    def record(_: object, __: object, statement: str, *more: Any) -> None:  # noqa: ANN401
        statements.append((statement, more[0]))

    event.listen(connection, "before_cursor_execute", record)
    yield plans
    event.remove(connection, "before_cursor_execute", record)
    for statement, parameters in statements:
        explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.append([row.detail for row in explained])


def _is_costly(step: str) -> bool:
    """Return whether a step scans a table or an index, or sorts."""
    if step.startswith("SCAN"):
        return "VIRTUAL TABLE" not in step and not step.startswith(CHEAP_SCANS)
    return step.startswith("USE TEMP B-TREE FOR") and "RIGHT PART" not in step


def test_filter_with_other_values_is_equal(database: Database) -> None:
    """Its statements are compiled once, whatever values a crawler requests."""
    queries: list[Params] = [
        {"actor": [f"actor-{at}"], "from": f"{1990 + at}", "to": f"{1991 + at}-02", "q": "minister"}
        for at in range(9)
    ]
    with database.read() as connection:
        filters = {
            build_filter(EventPageQuery.model_validate(query), connection) for query in queries
        }
    assert len(filters) == 1
