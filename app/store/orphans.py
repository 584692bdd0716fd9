"""Actors and sources that no record names."""

from sqlalchemy import (
    exists,
    or_,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.db.expressions import Expression
from app.db.models import Actor, Citation, Participation, Source

_child = aliased(Actor)
NAMEABLE: dict[str, tuple[type[Actor | Source], Expression]] = {
    "source": (Source, ~exists().where(col(Citation.source_id) == col(Source.id))),
    "actor": (
        Actor,
        ~or_(
            exists().where(col(Participation.actor_id) == col(Actor.id)),
            exists().where(col(Source.publisher_id) == col(Actor.id)),
            exists().where(col(_child.parent_id) == col(Actor.id)),
        ),
    ),
}
"""What records name, with the condition that nothing stored does."""
