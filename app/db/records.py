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
    FromClause,
    String,
    Table,
    case,
    func,
    insert,
    literal_column,
    select,
    type_coerce,
)

from app.db import tables
from app.db.event_lists import EVENT_LISTS, EventList
from app.db.expressions import Condition, Expression, Order, Param, Rows, Selection, json_values
from app.db.ordering import actor_event_count
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


def _array(items: Selection, owner: Table) -> Expression:
    """Write a JSON array of the one column that `items` selects for each owner, in its order."""
    (item,) = items.correlate(owner).subquery().c
    listed = select(func.coalesce(func.group_concat(_json(item)), _text(""))).scalar_subquery()
    return type_coerce(_text("[") + listed + _text("]"), _Json)


def _bool(flag: Expression) -> Expression:
    return type_coerce(case((flag, _text("true")), else_=_text("false")), _Json)


def _null_if(flag: Expression, value: Expression) -> Expression:
    return case((flag, None), else_=value)


def _actor_ref(actor: FromClause) -> Expression:
    return _object(id=actor.c.slug, name=actor.c.name, kind=actor.c.kind)


def _edtf_of(links: Condition, axis: EventList, owner: Table, *, last: bool) -> Expression:
    """Give the date of the first or the last of the events that something is linked to."""
    keys = (axis.table.c.date_key, tables.event.c.slug)
    first = select(tables.event.c.edtf).where(
        links, axis.distinct, tables.event.c.id == axis.table.c.event_id
    )
    in_order = first.order_by(*Order(keys, descending=last).clauses())
    return in_order.limit(1).correlate(owner).scalar_subquery()


_publisher = tables.actor.alias()
_parent = tables.actor.alias()

_source_ref = _object(
    id=tables.source.c.slug,
    title=tables.source.c.title,
    publisher=_actor_ref(_publisher),
    published=tables.source.c.published,
    url=tables.source.c.url,
)

EVENT: Expression = _object(
    id=tables.event.c.slug,
    title=tables.event.c.title,
    summary=tables.event.c.summary,
    kind=tables.event.c.kind,
    status=tables.event.c.status,
    date=_object(
        edtf=tables.event.c.edtf,
        form=tables.event.c.form,
        precision=tables.event.c.precision,
        earliest=_null_if(tables.event.c.open_start, tables.event.c.earliest),
        latest=_null_if(tables.event.c.open_end, tables.event.c.latest),
        approximate=_bool(tables.event.c.approximate),
        uncertain=_bool(tables.event.c.uncertain),
        display=tables.event.c.display,
        source_text=tables.event.c.date_text,
        note=tables.event.c.date_note,
    ),
    place=tables.event.c.place,
    amount=case(
        (
            tables.event.c.amount_text.is_not(None),
            _object(
                text=tables.event.c.amount_text,
                min=tables.event.c.amount_min,
                max=tables.event.c.amount_max,
                unit=tables.event.c.amount_unit,
            ),
        )
    ),
    participants=_array(
        select(
            _object(
                actor=_actor_ref(tables.actor),
                role=tables.participation.c.role,
                capacity=tables.participation.c.capacity,
            )
        )
        .select_from(tables.participation)
        .join(tables.actor, tables.actor.c.id == tables.participation.c.actor_id)
        .where(tables.participation.c.event_id == tables.event.c.id)
        .order_by(tables.participation.c.position),
        tables.event,
    ),
    citations=_array(
        select(
            _object(
                source=_source_ref,
                quote=tables.citation.c.quote,
                locator=tables.citation.c.locator,
                supports=tables.citation.c.supports,
                stance=tables.citation.c.stance,
                attributed_to=tables.citation.c.attributed_to,
            )
        )
        .select_from(tables.citation)
        .join(tables.source, tables.source.c.id == tables.citation.c.source_id)
        .join(_publisher, _publisher.c.id == tables.source.c.publisher_id)
        .where(tables.citation.c.event_id == tables.event.c.id)
        .order_by(tables.citation.c.position),
        tables.event,
    ),
    topics=_array(
        select(tables.event_topic.c.topic)
        .where(tables.event_topic.c.event_id == tables.event.c.id)
        .order_by(tables.event_topic.c.topic),
        tables.event,
    ),
    timelines=_array(
        select(tables.timeline.c.slug)
        .join(tables.event_timeline, tables.event_timeline.c.timeline_id == tables.timeline.c.id)
        .where(tables.event_timeline.c.event_id == tables.event.c.id)
        .order_by(tables.timeline.c.slug),
        tables.event,
    ),
    created_at=type_coerce(tables.event.c.created_at, String),
    updated_at=type_coerce(tables.event.c.updated_at, String),
)

