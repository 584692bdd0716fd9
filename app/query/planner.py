"""What is worth knowing of a filter before it is followed: where there is least to go through."""

from dataclasses import replace
from functools import lru_cache

from sqlalchemy import Connection, select

from app.db.expressions import Param
from app.db.sqlite.fulltext import SEARCH_INDEX, matches
from app.db.statements import MAX_STATEMENTS, Prepared, prepare, run
from app.query.filters import EventFilter
from app.query.selection import DISTINCT_SPANS, select_count

MAX_INLINE_IDS = 1_000
"""The words that so many events have, and no more, are replaced by these events."""


def plan(where: EventFilter, connection: Connection) -> EventFilter:
    """Put what the fewest events have where selections begin."""
    if where.is_windowed:
        where = replace(where, spans=tuple(span for (span,) in run(connection, _SPANS, {})))
    if len(where.lists) > 1:
        alone = {link: EventFilter(values=where.values, lists=(link,)) for link in where.lists}
        shortest = sorted(alone, key=lambda link: count_events(connection, alone[link]))
        where = replace(where, lists=tuple(shortest))
    if where.words:
        having = run(connection, _HAVING, {_WORDS.name: where.values[where.words.name]})
        if len(having) <= MAX_INLINE_IDS:
            ids = where.values.add_list([id_ for (id_,) in having])
            where = replace(where, matching_ids=ids)
    return where


def count_events(connection: Connection, where: EventFilter) -> int:
    """Count the events that match, exactly up to 10,000."""
    ((number,),) = run(connection, _counting(where), where.values)
    return int(number)


@lru_cache(MAX_STATEMENTS)
def _counting(where: EventFilter) -> Prepared:
    return prepare(select_count(where))


_SPANS = prepare(DISTINCT_SPANS)
_WORDS = Param("words", str)
_HAVING = prepare(select(SEARCH_INDEX.c.rowid).where(matches(_WORDS)).limit(MAX_INLINE_IDS + 1))
