"""Parts of SQL that SQLite and PostgreSQL write differently: one construct for each difference.

https://docs.sqlalchemy.org/en/20/core/compiler.html
"""

from typing import Any

from sqlalchemy import BigInteger, Insert, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def text_type(length: int | None = None) -> String:
    """Return a type of texts in the order of their code points, as SQLite and Python sort them.

    PostgreSQL would sort them by the locale of the database.
    https://www.postgresql.org/docs/current/collation.html
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class _Construct(FunctionElement[Any]):
    """An expression that each engine writes in its own way.

    `{0}` is the first argument, and `{all}` is all of them.
    """

    name = "construct"
    sqlite: str
    postgresql: str

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.inherit_cache = True  # SQLAlchemy looks for it in each class

    def write(self, pattern: str, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
        """Write the expression by the pattern of an engine."""
        arguments = [compiler.process(argument, **options) for argument in self.clauses]
        return pattern.format(*arguments, all=", ".join(arguments))


@compiles(_Construct, "sqlite")
def _(element: _Construct, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return element.write(element.sqlite, compiler, **options)


@compiles(_Construct, "postgresql")
def _(element: _Construct, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
    return element.write(element.postgresql, compiler, **options)


class Unindexed(_Construct):
    """A number, hidden from SQLite's planner: otherwise it drives a query by an index of it."""

    type = BigInteger()
    sqlite = "({0} + 0)"
    postgresql = "{0}"


class JsonText(_Construct):
    """A text, a date or a whole number as JSON."""

    type = String()
    sqlite = "json_quote({0})"
    postgresql = "CAST(to_json({0}) AS TEXT)"


class JsonNumber(_Construct):
    """A number as JSON, in the shortest form, as SQLite writes it."""

    type = String()
    sqlite = "json_quote({0})"
    # PostgreSQL writes 1e+15 and 1e-05 for SQLite's 1000000000000000 and 1.0e-05.
    postgresql = (
        "CASE WHEN {0} = trunc({0}) AND abs({0}) < 1e18 THEN CAST(CAST({0} AS BIGINT) AS TEXT) "
        "ELSE regexp_replace(CAST({0} AS TEXT), '^(-?[0-9])e', '\\1.0e') END"
    )


class JsonRows(_Construct):
    """All rows, with these columns, as one JSON array of arrays."""

    type = String()
    sqlite = "json_group_array(json_array({all}))"
    postgresql = "CAST(coalesce(json_agg(json_build_array({all})), '[]') AS TEXT)"


class Joined(_Construct):
    """The texts of all rows with a separator between them, in the order of the rows."""

    type = String()
    sqlite = "group_concat({0}, {1})"
    postgresql = "string_agg({0}, {1})"


class ByteLength(_Construct):
    """The size of a text in UTF-8."""

    type = BigInteger()
    sqlite = "length(CAST({0} AS BLOB))"
    postgresql = "octet_length({0})"


class NextSecond(_Construct):
    """A stored timestamp, one second later."""

    type = String()
    sqlite = "strftime('%Y-%m-%dT%H:%M:%SZ', {0}, '+1 second')"
    postgresql = (
        "to_char(CAST({0} AS TIMESTAMP) + INTERVAL '1 second', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    )


# The conditions have no type. To a boolean, SQLAlchemy adds `= 1` for SQLite, which then uses no
# index.
class IsMatch(_Construct):
    """Whether a document of the full-text index matches a query."""

    sqlite = "{0} MATCH {1}"
    postgresql = "{0} @@ CAST({1} AS TSQUERY)"


_INTEGERS = "SELECT CAST(value AS BIGINT) AS value FROM json_array_elements_text(CAST(%s AS JSON))"
_TEXTS = "SELECT value FROM json_array_elements_text(CAST(%s AS JSON))"


class JsonIntegers(_Construct):
    """A table of the integers in a JSON array, in their order. Use it by `table_valued`."""

    sqlite = "json_each({0})"
    postgresql = f"({_INTEGERS % '{0}'})"


class JsonTexts(_Construct):
    """A table of the texts in a JSON array, in their order. Use it by `table_valued`."""

    sqlite = "json_each({0})"
    postgresql = f"({_TEXTS % '{0}'})"


# PostgreSQL uses an index to find the values of an array, but not those of a subquery.
class IsOneOfIntegers(_Construct):
    """Whether the first argument is one of the integers in a JSON array."""

    sqlite = "{0} IN (SELECT value FROM json_each({1}))"
    postgresql = f"{{0}} = ANY (ARRAY({_INTEGERS % '{1}'}))"


class IsOneOfTexts(_Construct):
    """Whether the first argument is one of the texts in a JSON array."""

    sqlite = "{0} IN (SELECT value FROM json_each({1}))"
    postgresql = f"{{0}} = ANY (ARRAY({_TEXTS % '{1}'}))"


class InsertMissing(Insert):
    """An INSERT of those rows whose primary key is not stored yet."""

    inherit_cache = True


@compiles(InsertMissing, "sqlite")
def _(element: InsertMissing, compiler: Any, **options: Any) -> str:  # noqa: ANN401
    return str(compiler.visit_insert(element.prefix_with("OR IGNORE"), **options))


@compiles(InsertMissing, "postgresql")
def _(element: InsertMissing, compiler: Any, **options: Any) -> str:  # noqa: ANN401
    return f"{compiler.visit_insert(element, **options)} ON CONFLICT DO NOTHING"


class InsertOrReplace(Insert):
    """An INSERT of rows that replace those with the same primary key."""

    inherit_cache = True


@compiles(InsertOrReplace, "sqlite")
def _(element: InsertOrReplace, compiler: Any, **options: Any) -> str:  # noqa: ANN401
    return str(compiler.visit_insert(element.prefix_with("OR REPLACE"), **options))


@compiles(InsertOrReplace, "postgresql")
def _(element: InsertOrReplace, compiler: Any, **options: Any) -> str:  # noqa: ANN401
    table = element.table
    key = ", ".join(column.name for column in table.primary_key)
    others = (column.name for column in table.c if not column.primary_key)
    replaced = ", ".join(f"{name} = excluded.{name}" for name in others)
    inserted = compiler.visit_insert(element, **options)
    return f"{inserted} ON CONFLICT ({key}) DO UPDATE SET {replaced}"
