"""Each record as its public JSON, written by the database.

`app.schemas` documents what these expressions write; the tests hold the two together. The record of
an event is stored, and written anew whenever something that it shows has changed; any other is
written in the query that reads it.
Twenty times faster than objects: https://www.sqlite.org/json1.html
"""

import json
from collections.abc import Sequence
from functools import cache
from itertools import chain, repeat

from sqlalchemy import (
    Connection,
    String,
    case,
    func,
    insert,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from app.db.event_lists import AXES, Axis
from app.db.expressions import Condition, Expression, Order, Rows, Selection, Slot, each
from app.db.models import (
    Actor,
    ActorAlias,
    Citation,
    Event,
    EventRecord,
    EventTimeline,
    EventTopic,
    Participation,
    Source,
    Timeline,
    table_of,
)
from app.db.ordering import events_of_actor
from app.db.statements import Prepared, prepare, prepare_text, run, run_text


class _Json(String):
    """The type of an expression that gives JSON text."""


def _text(text: str) -> Expression:
    return literal_column(f"'{text}'", String)


def _json(value: Expression) -> Expression:
    """Write a value as JSON, unless it is JSON already."""
    return value if _is_json(value) else func.json_quote(value, type_=String)


def _json_or_null(value: Expression) -> Expression:
    # JSON has a null of its own, which is not NULL.
    return value if _is_json(value) else func.nullif(_json(value), _text("null"))


def _is_json(value: Expression) -> bool:
    return isinstance(getattr(value, "type", None), _Json)


def _object(**members: Expression) -> Expression:
    """Write a JSON object without the members that are null; the first never is.

    As text, which SQLite need not read again where it stands within another.
    """
    written = _text("{")
    for comma, (name, value) in zip(chain([""], repeat(",")), members.items(), strict=False):
        before = _text(f'{comma}"{name}":')
        if comma and getattr(value, "nullable", True):
            written += func.coalesce(before + _json_or_null(value), _text(""))
        else:
            written += before + _json(value)
    return type_coerce(written + _text("}"), _Json)


def _array(items: Selection, owner: type[SQLModel]) -> Expression:
    """Write a JSON array of the one column that `items` selects for each owner, in its order."""
    (item,) = items.correlate(owner).subquery().c
    listed = select(func.coalesce(func.group_concat(_json(item)), _text(""))).scalar_subquery()
    return type_coerce(_text("[") + listed + _text("]"), _Json)


def _bool(flag: Expression) -> Expression:
    return type_coerce(case((flag, _text("true")), else_=_text("false")), _Json)


def _unless(flag: Expression, value: Expression) -> Expression:
    return case((flag, None), else_=value)


def _actor_ref(actor: type[Actor]) -> Expression:
    return _object(id=col(actor.slug), name=col(actor.name), kind=col(actor.kind))


def _edtf_of(links: Condition, axis: Axis, owner: type[SQLModel], *, last: bool) -> Expression:
    """Give the date of the first or the last of the events that something is linked to."""
    keys = (axis.table.c.date_key, col(Event.slug))
    first = select(col(Event.edtf)).where(links, axis.once, col(Event.id) == axis.table.c.event_id)
    in_order = first.order_by(*Order(keys, descending=last).clauses())
    return in_order.limit(1).correlate(owner).scalar_subquery()


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
        select(col(EventTopic.topic))
        .where(col(EventTopic.event_id) == col(Event.id))
        .order_by(col(EventTopic.topic)),
        Event,
    ),
    timelines=_array(
        select(col(Timeline.slug))
        .join(EventTimeline, col(EventTimeline.timeline_id) == col(Timeline.id))
        .where(col(EventTimeline.event_id) == col(Event.id))
        .order_by(col(Timeline.slug)),
        Event,
    ),
    created_at=type_coerce(col(Event.created_at), String),
    updated_at=type_coerce(col(Event.updated_at), String),
)

_of_actor = col(Participation.actor_id) == col(Actor.id)

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
    first=_edtf_of(_of_actor, AXES["actor"], Actor, last=False),
    last=_edtf_of(_of_actor, AXES["actor"], Actor, last=True),
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
    events=_citations_of_source.where(col(Citation.first)).scalar_subquery(),
    citations=_citations_of_source.scalar_subquery(),
)

_of_timeline = col(EventTimeline.timeline_id) == col(Timeline.id)

TIMELINE: Expression = _object(
    id=col(Timeline.slug),
    title=col(Timeline.title),
    description=col(Timeline.description),
    language=col(Timeline.language),
    events=select(func.count()).where(_of_timeline).correlate(Timeline).scalar_subquery(),
    first=_edtf_of(_of_timeline, AXES["timeline"], Timeline, last=False),
    last=_edtf_of(_of_timeline, AXES["timeline"], Timeline, last=True),
)

Table = type[Event] | type[Actor] | type[Source] | type[Timeline]
_stored = table_of(EventRecord).c
_RECORDS: dict[Table, tuple[Expression, Expression]] = {
    Event: (_stored.event_id, _stored.content),
    Actor: (col(Actor.id), ACTOR),
    Source: (col(Source.id), SOURCE),
    Timeline: (col(Timeline.id), TIMELINE),
}


def read_records(connection: Connection, table: Table, ids: Sequence[int]) -> str:
    """Read the records of these rows, in this order, with commas between them."""
    return run_text(connection, _reading(table), {_IDS.name: json.dumps([*ids])})


def read_each(connection: Connection, table: Table, ids: Sequence[int]) -> Sequence[str]:
    """Read the records of these rows, in this order, each by itself."""
    rows = run(connection, _reading_each(table), {_IDS.name: json.dumps([*ids])})
    return [record for (record,) in rows]


_IDS = Slot("ids", str)


@cache
def _reading(table: Table) -> Prepared:
    found = _records_of_ids(table).subquery()
    records = func.coalesce(func.group_concat(found.c.record), _text(""))
    return prepare_text(select(records))


@cache
def _reading_each(table: Table) -> Prepared:
    return prepare(_records_of_ids(table))


def _records_of_ids(table: Table) -> Selection:
    given = each(_IDS)
    id_, record = _RECORDS[table]
    found = select(record).where(id_ == given.c.value).correlate(given).scalar_subquery()
    return select(found.label("record")).select_from(given)


def rewrite_records(connection: Connection, events: Rows) -> None:
    """Store the records of these events, as what they show is now."""
    written = select(col(Event.id), EVENT).where(col(Event.id).in_(events))
    replaced = insert(EventRecord).prefix_with("OR REPLACE")
    connection.execute(replaced.from_select(["event_id", "content"], written))
