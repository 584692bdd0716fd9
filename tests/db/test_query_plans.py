"""Queries use indexes, however many events there are. Compares query plans instead of times.

https://www.sqlite.org/eqp.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import MISSING
from sqlalchemy import Connection, event

from app.db.database import Database
from app.query.facets import count_facets
from app.query.histogram import read_histogram
from app.query.names import build_filter
from app.query.pagination import paged_events, read_page
from app.schemas.params import EventPageQuery
from tests.benchmark.synthetic import write_dossier
from tests.support.corpus import LOADED_AT
from tests.support.databases import load_into, new_database

pytestmark = pytest.mark.sqlite

Params = dict[str, Any]
EVENTS = 25_000
SCAN_IN_ORDER = "SCAN event USING COVERING INDEX ix_event_in_order"
"""Reads events in the order of dates, until the page is full or enough are counted."""
SCAN_UNTIL_FULL = "SCAN event USING INDEX ix_event_in_order"
"""Reads events, of which many match, in the order of dates until the page is full."""
SCAN_UPDATED = "SCAN event USING COVERING INDEX ix_event_updated_at_slug"
SCAN_ALL = "SCAN event USING COVERING INDEX ix_event_kind"
"""Reads events until enough are counted."""
DISTINCT = "USE TEMP B-TREE FOR DISTINCT"
"""Contains at most the 10,001 events that are counted."""
SORT = "USE TEMP B-TREE FOR ORDER BY"
"""Sorts the events with a rare word, or the few that were updated: at most 10,000."""

CHEAP_SCANS = ("SCAN anon_", "SCAN spans", "SCAN tree", "SCAN CONSTANT ROW")
"""Scans of intermediate results."""

LOADED_LATER = 10_500, 2_980, 20
"""Events of three later loads."""
LATER_LOADS = [LOADED_AT + timedelta(hours=hours) for hours in (1, 2, 3)]
MANY_UPDATED, FEW_UPDATED, RARE_UPDATED = (
    {"updated_since": f"{moment:%Y-%m-%dT%H:%M:%SZ}"} for moment in LATER_LOADS
)
"""More events than are counted exactly, fewer, and fewer than any actor of the tests has."""
BY_UPDATE: Params = {"sort": "updated"}

WINDOW: Params = {"from": "2003-03-01", "to": "2004-02"}
ACTOR: Params = {"actor": ["actor-0"]}
BOTH: Params = {"actor": ["actor-0", "actor-1"]}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield a database of many events, with the statistics of the query planner."""
    folder = tmp_path_factory.mktemp("plans")
    path = folder / "synthetic.jsonl"
    write_dossier(path, EVENTS)
    database = new_database(folder / "timeline.db")
    timeline, *others = path.read_text("utf-8").splitlines(keepends=True)
    loaded = len(others) - sum(LOADED_LATER)
    parts = (loaded, *LOADED_LATER)
    for moment, number in zip([LOADED_AT, *LATER_LOADS], parts, strict=True):
        path.write_text("".join([timeline, *others[:number]]), "utf-8")
        del others[:number]
        load_into(database, path, now=moment)
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
    "a rare word": ({"q": "case0000017"}, {SORT}),
    "a rare prefix": ({"q": "case000001"}, {SORT}),
    "a rare word and an actor": (ACTOR | {"q": "case0000017"}, {SORT}),
    "a common word": ({"q": "minister"}, {SCAN_IN_ORDER}),
    "a common prefix": ({"q": "mi"}, {SCAN_IN_ORDER}),
    "kind and window": (WINDOW | {"kind": ["visit"]}, set()),
    "min_sources": ({"min_sources": 2}, {SCAN_IN_ORDER}),
    "many updated": (MANY_UPDATED | BY_UPDATE, set()),
    "many updated, latest first": (MANY_UPDATED | BY_UPDATE | {"order": "desc"}, set()),
    "few updated": (FEW_UPDATED | BY_UPDATE, set()),
    "few updated, latest first": (FEW_UPDATED | BY_UPDATE | {"order": "desc"}, set()),
    "few updated of a kind": (FEW_UPDATED | BY_UPDATE | {"kind": ["visit"]}, set()),
    "few updated of a kind, by date": (FEW_UPDATED | {"kind": ["visit"]}, {SORT}),
    "many updated, by date": (MANY_UPDATED, {SCAN_UNTIL_FULL}),
    "few updated, by date": (FEW_UPDATED, {SORT}),
    "few updated and window": (FEW_UPDATED | WINDOW, {SORT}),
    "few updated and a frequent actor": (ACTOR | FEW_UPDATED, {SORT}),
    "few updated and a rare actor": (FEW_UPDATED | {"actor": ["actor-400"]}, set()),
    "many updated of a kind": (MANY_UPDATED | BY_UPDATE | {"kind": ["visit"]}, {SORT}),
    "very few updated and an actor": (ACTOR | RARE_UPDATED | BY_UPDATE, set()),
    "few updated and a rare word": (FEW_UPDATED | {"q": "case0000017"}, {SORT}),
    "few updated and a common word": (FEW_UPDATED | {"q": "minister"}, {SORT}),
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


@pytest.mark.parametrize("updated", [MANY_UPDATED, FEW_UPDATED])
def test_deep_page_of_updated_events_begins_at_cursor(database: Database, updated: Params) -> None:
    query = EventPageQuery.model_validate({**updated, **BY_UPDATE, "limit": 10})
    with database.read() as connection:
        deep = query.model_copy(update={"cursor": _read_page(connection, query)})
        with _collect_plans(connection) as plans:
            _read_page(connection, deep)
    index = "SEARCH event USING COVERING INDEX ix_event_updated_at_slug"
    assert f"{index} ((updated_at,slug)>(?,?))" in {step for plan in plans for step in plan}


@pytest.mark.parametrize("updated", [FEW_UPDATED, RARE_UPDATED])
def test_counts_of_few_updated_events_scan_nothing(database: Database, updated: Params) -> None:
    query = EventPageQuery.model_validate({**updated, "status": ["confirmed"]})
    with database.read() as connection:
        where = build_filter(query, connection)
        with _collect_plans(connection) as plans:
            count_facets(connection, where, (), 20)
            read_histogram(connection, where, "year")
    scans = {step for plan in plans for step in plan if "SCAN" in step and _is_costly(step)}
    assert scans <= {"SCAN timeline USING INDEX sqlite_autoindex_timeline_1"}


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