_of_actor = tables.participation.c.actor_id == tables.actor.c.id

ACTOR: Expression = _object(
    id=tables.actor.c.slug,
    name=tables.actor.c.name,
    kind=tables.actor.c.kind,
    aliases=_array(
        select(_object(name=tables.actor_alias.c.name, kind=tables.actor_alias.c.kind))
        .where(tables.actor_alias.c.actor_id == tables.actor.c.id)
        .order_by(tables.actor_alias.c.name),
        tables.actor,
    ),
    parent=select(_actor_ref(_parent))
    .where(_parent.c.id == tables.actor.c.parent_id)
    .correlate(tables.actor)
    .scalar_subquery(),
    note=tables.actor.c.note,
    events=actor_event_count,
    first=_edtf_of(_of_actor, EVENT_LISTS["actor"], tables.actor, last=False),
    last=_edtf_of(_of_actor, EVENT_LISTS["actor"], tables.actor, last=True),
)

_citations_of_source = (
    select(func.count())
    .where(tables.citation.c.source_id == tables.source.c.id)
    .correlate(tables.source)
)

SOURCE: Expression = _object(
    id=tables.source.c.slug,
    title=tables.source.c.title,
    publisher=select(_actor_ref(_publisher))
    .where(_publisher.c.id == tables.source.c.publisher_id)
    .correlate(tables.source)
    .scalar_subquery(),
    author=tables.source.c.author,
    published=tables.source.c.published,
    url=tables.source.c.url,
    archived_url=tables.source.c.archived_url,
    language=tables.source.c.language,
    sha256=tables.source.c.sha256,
    note=tables.source.c.note,
    events=_citations_of_source.where(tables.citation.c.first).scalar_subquery(),
    citations=_citations_of_source.scalar_subquery(),
)

_of_timeline = tables.event_timeline.c.timeline_id == tables.timeline.c.id

TIMELINE: Expression = _object(
    id=tables.timeline.c.slug,
    title=tables.timeline.c.title,
    description=tables.timeline.c.description,
    language=tables.timeline.c.language,
    events=select(func.count()).where(_of_timeline).correlate(tables.timeline).scalar_subquery(),
    first=_edtf_of(_of_timeline, EVENT_LISTS["timeline"], tables.timeline, last=False),
    last=_edtf_of(_of_timeline, EVENT_LISTS["timeline"], tables.timeline, last=True),
)

_stored = tables.event_record.c
_RECORDS: dict[Table, tuple[Expression, Expression]] = {
    tables.event: (_stored.event_id, _stored.content),
    tables.actor: (tables.actor.c.id, ACTOR),
    tables.source: (tables.source.c.id, SOURCE),
    tables.timeline: (tables.timeline.c.id, TIMELINE),
}


def read_records_joined(connection: Connection, table: Table, ids: Sequence[int]) -> str:
    """Read the records of these rows, in this order, with commas between them."""
    return run_text(connection, _reading(table), {_IDS.name: json.dumps([*ids])})


def read_record_list(connection: Connection, table: Table, ids: Sequence[int]) -> Sequence[str]:
    """Read the records of these rows, in this order, each by itself."""
    rows = run(connection, _reading_each(table), {_IDS.name: json.dumps([*ids])})
    return [record for (record,) in rows]


_IDS = Param("ids", str)


@cache
def _reading(table: Table) -> Prepared:
    found = _records_of_ids(table).subquery()
    records = func.coalesce(func.group_concat(found.c.record), _text(""))
    return prepare_text(select(records))


@cache
def _reading_each(table: Table) -> Prepared:
    return prepare(_records_of_ids(table))


def _records_of_ids(table: Table) -> Selection:
    given = json_values(_IDS)
    id_, record = _RECORDS[table]
    found = select(record).where(id_ == given.c.value).correlate(given).scalar_subquery()
    return select(found.label("record")).select_from(given)


def refresh_records(connection: Connection, events: Rows) -> None:
    """Store the records of these events, as what they show is now."""
    written = select(tables.event.c.id, EVENT).where(tables.event.c.id.in_(events))
    replaced = insert(tables.event_record).prefix_with("OR REPLACE")
    connection.execute(replaced.from_select(["event_id", "content"], written))
