"""What selections are written with: slots for values, conditions on many, and total orders."""

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
    func,
    select,
    tuple_,
)
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import SQLColumnExpression
from sqlalchemy.sql.selectable import CompoundSelect

Expression = SQLColumnExpression[Any]
Condition = ColumnElement[bool]
Selection = Select[*tuple[Any, ...]]
Rows = Selection | CompoundSelect[*tuple[Any, ...]]


@dataclass(frozen=True)
class Param:
    """Where a value goes in a statement."""

    name: str
    kind: type

    @property
    def bind(self) -> Expression:
        """Give the value that will stand there."""
        return bindparam(self.name, type_=BigInteger() if self.kind is int else String())


Params = tuple[Param, ...] | Param
"""Where several values go: each has a slot, or all have one as a JSON array."""


def json_values(values: Iterable[str | int] | Param) -> TableValuedAlias:
    """Give a table of values; however many, one parameter."""
    given = values.bind if isinstance(values, Param) else json.dumps([*values])
    return func.json_each(given).table_valued("value")


def in_values(column: Expression, values: Iterable[str | int] | Param) -> Condition:
    """Say that a column has one of many values."""
    return column.in_(select(json_values(values).c.value))


def equals_any(column: Expression, slots: Params) -> Condition:
    """Say that a column has the value of one of the slots."""
    if isinstance(slots, Param):
        return in_values(column, slots)
    values = [one.bind for one in slots]
    return column.in_(values) if len(values) > 1 else column == values[0]


@dataclass(frozen=True)
class Order:
    """A total order: rows compare by these columns, left to right."""

    keys: tuple[Expression, ...]
    descending: bool = False

    @property
    def position(self) -> list[Param]:
        """Give slots for what a row has in these columns, numbers and texts."""
        types = (cast("ColumnElement[Any]", key).type for key in self.keys)
        kinds = (int if isinstance(type_, Integer) else str for type_ in types)
        return [Param(f"after{at}", kind) for at, kind in enumerate(kinds)]

    @property
    def is_after(self) -> Condition:
        """Give the condition that a row comes after the position."""
        here, there = tuple_(*self.keys), tuple_(*(one.bind for one in self.position))
        return here < there if self.descending else here > there

    def clauses(self) -> list[ColumnElement[Any]]:
        """Give the terms of ORDER BY."""
        return [key.desc() if self.descending else key.asc() for key in self.keys]
