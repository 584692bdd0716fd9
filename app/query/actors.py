"""Lists of actors."""

from functools import lru_cache

from pydantic import MISSING
from sqlalchemy import select

from app.db import tables
from app.db.expressions import Param, Params, Selection, equals_any
from app.db.ordering import ACTOR_ORDER
from app.db.statements import MAX_STATEMENTS, Values
from app.domain.analyzer import word_parts
from app.query.pagination import PagedList, paged_rows
from app.schemas.params import ActorQuery


def paged_actors(query: ActorQuery) -> PagedList:
    """Return the list of the actors that match, those with the most events first."""
    values = Values()
    parts = () if query.q is MISSING else tuple(map(values.add, word_parts(query.q)))
    ids = _select_actors(parts, values.add_all(query.kind))
    return paged_rows(tables.actor, ACTOR_ORDER, ids, values)


@lru_cache(MAX_STATEMENTS)
def _select_actors(parts: tuple[Param, ...], kinds: Params) -> Selection:
    """Select the ids of actors of these kinds whose name or one alias contains each part."""
    actor, alias = tables.actor.c, tables.actor_alias.c
    ids = select(actor.id)
    if kinds:
        ids = ids.where(equals_any(actor.kind, kinds))
    for part in parts:
        # Parts are letters and digits, so LIKE finds no wildcards in them.
        # Not a join, which would select an actor once for each alias.
        in_alias = select(alias.actor_id).where(alias.key.contains(part.bind))
        ids = ids.where(actor.key.contains(part.bind) | actor.id.in_(in_alias))
    return ids
