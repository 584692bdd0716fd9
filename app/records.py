"""Each record as its public JSON, written by the database in the query that selects it.

`app.schemas` documents what these expressions write; the tests hold the two together.
Twenty times faster than objects: https://www.sqlite.org/json1.html
"""

from sqlalchemy import String, case, func, literal_column, select, type_coerce
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from app.models import (
    Actor,
    ActorAlias,
    Citation,
    Event,
    EventTimeline,
    EventTopic,
    Participation,
    Source,
    Timeline,
)
from app.queries import DATE_KEYS, Expression, Order, Selection, events_of_actor


def _object(**members: Expression) -> Expression:
    """Write a JSON object without the members that are null."""
    pairs = (
        part for name, value in members.items() for part in (literal_column(f"'{name}'"), value)
    )
    return func.json_patch(literal_column("'{}'"), func.json_object(*pairs))


def _array(items: Selection, owner: type[SQLModel]) -> Expression:
    """Write a JSON array of the one column that `items` selects for each owner, in its order."""
    (item,) = items.correlate(owner).subquery().c
    return select(func.json_group_array(func.json(item))).scalar_subquery()


def _bool(flag: Expression) -> Expression:
    return case((flag, func.json("true")), else_=func.json("false"))


def _unless(flag: Expression, value: Expression) -> Expression:
    return case((flag, None), else_=value)


def _actor_ref(actor: type[Actor]) -> Expression:
    return _object(id=col(actor.slug), name=col(actor.name), kind=col(actor.kind))


def _edtf_of(event_ids: Selection, owner: type[SQLModel], order: Order) -> Expression:
    """Give the date of the first in order of the events that `event_ids` selects."""
    first = select(col(Event.edtf)).where(col(Event.id).in_(event_ids.correlate(owner)))
    return first.order_by(*order.clauses()).limit(1).correlate(owner).scalar_subquery()


_publisher = aliased(Actor)
_parent = aliased(Actor)

_source_ref = _object(
    id=col(Source.slug),
    title=col(Source.title),
    publisher=_actor_ref(_publisher),
    published=col(Source.published),
    url=col(Source.url),
)

EVENT: Expression = _object(
    id=col(Event.slug),
    title=col(Event.title),
    summary=col(Event.summary),
    kind=col(Event.kind),
    status=col(Event.status),
    date=_object(
        edtf=col(Event.edtf),
        form=col(Event.form),
        precision=col(Event.precision),
        earliest=_unless(col(Event.open_start), col(Event.earliest)),
        latest=_unless(col(Event.open_end), col(Event.latest)),
        approximate=_bool(col(Event.approximate)),
        uncertain=_bool(col(Event.uncertain)),
        display=col(Event.display),
        source_text=col(Event.date_text),
        note=col(Event.date_note),
    ),
    place=col(Event.place),
    amount=case(
        (
            col(Event.amount_text).is_not(None),
            _object(
                text=col(Event.amount_text),
                min=col(Event.amount_min),
                max=col(Event.amount_max),
                unit=col(Event.amount_unit),
            ),
        )
    ),
    participants=_array(
        select(
            _object(
                actor=_actor_ref(Actor),
                role=col(Participation.role),
                capacity=col(Participation.capacity),
            )
        )
        .select_from(Participation)
        .join(Actor, col(Actor.id) == col(Participation.actor_id))
        .where(col(Participation.event_id) == col(Event.id))
        .order_by(col(Participation.position)),
        Event,
    ),
    citations=_array(
        select(
            _object(
                source=_source_ref,
                quote=col(Citation.quote),
                locator=col(Citation.locator),
                supports=col(Citation.supports),
                stance=col(Citation.stance),
                attributed_to=col(Citation.attributed_to),
            )
        )
        .select_from(Citation)
        .join(Source, col(Source.id) == col(Citation.source_id))
        .join(_publisher, col(_publisher.id) == col(Source.publisher_id))
        .where(col(Citation.event_id) == col(Event.id))
        .order_by(col(Citation.position)),
        Event,
    ),
    topics=_array(
        select(func.json_quote(col(EventTopic.topic)))
        .where(col(EventTopic.event_id) == col(Event.id))
        .order_by(col(EventTopic.topic)),
        Event,
    ),
    timelines=_array(
        select(func.json_quote(col(Timeline.slug)))
        .join(EventTimeline, col(EventTimeline.timeline_id) == col(Timeline.id))
        .where(col(EventTimeline.event_id) == col(Event.id))
        .order_by(col(Timeline.slug)),
        Event,
    ),
    created_at=type_coerce(col(Event.created_at), String),
    updated_at=type_coerce(col(Event.updated_at), String),
)

_events_of_actor = select(col(Participation.event_id)).where(
    col(Participation.actor_id) == col(Actor.id)
)

ACTOR: Expression = _object(
    id=col(Actor.slug),
    name=col(Actor.name),
    kind=col(Actor.kind),
    aliases=_array(
        select(_object(name=col(ActorAlias.name), kind=col(ActorAlias.kind)))
        .where(col(ActorAlias.actor_id) == col(Actor.id))
        .order_by(col(ActorAlias.name)),
        Actor,
    ),
    parent=select(_actor_ref(_parent))
    .where(col(_parent.id) == col(Actor.parent_id))
    .correlate(Actor)
    .scalar_subquery(),
    note=col(Actor.note),
    events=events_of_actor,
    first=_edtf_of(_events_of_actor, Actor, Order(DATE_KEYS)),
    last=_edtf_of(_events_of_actor, Actor, Order(DATE_KEYS, descending=True)),
)

_citations_of_source = (
    select(func.count()).where(col(Citation.source_id) == col(Source.id)).correlate(Source)
)

SOURCE: Expression = _object(
    id=col(Source.slug),
    title=col(Source.title),
    publisher=select(_actor_ref(_publisher))
    .where(col(_publisher.id) == col(Source.publisher_id))
    .correlate(Source)
    .scalar_subquery(),
    author=col(Source.author),
    published=col(Source.published),
    url=col(Source.url),
    archived_url=col(Source.archived_url),
    language=col(Source.language),
    sha256=col(Source.sha256),
    note=col(Source.note),
    events=_citations_of_source.with_only_columns(
        func.count(col(Citation.event_id).distinct())
    ).scalar_subquery(),
    citations=_citations_of_source.scalar_subquery(),
)

_events_of_timeline = select(col(EventTimeline.event_id)).where(
    col(EventTimeline.timeline_id) == col(Timeline.id)
)

TIMELINE: Expression = _object(
    id=col(Timeline.slug),
    title=col(Timeline.title),
    description=col(Timeline.description),
    language=col(Timeline.language),
    events=_events_of_timeline.with_only_columns(func.count())
    .correlate(Timeline)
    .scalar_subquery(),
    first=_edtf_of(_events_of_timeline, Timeline, Order(DATE_KEYS)),
    last=_edtf_of(_events_of_timeline, Timeline, Order(DATE_KEYS, descending=True)),
)
