"""Statements that are built once and run with many values.

To build a statement and find it in SQLAlchemy's cache of compiled statements takes longer than
SQLite needs to run it. A statement that is kept is found in a quarter of that time. So statements
hold parameters instead of values, and `lru_cache` keeps one statement for each form of a request.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from app.db.dialects import JsonRows
from app.db.expressions import Param, Params, Rows, Selection

MAX_STATEMENTS = 512
"""Statements of each kind that are kept, so that crawlers do not fill the memory with new forms."""
MAX_PARAMS = 30
"""Values that become one parameter each. More become one JSON array, so that requests with many
values share one statement."""


KEPT_COUNTS = "counts"
"""The key of the counts that were made in the same state of the data, in `Connection.info`. Only
PostgreSQL's connections have them, where to count 10,000 rows takes longer than to read a page."""
MAX_COUNTS = 4_096
"""Counts that are kept for one state of the data."""


class Values(dict[str, Any]):
    """The values of a statement by the names of their parameters.

    The names count up, so requests with as many values of each kind share a statement.
    """

    def add(self, value: int | str) -> Param:
        """Add one value; return its parameter."""
        name = f"v{len(self)}"
        self[name] = value
        return Param(name, type(value))

    def add_all(self, values: Sequence[int | str]) -> Params:
        """Add several values; return a parameter for each or, for many, one for all."""
        if len(values) > MAX_PARAMS:
            return self.add_list(values)
        return tuple(map(self.add, values))

    def add_list(self, values: Sequence[int | str]) -> Param:
        """Add any number of values as one JSON array; return its parameter."""
        return self.add(json.dumps([*values]))


def as_json(query: Rows) -> Selection:
    """Wrap a query so that the database returns all its rows as one JSON array of arrays.

    In SQLite, to fetch a row releases and takes the GIL: with eight threads that halves the
    throughput. For PostgreSQL, it spares the driver the conversion of each value.
    """
    rows = query.subquery()
    return select(JsonRows(*rows.c))


def read_json(
    connection: Connection, statement: Selection, values: Mapping[str, Any]
) -> list[list[Any]]:
    """Run a statement that `as_json` built; return its rows."""
    rows: list[list[Any]] = json.loads(connection.execute(statement, values).scalar_one())
    return rows


def read_count(connection: Connection, statement: Selection, values: Mapping[str, Any]) -> int:
    """Run a statement that returns a number, unless that is kept for this state of the data."""
    kept: dict[object, int] = connection.info.get(KEPT_COUNTS, {})
    key = statement, *values.items()
    count = kept.get(key)
    if count is None:
        count = int(connection.execute(statement, values).scalar_one())
        if len(kept) >= MAX_COUNTS:
            kept.clear()
        kept[key] = count
    return count
