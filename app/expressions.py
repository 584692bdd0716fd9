"""What selections are written with: conditions on many values, and total orders."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, TableValuedAlias, func, literal, select, tuple_
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import SQLColumnExpression
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.types import TypeEngine

Expression = SQLColumnExpression[Any]
Condition = ColumnElement[bool]
Selection = Select[*tuple[Any, ...]]
Rows = Selection | CompoundSelect[*tuple[Any, ...]]
Position = Sequence[Any]
"""What a row has in the columns of an order."""


def each(values: Iterable[str | int]) -> TableValuedAlias:
    """Give a table of values, each with its place as `key`; however many, one parameter."""
    return func.json_each(json.dumps([*values])).table_valued("key", "value")


def among(column: Expression, values: Iterable[str | int]) -> Condition:
    """Say that a column has one of many values."""
    return column.in_(select(each(values).c.value))


@dataclass(frozen=True)
class Order:
    """A total order: rows compare by these columns, left to right."""

    keys: tuple[Expression, ...]
    descending: bool = False

    @property
    def types(self) -> list[TypeEngine[Any]]:
        """Give the type of each key."""
        return [cast("ColumnElement[Any]", key).type for key in self.keys]

    def clauses(self) -> list[ColumnElement[Any]]:
        """Give the terms of ORDER BY."""
        return [key.desc() if self.descending else key.asc() for key in self.keys]

    def after(self, position: Position) -> Condition:
        """Give the condition that a row comes after the one whose keys are `position`."""
        here, there = tuple_(*self.keys), tuple_(*map(literal, position, self.types))
        return here < there if self.descending else here > there
