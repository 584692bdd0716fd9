"""Pages of a list, turned by cursors that name a place in its order (keyset paging).

What is inserted between two pages moves nothing: each row that was there is given once.
https://use-the-index-luke.com/no-offset
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
from app.db.records import read_records_joined
from app.db.statements import MAX_STATEMENTS, Prepared, Values, prepare, run
from app.errors import ProblemError, parameter_error, validation_problem
from app.query.filters import EventFilter
from app.query.planner import count_events
from app.query.selection import EXACT_COUNT_LIMIT, LIMIT, select_page
from app.schemas.params import CURSOR_PATTERN, Paging
from app.schemas.responses import Total


def _decode_text(value: str) -> str:
    return value.encode().decode()  # a lone surrogate is a ValueError


def _decode_int(value: int) -> int:
    return int.from_bytes(int.to_bytes(value, 8, signed=True), signed=True)


# How a cursor's keys are read back, by the type of their column.
_DECODERS: dict[type, Callable[[Any], int | str]] = {int: _decode_int, str: _decode_text}


class PageStatement(Protocol):
    """Writes the query of a page: the ids of so many rows, and the keys of their order."""

    def __call__(self, *, few: bool, after: bool) -> Prepared:
        """Begin after a position or not; `few` tells that there are no more than are counted."""


CursorPosition = Mapping[str, Any]
"""Keys of a row, by their slots in the order of its list; none of them is the beginning."""


class PagedList(NamedTuple):
    """What is given in pages."""

    table: Table
    order: Order
    values: Values
    count: Callable[[Connection], int]
    page: PageStatement


def paged_events(where: EventFilter, order: Order) -> PagedList:
    """List the events that match."""
    count = partial(count_events, where=where)
    return PagedList(
        tables.event, order, where.values, count, partial(_page_of_events, where, order)
    )


@lru_cache(MAX_STATEMENTS)
def _page_of_events(where: EventFilter, order: Order, *, few: bool, after: bool) -> Prepared:
    return prepare(select_page(where, order, few=few, after=after))


def paged_rows(table: Table, ids: Selection, order: Order) -> PagedList:
    """List rows of another table."""

    def count(connection: Connection) -> int:
        number: int = connection.execute(
            select(func.count()).select_from(ids.subquery())
        ).scalar_one()
        return number

    def page(*, few: bool, after: bool) -> Prepared:
        found = ids.add_columns(*order.keys).order_by(*order.clauses()).limit(LIMIT.bind)
        return prepare(found.where(order.is_after) if after else found)

    return PagedList(table, order, Values(), count, page)


class JsonPage(NamedTuple):
    """A page as JSON text, and the cursor of the next, if there is one."""

    body: str
    next: str | None


def read_page(connection: Connection, listing: PagedList, paging: Paging) -> JsonPage:
    """Read a page, after the cursor in `paging` or from the beginning."""
    after = {} if paging.cursor is MISSING else _position(paging, listing.order)
    total = make_total(listing.count(connection))
    rows = read_rows(connection, listing, total, paging.limit + 1, after)
    more = len(rows) > paging.limit
    rows = rows[: paging.limit]
    cursor = encode_cursor(paging, rows[-1][1:]) if more else None
    items = read_records_joined(connection, listing.table, [id_ for id_, *_ in rows])
    members = [f'"items":[{items}]', f'"total":{total.model_dump_json()}']
    if cursor:
        members.append(f'"next":"{cursor}"')
    return JsonPage(f"{{{','.join(members)}}}", cursor)


def read_rows(
    connection: Connection, listing: PagedList, total: Total, limit: int, after: CursorPosition
) -> Sequence[Any]:
    """Read the ids of so many rows after a position, each with the keys of its order."""
    page = listing.page(few=total.relation == "eq", after=bool(after))
    return run(connection, page, {**listing.values, **after, LIMIT.name: limit})


def make_total(count: int) -> Total:
    """Tell how many there are, exactly up to 10,000."""
    return Total(
        value=min(count, EXACT_COUNT_LIMIT), relation="gte" if count > EXACT_COUNT_LIMIT else "eq"
    )


def encode_cursor(paging: Paging, position: Sequence[Any]) -> str:
    """Name a place in a list, and the query whose list it is."""
    text = json.dumps([_fingerprint(paging), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_position(order: Order, keys: Iterable[Any]) -> CursorPosition:
    """Name the place of the row that has these keys."""
    return {
        slot.name: _DECODERS[slot.kind](key) for slot, key in zip(order.position, keys, strict=True)
    }


def _position(paging: Paging, order: Order) -> CursorPosition:
    """Read the place that the cursor names; raise a 422 unless it belongs to this query."""
    cursor = str(paging.cursor)
    if not re.fullmatch(CURSOR_PATTERN, cursor):  # padded, say, as none that is given is
        raise _invalid_cursor("it is not a cursor of this API")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
        fingerprint, *keys = json.loads(text)
        if fingerprint != _fingerprint(paging):
            raise _invalid_cursor("it belongs to other filters or another order")
        return decode_position(order, keys)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise _invalid_cursor("it is not a cursor of this API") from None


def _invalid_cursor(why: str) -> ProblemError:
    cure = "give `next` of the page before, or leave it out to begin anew"
    return validation_problem(parameter_error("cursor", f"{why}; {cure}"))


def _fingerprint(paging: Paging) -> str:
    query = paging.model_dump_json(exclude={"limit", "cursor"}, by_alias=True)
    return hashlib.sha256(f"{type(paging).__name__}{query}".encode()).hexdigest()[:16]
