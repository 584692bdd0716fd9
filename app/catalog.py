"""Actors, sources and timelines: which are found, and in which order they are listed."""

from collections.abc import Sequence

from sqlalchemy import String, func, select, type_coerce
from sqlmodel import col

from app.expressions import Order, Selection, among
from app.models import Actor, ActorAlias, Participation, Source, Timeline

# How many events an actor takes part in; a column of `actor`.
events_of_actor = (
    select(func.count())
    .where(col(Participation.actor_id) == col(Actor.id), col(Participation.first))
    .correlate(Actor)
    .scalar_subquery()
)

ACTOR_ORDER = Order((-events_of_actor, col(Actor.slug)))
SOURCE_ORDER = Order(
    (func.coalesce(type_coerce(col(Source.published), String), ""), col(Source.slug)),
    descending=True,
)
TIMELINE_ORDER = Order((col(Timeline.slug),))


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
