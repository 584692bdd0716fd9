"""Pages of a list, turned by cursors that name a place in its order (keyset paging).

What is inserted between two pages moves nothing: each row that was there is given once.
https://use-the-index-luke.com/no-offset
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, NamedTuple

from pydantic import MISSING
from sqlalchemy import Connection

from app.errors import ProblemError, fault, unprocessable
from app.expressions import Order, Position, Rows, Selection
from app.measure import count_up_to
from app.models import Event
from app.params import Paging
from app.queries import FEW, EventFilter, select_events, select_page
from app.records import Table, write_records
from app.schemas import Total


def _readable(value: str) -> str:
    return value.encode().decode()  # a lone surrogate is a ValueError


def _int(value: int) -> int:
    return int.from_bytes(int.to_bytes(value, 8, signed=True), signed=True)


# How a cursor's keys are read back, by the type of their column; any other column holds text.
_READERS: dict[type, Callable[[Any], Any]] = {
    int: _int,
    date: date.fromisoformat,
    datetime: lambda value: datetime.fromisoformat(value).astimezone(UTC),
}


class Listing(NamedTuple):
    """What is given in pages."""

    table: Table
    order: Order
    ids: Rows
    """The ids of all rows, in no order."""
    page: Callable[..., Rows]
    """Selects so many rows after a position: the id, and the keys of the order. `few` tells it that
    there are no more than are counted."""


def events_in_order(where: EventFilter, order: Order) -> Listing:
    """List the events that match."""
    return Listing(Event, order, select_events(where), partial(select_page, where, order))


def rows_in_order(table: Table, ids: Selection, order: Order) -> Listing:
    """List rows of another table."""

    def page(limit: int, after: Position | None, *, few: bool) -> Rows:
        found = ids.add_columns(*order.keys).order_by(*order.clauses()).limit(limit)
        return found.where(order.after(after)) if after else found

    return Listing(table, order, ids, page)


class PageText(NamedTuple):
    """A page as JSON text, and the cursor of the next, if there is one."""

    body: str
    next: str | None


def read_page(connection: Connection, listing: Listing, paging: Paging) -> PageText:
    """Read a page, after the cursor in `paging` or from the beginning."""
    after = None if paging.cursor is MISSING else _position(paging, listing.order)
    total = total_of(connection, listing.ids)
    page = listing.page(paging.limit + 1, after, few=total.relation == "eq")
    rows = connection.execute(page).all()
    given = rows[: paging.limit]
    cursor = cursor_of(paging, given[-1][1:]) if len(rows) > paging.limit else None
    records = write_records(connection, listing.table, [row[0] for row in given])
    members = [f'"items":[{",".join(records)}]', f'"total":{total.model_dump_json()}']
    if cursor:
        members.append(f'"next":"{cursor}"')
    return PageText(f"{{{','.join(members)}}}", cursor)


def total_of(connection: Connection, ids: Rows) -> Total:
    """Count what `ids` selects, exactly up to 10,000."""
    count = count_up_to(FEW + 1, connection, ids)
    return Total(value=min(count, FEW), relation="gte" if count > FEW else "eq")


def cursor_of(paging: Paging, position: Sequence[Any]) -> str:
    """Name a place in a list, and the query whose list it is."""
    keys = [key.isoformat() if isinstance(key, date) else key for key in position]
    text = json.dumps([_fingerprint(paging), *keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(paging: Paging, order: Order) -> list[Any]:
    """Read the place that the cursor names; raise a 422 unless it belongs to this query."""
    cursor = str(paging.cursor)
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True)
        fingerprint, *keys = json.loads(text)
        if fingerprint != _fingerprint(paging):
            raise _refused("it belongs to other filters or another order")
        return [
            _READERS.get(type_.python_type, _readable)(value)
            for type_, value in zip(order.types, keys, strict=True)
        ]
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise _refused("it is not a cursor of this API") from None


def _refused(why: str) -> ProblemError:
    cure = "give `next` of the page before, or leave it out to begin anew"
    return unprocessable(fault("cursor", f"{why}; {cure}"))


def _fingerprint(paging: Paging) -> str:
    query = paging.model_dump_json(exclude={"limit", "cursor"}, by_alias=True)
    return hashlib.sha256(f"{type(paging).__name__}{query}".encode()).hexdigest()[:16]
