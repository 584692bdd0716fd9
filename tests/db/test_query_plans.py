"""Queries are answered from indexes, however many events there are: plans, not times."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import MISSING
from sqlalchemy import Connection, event

from app.db.ordering import event_order
from app.db.sqlite.database import Database
from app.query.names import build_filter
from app.query.pagination import paged_events, read_page
from app.schemas.params import EventPageQuery
from tests.benchmark.synthetic import write_dossier
from tests.support.databases import load_into, new_database

Asked = dict[str, Any]
EVENTS = 25_000
ALL_IN_ORDER = "SCAN event USING COVERING INDEX ix_event_in_order"
"""Goes through all events in order, and stops when the page is full or enough are counted."""
UPDATED = "SCAN event USING COVERING INDEX ix_event_updated_at_slug"
ALL = "SCAN event USING COVERING INDEX ix_event_kind"
"""Stops when enough are counted."""
NO_DOUBLES = "USE TEMP B-TREE FOR DISTINCT"
"""Holds the 10,001 events, at most, that are counted."""
SORTED = "USE TEMP B-TREE FOR ORDER BY"
"""Sorts the events that have a rare word, a thousand at most."""

OF_THE_QUERY = ("SCAN anon_", "SCAN spans", "SCAN tree", "SCAN CONSTANT ROW")
"""What a query has found so far."""

WINDOW: Asked = {"from": "2003-03-01", "to": "2004-02"}
ACTOR: Asked = {"actor": ["actor-0"]}
BOTH: Asked = {"actor": ["actor-0", "actor-1"]}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Give a database of many events, with SQLite's statistics of them."""
    folder = tmp_path_factory.mktemp("plans")
    write_dossier(folder / "synthetic.jsonl", EVENTS)
    database = new_database(folder / "timeline.db")
    load_into(database, folder / "synthetic.jsonl")
    yield database
    database.close()


# What is asked, and which steps of its plans go through all of something, or sort.
PLANS: dict[str, tuple[Asked, set[str]]] = {
    "no filter": ({}, {ALL_IN_ORDER, ALL}),
    "actor": (ACTOR, set()),
    "actor and window": (ACTOR | WINDOW, set()),
    "actor in a role": (ACTOR | {"role": ["agent"]}, set()),
    "two actors, any": (BOTH, {NO_DOUBLES}),
    "two actors, all": (BOTH | {"actor_match": "all"}, set()),
    "actor with its tree": (ACTOR | {"actor_scope": "tree"}, {NO_DOUBLES}),
    "window": (WINDOW, set()),
    "window, latest first": (WINDOW | {"order": "desc"}, set()),
    "only from": ({"from": "2003"}, set()),
    "only to": ({"to": "2003"}, set()),
    "within": (WINDOW | {"date_match": "within"}, set()),
    "timeline": ({"timeline": "synthetic"}, set()),
    "timeline and window": (WINDOW | {"timeline": "synthetic"}, set()),
    "topic": ({"topic": ["minister"]}, set()),
    "source": ({"source": ["source-7"]}, set()),
    "updated": ({"sort": "updated"}, {UPDATED, ALL}),
    "a rare word": ({"q": "case17"}, {SORTED}),
    "a rare word and an actor": (ACTOR | {"q": "case17"}, {SORTED}),
    "a common word": ({"q": "minister"}, {ALL_IN_ORDER}),
    "kind and window": (WINDOW | {"kind": ["visit"]}, set()),
    "min_sources": ({"min_sources": 2}, {ALL_IN_ORDER}),
}


@pytest.mark.parametrize("name", PLANS)
def test_pages_and_totals(database: Database, name: str) -> None:
    asked, costly = PLANS[name]
    query = EventPageQuery.model_validate({**asked, "limit": 10})
    with database.read() as connection:
        far = _page(connection, query.model_copy(update={"limit": 500}))
        deep = query.model_copy(update={"cursor": far or MISSING})
        with _plans(connection) as plans:
            for one in (query, deep):
                _page(connection, one)
    assert len(plans) > 2
    assert {step for plan in plans for step in plan if _is_costly(step)} <= costly


def test_a_costly_plan_is_seen(database: Database) -> None:
    with database.read() as connection, _plans(connection) as plans:
        connection.exec_driver_sql("SELECT id FROM event ORDER BY summary LIMIT 1")
    assert [*filter(_is_costly, plans[-1])] == ["SCAN event", "USE TEMP B-TREE FOR ORDER BY"]


def _page(connection: Connection, query: EventPageQuery) -> str | None:
    order = event_order(query.sort, descending=query.order == "desc")
    return read_page(connection, paged_events(build_filter(query, connection), order), query).next


@contextmanager
def _plans(connection: Connection) -> Iterator[list[list[str]]]:
    """Collect the plan of each query that is run meanwhile."""
    run: list[tuple[str, tuple[object, ...]]] = []
    plans: list[list[str]] = []

    def note(_: object, __: object, statement: str, *more: Any) -> None:  # noqa: ANN401
        run.append((statement, more[0]))

    event.listen(connection, "before_cursor_execute", note)
    yield plans
    event.remove(connection, "before_cursor_execute", note)
    for statement, parameters in run:
        explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.append([row.detail for row in explained])


def _is_costly(step: str) -> bool:
    """Tell whether a step goes through all of a table or an index, or sorts."""
    if step.startswith("SCAN"):
        return "VIRTUAL TABLE" not in step and not step.startswith(OF_THE_QUERY)
    return step.startswith("USE TEMP B-TREE FOR") and "RIGHT PART" not in step


def test_a_form_of_a_question_is_written_down_once(database: Database) -> None:
    """Whatever is asked for in it, so that crawlers have nothing new written."""
    asked: list[Asked] = [
        {"actor": [f"actor-{at}"], "from": f"{1990 + at}", "to": f"{1991 + at}-02", "q": "minister"}
        for at in range(9)
    ]
    with database.read() as connection:
        filters = {
            build_filter(EventPageQuery.model_validate(query), connection): query for query in asked
        }
    assert len(filters) == 1
