"""Actors, sources and timelines: which are found, and in which order they are listed."""

from collections.abc import Sequence

from sqlalchemy import select

from app.db import tables
from app.db.expressions import Selection, in_values


def select_actors(words: Sequence[str], kinds: Sequence[str]) -> Selection:
    """Select the ids of actors of these kinds, each word in their name or in one alias."""
    found = select(tables.actor.c.id)
    if kinds:
        found = found.where(in_values(tables.actor.c.kind, kinds))
    for word in words:
        found = found.where(
            tables.actor.c.key.contains(word, autoescape=True)
            | tables.actor.c.id.in_(
                select(tables.actor_alias.c.actor_id).where(
                    tables.actor_alias.c.key.contains(word, autoescape=True)
                )
            )
        )
    return found
