"""Actors, sources and timelines: which are found, and in which order they are listed."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from app.db.expressions import Selection, among
from app.db.models import Actor, ActorAlias


def select_actors(words: Sequence[str], kinds: Sequence[str]) -> Selection:
    """Select the ids of actors of these kinds, each word in their name or in one alias."""
    found = select(col(Actor.id))
    if kinds:
        found = found.where(among(col(Actor.kind), kinds))
    for word in words:
        found = found.where(
            col(Actor.key).contains(word, autoescape=True)
            | col(Actor.id).in_(
                select(col(ActorAlias.actor_id)).where(
                    col(ActorAlias.key).contains(word, autoescape=True)
                )
            )
        )
    return found
