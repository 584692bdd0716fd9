"""The parts of statements: parameters, conditions on many values, and total orders."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    String,
    TableValuedAlias,
    bindparam,
    literal,
    tuple_,
)
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import SQLColumnExpression
from sqlalchemy.sql.selectable import CompoundSelect

from app.db.dialects import IsOneOfIntegers, IsOneOfTexts, JsonIntegers, JsonTexts

Expression = SQLColumnExpression[Any]
Condition = ColumnElement[bool]
Selection = Select[*tuple[Any, ...]]
Rows = Selection | CompoundSelect[*tuple[Any, ...]]


@dataclass(frozen=True)
class Param:
    """A named parameter of a statement; equal parameters make equal, cacheable filters."""

    name: str
    kind: type

    @property
    def bind(self) -> Expression:
        """The parameter as part of a statement."""
        return bindparam(self.name, type_=BigInteger() if self.kind is int else String())


Params = tuple[Param, ...] | Param
"""The parameters of several values: one for each value, or one for a JSON array of all."""


def integer_rows(values: Iterable[int] | Param) -> TableValuedAlias:
    """Build a table of integers from one JSON array, which is one parameter however long it is.

    SQLite refuses statements of more than 32,766 parameters. https://www.sqlite.org/limits.html
    """
    return JsonIntegers(_array(values)).table_valued("value")


def text_rows(values: Iterable[str]) -> TableValuedAlias:
    """Build a table of texts from one JSON array."""
    return JsonTexts(_array(values)).table_valued("value")


def in_values(column: Expression, values: Iterable[str | int] | Param) -> Condition:
    """Build the condition that a column has one of any number of values."""
    is_integer = isinstance(cast("ColumnElement[Any]", column).type, Integer)
    return (IsOneOfIntegers if is_integer else IsOneOfTexts)(column, _array(values))


def _array(values: Iterable[str | int] | Param) -> Expression:
    return values.bind if isinstance(values, Param) else literal(json.dumps([*values]))


def equals_any(column: Expression, params: Params) -> Condition:
    """Build the condition that a column has one of the values of the parameters."""
    if isinstance(params, Param):
        return in_values(column, params)
    # With `=` SQLite reads the rows of one value in the order of their index. With IN it must sort.
    binds = [param.bind for param in params]
    return column.in_(binds) if len(binds) > 1 else column == binds[0]


@dataclass(frozen=True)
class Order:
    """A total order: rows compare by these columns, from left to right."""

    keys: tuple[Expression, ...]
    descending: bool = False

    @property
    def position(self) -> list[Param]:
        """The parameters that hold a row's values of these columns."""
        types = (cast("ColumnElement[Any]", key).type for key in self.keys)
        kinds = (int if isinstance(type_, Integer) else str for type_ in types)
        return [Param(f"after{at}", kind) for at, kind in enumerate(kinds)]

    @property
    def is_after(self) -> Condition:
        """The condition that a row comes after the position."""
        # One comparison of row values is one range of an index: https://www.sqlite.org/rowvalue.html
        row, position = tuple_(*self.keys), tuple_(*(param.bind for param in self.position))
        return row < position if self.descending else row > position

    def clauses(self) -> list[ColumnElement[Any]]:
        """Return the terms of ORDER BY."""
        return [key.desc() if self.descending else key.asc() for key in self.keys]
