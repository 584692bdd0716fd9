"""Pages of a list, with cursors that name a position in its order (keyset pagination).

A row that is inserted between two requests moves no other row to another page, so each row is
returned once. https://use-the-index-luke.com/no-offset
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, Protocol

from pydantic import MISSING
from sqlalchemy import Connection, Table, func, select

from app.db import tables
from app.db.expressions import Order, Selection
from app.db.ordering import SORTS
from app.db.records import read_records
from app.db.statements import MAX_STATEMENTS, Values, as_json, read_count, read_json
from app.errors import ProblemError, parameter_error, validation_problem
from app.query.filters import EventFilter
from app.query.selection import EXACT_COUNT_LIMIT, LIMIT, LIMIT_VALUE, select_count, select_page
from app.schemas.params import CURSOR_PATTERN, Paging, Sorting
from app.schemas.responses import Total


def _decode_text(value: str) -> str:
    if "\0" in value:
        raise ValueError  # which PostgreSQL's driver would
    return value.encode().decode()  # a lone surrogate raises ValueError, which SQLite would not


def _decode_int(value: int) -> int:
    # More than 8 bytes raise OverflowError here, and not in the driver.
    return int.from_bytes(int.to_bytes(value, 8, signed=True), signed=True)


# How to read the keys of a cursor, by the type of their column. Anybody can write a cursor.
_DECODERS: dict[type, Callable[[Any], int | str]] = {int: _decode_int, str: _decode_text}

CursorPosition = Mapping[str, Any]
"""The keys of a row by the parameters of its list's order. Empty at the beginning of the list."""


class PageStatement(Protocol):
    """Returns the statement of a page: the ids of its rows, and the keys of their order."""

    def __call__(self, *, few: bool, after: bool) -> Selection:
        """Return the statement for `few` rows, 10,000 at most, that begins `after` a position."""


class PagedList(NamedTuple):
    """A list that is returned in pages."""

    table: Table
    order: Order
    values: Values
    count_statement: Selection
    page_statement: PageStatement

    def read_total(self, connection: Connection) -> Total:
        """Count the rows."""
        return make_total(read_count(connection, self.count_statement, self.values))

    def read_rows(
        self, connection: Connection, total: Total, limit: int, after: CursorPosition
    ) -> tuple[list[list[Any]], bool]:
        """Read at most `limit` rows after a position: the id of each, and the keys of its order.

        Return them, and whether more follow.
        """
        statement = self.page_statement(few=total.relation == "eq", after=bool(after))
        # One row more shows whether others follow, without another query.
        rows = read_json(connection, statement, {**self.values, **after, LIMIT.name: limit + 1})
        return rows[:limit], len(rows) > limit


def paged_events(where: EventFilter, sorting: Sorting) -> PagedList:
    """Return the list of the events that match."""
    order = Order(SORTS[sorting.sort], descending=sorting.order == "desc")
    page = partial(select_page, where, order)
    return PagedList(tables.event, order, where.values, select_count(where), page)


def paged_rows(
    table: Table, order: Order, ids: Selection | None = None, values: Values | None = None
) -> PagedList:
    """Return the list of all rows of a table, or of those with the ids that a statement selects.

    The statement is kept, so it must be the same object for each request of the same form.
    """
    ids = _all_ids(table) if ids is None else ids
    page = partial(_row_page, ids, order)
    return PagedList(table, order, values or Values(), _row_count(ids), page)


# Cached because a Select equals itself only: a new one would miss the caches below.
@lru_cache
def _all_ids(table: Table) -> Selection:
    return select(table.c.id)


@lru_cache(MAX_STATEMENTS)
def _row_count(ids: Selection) -> Selection:
    return select(func.count()).select_from(ids.subquery())


@lru_cache(MAX_STATEMENTS)
def _row_page(ids: Selection, order: Order, *, few: bool, after: bool) -> Selection:
    rows = ids.add_columns(*order.keys).order_by(*order.clauses()).limit(LIMIT_VALUE)
    return as_json(rows.where(order.is_after) if after else rows)


class JsonPage(NamedTuple):
    """A page as JSON, and the cursor of the next page, if there is one."""

    body: str
    next: str | None


def read_page(
    connection: Connection, listing: PagedList, paging: Paging, max_kilobytes: int
) -> JsonPage:
    """Read the page after the cursor of `paging`, or the first one.

    It ends early if the records would have more than `max_kilobytes`, but has at least one.
    """
    after = {} if paging.cursor is MISSING else _position(paging, listing.order)
    total = listing.read_total(connection)
    rows, has_more = listing.read_rows(connection, total, paging.limit, after)
    ids = [id_ for id_, *_ in rows]
    texts = [*read_records(connection, listing.table, ids, max_kilobytes * 1024)]
    shown = sum(count for _, count in texts)
    has_more |= shown < len(rows)
    cursor = encode_cursor(paging, rows[shown - 1][1:]) if has_more else None
    # The items are JSON already. To parse them would take longer than to read them.
    items = ",".join(text for text, _ in texts)
    members = [f'"items":[{items}]', f'"total":{total.model_dump_json()}']
    if cursor:
        members.append(f'"next":"{cursor}"')
    return JsonPage(f"{{{','.join(members)}}}", cursor)


def make_total(count: int) -> Total:
    """Build a total, which is exact up to 10,000."""
    is_exact = count <= EXACT_COUNT_LIMIT
    return Total(value=min(count, EXACT_COUNT_LIMIT), relation="eq" if is_exact else "gte")


def encode_cursor(paging: Paging, position: Sequence[Any]) -> str:
    """Encode a position in a list, and the fingerprint of the query that selects the list."""
    text = json.dumps([_fingerprint(paging), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_position(order: Order, keys: Iterable[Any]) -> CursorPosition:
    """Decode the position of the row with these keys."""
    return {
        param.name: _DECODERS[param.kind](key)
        for param, key in zip(order.position, keys, strict=True)
    }


def _position(paging: Paging, order: Order) -> CursorPosition:
    """Decode the position of a cursor; raise a 422 if the cursor belongs to another query."""
    cursor = str(paging.cursor)
    # `b64decode` accepts padding and our cursors have none, so one position has one cursor.
    if not re.fullmatch(CURSOR_PATTERN, cursor):
        raise _invalid_cursor("It is not a cursor of this API.")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
        fingerprint, *keys = json.loads(text)
        if fingerprint != _fingerprint(paging):
            raise _invalid_cursor("It belongs to other filters or another order.")
        return decode_position(order, keys)
    # Anybody can write a cursor: of other JSON, other types, huge numbers or deep nesting.
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise _invalid_cursor("It is not a cursor of this API.") from None


def _invalid_cursor(reason: str) -> ProblemError:
    fix = "Set it to `next` of the previous page, or leave it out to start at the first page."
    return validation_problem(parameter_error("cursor", f"{reason} {fix}"))


def _fingerprint(paging: Paging) -> str:
    # The size of a page may change from page to page. Anything else selects or orders another list.
    query = paging.model_dump_json(exclude={"limit", "cursor"}, by_alias=True)
    return hashlib.sha256(f"{type(paging).__name__}{query}".encode()).hexdigest()[:16]
