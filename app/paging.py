"""Pages of a list, turned by cursors that name a place in its order (keyset paging).

What is inserted between two pages moves nothing: each row that was there is given once.
https://use-the-index-luke.com/no-offset
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pydantic import MISSING
from sqlalchemy import func, select
from sqlmodel import Session

from app.errors import ProblemError, fault, unprocessable
from app.params import Paging
from app.queries import Expression, Order, Selection
from app.schemas import Total

MAX_COUNTED = 10_000
"""Up to here totals are exact; beyond, counting would cost more than it tells."""


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


@dataclass(frozen=True)
class PageText:
    """A page as JSON text, and the cursor of the next, if there is one."""

    body: str
    next: str | None


def read_page(
    session: Session,
    ids: Selection,
    record: Expression,
    order: Order,
    paging: Paging,
) -> PageText:
    """Read the page of `record` for the rows that `ids` selects, after the cursor in `paging`."""
    id_ = ids.selected_columns[0]
    found = ids if paging.cursor is MISSING else ids.where(order.after(_position(paging, order)))
    # The page is cut before its records are written: a sort would write those of every match.
    page = found.order_by(*order.clauses()).limit(paging.limit + 1).subquery()
    rows = session.execute(
        select(record, *order.keys).where(id_ == page.c[0]).order_by(*order.clauses())
    ).all()
    given = rows[: paging.limit]
    cursor = _cursor(paging, given[-1][1:]) if len(rows) > paging.limit else None
    members = [
        f'"items":[{",".join(row[0] for row in given)}]',
        f'"total":{total_of(session, ids).model_dump_json()}',
    ]
    if cursor:
        members.append(f'"next":"{cursor}"')
    return PageText(f"{{{','.join(members)}}}", cursor)


def total_of(session: Session, ids: Selection) -> Total:
    """Count what `ids` selects, exactly up to 10,000."""
    some = ids.limit(MAX_COUNTED + 1).subquery()
    count = session.execute(select(func.count()).select_from(some)).scalar_one()
    return Total(value=min(count, MAX_COUNTED), relation="gte" if count > MAX_COUNTED else "eq")


def _cursor(paging: Paging, position: Sequence[Any]) -> str:
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
