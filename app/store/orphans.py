"""Actors and sources that no stored record refers to."""

from sqlalchemy import Table, exists, or_

from app.db import tables
from app.db.expressions import Expression

_actor, _source = tables.actor.c, tables.source.c

_child = tables.actor.alias()
ORPHAN_CONDITIONS: dict[str, tuple[Table, Expression]] = {
    "source": (tables.source, ~exists().where(tables.citation.c.source_id == _source.id)),
    "actor": (
        tables.actor,
        ~or_(
            exists().where(tables.participation.c.actor_id == _actor.id),
            exists().where(_source.publisher_id == _actor.id),
            exists().where(_child.c.parent_id == _actor.id),
        ),
    ),
}
"""The table of each kind that can be an orphan, and the condition that a row of it is one."""
