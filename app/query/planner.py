"""The planner: it finds the most selective condition of a filter before the filter runs.

SQLite knows how long its indexes are on average, not how long the list of one actor is.
"""

from dataclasses import replace

from sqlalchemy import Connection, select

from app.db.expressions import Param
from app.db.fulltext import SEARCH_INDEX, matches
from app.db.statements import as_json, read_count, read_json
from app.query.filters import EventFilter, ListFilter
from app.query.selection import DISTINCT_SPANS, EXACT_COUNT_LIMIT, select_count

MAX_INLINE_IDS = 1_000
"""If at most this many events contain the words of a search, the query uses their ids instead."""

_WORDS = Param("words", str)
_SPANS = as_json(DISTINCT_SPANS)
_MATCHING_IDS = as_json(
    select(SEARCH_INDEX.c.rowid).where(matches(_WORDS)).limit(MAX_INLINE_IDS + 1)
)


def plan(where: EventFilter, connection: Connection) -> EventFilter:
    """Reorder a filter so that its most selective condition drives the query.

    A filter that is planned already may be planned again, for example without one of its lists.
    """
    # Spans are read only for a window that drives the query; see `overlap_lists_by_span`.
    if where.is_windowed and not where.lists and not where.words:
        spans = tuple(span for (span,) in read_json(connection, _SPANS, {}))
        where = replace(where, spans=spans)
    alone = EventFilter(values=where.values, reads_lists_lazily=where.reads_lists_lazily)
    counts: dict[ListFilter, int] = {}
    if len(where.lists) > 1 or where.updated_since:
        counts = {
            one: count_events(connection, replace(alone, lists=(one,))) for one in where.lists
        }
        # The shortest list first: it drives the query.
        where = replace(where, lists=tuple(sorted(counts, key=counts.__getitem__)))
    if where.words and not where.matching_ids:
        words = {_WORDS.name: where.values[where.words.name]}
        ids = [id_ for (id_,) in read_json(connection, _MATCHING_IDS, words)]
        if len(ids) <= MAX_INLINE_IDS:
            where = replace(where, matching_ids=where.values.add_list(ids))
    if where.updated_since:
        updated = replace(alone, updated_since=where.updated_since)
        fewest = min([EXACT_COUNT_LIMIT, *counts.values()])
        few = not where.matching_ids and count_events(connection, updated) <= fewest
        where = replace(where, few_updated=few)
    return where


def count_events(connection: Connection, where: EventFilter) -> int:
    """Count the events that match, exactly up to 10,000."""
    return read_count(connection, select_count(where), where.values)
