"""Statements that are written once and run with many values.

SQLAlchemy goes through all of a query to see that it has met it before, which takes it longer than
SQLite takes to answer. So what is asked again and again is kept as text, with slots for its values.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from app.db.expressions import Param, Params, Rows, Selection

MAX_STATEMENTS = 512
"""So many statements of a kind are kept."""
MAX_PARAMS = 30
"""So many values have slots, and may have lists, of their own; more are given as one list."""

_DIALECT = sqlite.dialect()


class Values(dict[str, Any]):
    """Values by the names of their slots, which are the same whenever as many are given."""

    def add(self, value: int | str) -> Param:
        """Give one value."""
        name = f"v{len(self)}"
        self[name] = value
        return Param(name, type(value))

    def add_all(self, values: Sequence[int | str]) -> Params:
        """Give several values of a kind."""
        if len(values) > MAX_PARAMS:
            return self.add_list(values)
        return tuple(map(self.add, values))

    def add_list(self, values: Sequence[int | str]) -> Param:
        """Give any number of values in one slot."""
        return self.add(json.dumps([*values]))


class Prepared(NamedTuple):
    """A statement as text, and what stands in it."""

    sql: str
    names: Sequence[str]
    """The slots, in the order of the text."""
    fixed: Mapping[str, Any]
    """What is always the same."""


def prepare(query: Rows) -> Prepared:
    """Write a query down, so that its rows come as one.

    For each row that it gives, SQLite lets go of the interpreter's lock and waits to have it back,
    which costs more than the row where many ask at once.
    """
    found = query.subquery()
    gathered = func.json_group_array(func.json_array(*found.c))
    return prepare_text(select(gathered))


def prepare_text(query: Selection) -> Prepared:
    """Write a query down whose only value is a text."""
    compiled = query.compile(dialect=_DIALECT)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - as it is for any query
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return Prepared(str(compiled), compiled.positiontup or (), fixed)


def run(connection: Connection, statement: Prepared, values: Mapping[str, Any]) -> Sequence[Any]:
    """Give the rows of a statement, lists of what SQLite gives."""
    rows: Sequence[Any] = json.loads(run_text(connection, statement, values))
    return rows


def run_text(connection: Connection, statement: Prepared, values: Mapping[str, Any]) -> str:
    """Give the text that a statement gives."""
    given = {**statement.fixed, **values}
    taken = tuple(given[name] for name in statement.names)
    return str(connection.exec_driver_sql(statement.sql, taken).scalar_one())
