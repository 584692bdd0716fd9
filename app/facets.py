"""What the matching events are made of: how many bear each value."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, SQLModel, col

from app.models import (
    Actor,
    Citation,
    Event,
    EventTimeline,
    EventTopic,
    Participation,
    Source,
    Timeline,
)
from app.paging import total_of
from app.params import FacetName
from app.queries import EventFilter, Expression, Selection, conditions, select_events
from app.schemas import FacetCount, FacetCounts, Facets


class Facet(NamedTuple):
    """What events are counted by: a value, its label, and the tables that lead to it."""

    value: Expression
    label: Expression
    joins: tuple[tuple[type[SQLModel], ColumnElement[bool]], ...] = ()


FACETS: dict[FacetName, Facet] = {
    "actor": Facet(
        col(Actor.slug),
        col(Actor.name),
        (
            (Participation, col(Participation.event_id) == col(Event.id)),
            (Actor, col(Actor.id) == col(Participation.actor_id)),
        ),
    ),
    "kind": Facet(col(Event.kind), col(Event.kind)),
    "status": Facet(col(Event.status), col(Event.status)),
    "topic": Facet(
        col(EventTopic.topic),
        col(EventTopic.topic),
        ((EventTopic, col(EventTopic.event_id) == col(Event.id)),),
    ),
    "timeline": Facet(
        col(Timeline.slug),
        col(Timeline.title),
        (
            (EventTimeline, col(EventTimeline.event_id) == col(Event.id)),
            (Timeline, col(Timeline.id) == col(EventTimeline.timeline_id)),
        ),
    ),
    "source": Facet(
        col(Source.slug),
        col(Source.title),
        (
            (Citation, col(Citation.event_id) == col(Event.id)),
            (Source, col(Source.id) == col(Citation.source_id)),
        ),
    ),
}


def count_facets(
    session: Session, where: EventFilter, names: Iterable[FacetName], limit: int
) -> Facets:
    """Count the matching events by each of the facets, or by all six if none is named."""
    counts = {
        name: [
            FacetCount(value=value, label=label, count=count)
            for value, label, count in session.execute(
                _select_facet(FACETS[name], where).limit(limit)
            )
        ]
        for name in names or FACETS
    }
    total = total_of(session, select_events(where))
    return Facets(total=total, facets=FacetCounts(**counts))


def _select_facet(facet: Facet, where: EventFilter) -> Selection:
    # An event counts once, in however many roles an actor takes part in it.
    events = func.count(col(Event.id).distinct())
    counted = select(facet.value, facet.label, events).select_from(Event)
    for table, link in facet.joins:
        counted = counted.join(table, link)
    counted = counted.where(*conditions(where)).group_by(facet.value, facet.label)
    return counted.order_by(events.desc(), facet.value)
