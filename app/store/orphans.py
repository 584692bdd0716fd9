"""Actors, sources and labels of topics that no stored record refers to."""

from sqlalchemy import Connection, Table, delete, exists, or_

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


def delete_unused_labels(connection: Connection) -> None:
    """Delete the labels of topics that no event has. Nothing else could show or change them."""
    topics = tables.topic
    is_used = exists().where(tables.event_topic.c.topic == topics.c.slug)
    connection.execute(delete(topics).where(~is_used))
