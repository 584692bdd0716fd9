"""The public JSON of each record, written by the database.

`app.schemas.records` describes what these expressions write, and tests compare the two. The record
of an event is stored, and written again whenever something in it changes. All other records are
written by the query that reads them. Both are twenty times faster than building objects in Python.
https://www.sqlite.org/json1.html
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
from app.db.statements import as_json, read_json

_actor, _alias, _part = tables.actor.c, tables.actor_alias.c, tables.participation.c
_source, _citation = tables.source.c, tables.citation.c
_event, _topic = tables.event.c, tables.event_topic.c
_timeline, _membership = tables.timeline.c, tables.event_timeline.c


class _Json(String):
    """The type of an expression whose value is JSON text."""


def _text(text: str) -> Expression:
    return literal_column(f"'{text}'", String)


def _json(value: Expression) -> Expression:
    """Convert a value to JSON, unless it is JSON already."""
    return value if _is_json(value) else func.json_quote(value, type_=String)


def _json_or_null(value: Expression) -> Expression:
    # `json_quote(NULL)` is the text `null`, which is not NULL.
    return value if _is_json(value) else func.nullif(_json(value), _text("null"))


def _is_json(value: Expression) -> bool:
    return isinstance(getattr(value, "type", None), _Json)


def _object(**members: Expression) -> Expression:
    """Build a JSON object without the members that are null; the first never is.

    SQLite joins texts here: `json_object` would parse each nested object again.
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
    """Build a JSON array of the one column that `items` selects for each row of `owner`."""
    (item,) = items.correlate(owner).subquery().c
    listed = select(func.coalesce(func.group_concat(_json(item)), _text(""))).scalar_subquery()
    return type_coerce(_text("[") + listed + _text("]"), _Json)


def _bool(flag: Expression) -> Expression:
    return type_coerce(case((flag, _text("true")), else_=_text("false")), _Json)


def _null_if(flag: Expression, value: Expression) -> Expression:
    return case((flag, None), else_=value)


def _actor_ref(actor: FromClause) -> Expression:
    return _object(id=actor.c.slug, name=actor.c.name, kind=actor.c.kind)


def _edtf_of(is_listed: Condition, events: EventList, owner: Table, *, last: bool) -> Expression:
    """Build the date of the first or the last event in the list of a row of `owner`."""
    row = events.table.c
    order = Order((row.date_key, _event.slug), descending=last)
    dates = select(_event.edtf).where(is_listed, events.distinct, _event.id == row.event_id)
    return dates.order_by(*order.clauses()).limit(1).correlate(owner).scalar_subquery()


_publisher = tables.actor.alias()
_parent = tables.actor.alias()

_source_ref = _object(
    id=_source.slug,
    title=_source.title,
    publisher=_actor_ref(_publisher),
    published=_source.published,
    url=_source.url,
)

EVENT: Expression = _object(
    id=_event.slug,
    title=_event.title,
    summary=_event.summary,
    kind=_event.kind,
    status=_event.status,
    date=_object(
        edtf=_event.edtf,
        form=_event.form,
        precision=_event.precision,
        earliest=_null_if(_event.open_start, _event.earliest),
        latest=_null_if(_event.open_end, _event.latest),
        approximate=_bool(_event.approximate),
        uncertain=_bool(_event.uncertain),
        display=_event.display,
        source_text=_event.date_text,
        note=_event.date_note,
    ),
    place=_event.place,
    amount=case(
        (
            _event.amount_text.is_not(None),
            _object(
                text=_event.amount_text,
                min=_event.amount_min,
                max=_event.amount_max,
                unit=_event.amount_unit,
            ),
        )
    ),
    participants=_array(
        select(_object(actor=_actor_ref(tables.actor), role=_part.role, capacity=_part.capacity))
        .select_from(tables.participation)
        .join(tables.actor, _actor.id == _part.actor_id)
        .where(_part.event_id == _event.id)
        .order_by(_part.position),
        tables.event,
    ),
    citations=_array(
        select(
            _object(
                source=_source_ref,
                quote=_citation.quote,
                locator=_citation.locator,
                supports=_citation.supports,
                stance=_citation.stance,
                attributed_to=_citation.attributed_to,
            )
        )
        .select_from(tables.citation)
        .join(tables.source, _source.id == _citation.source_id)
        .join(_publisher, _publisher.c.id == _source.publisher_id)
        .where(_citation.event_id == _event.id)
        .order_by(_citation.position),
        tables.event,
    ),
    topics=_array(
        select(_topic.topic).where(_topic.event_id == _event.id).order_by(_topic.topic),
        tables.event,
    ),
    timelines=_array(
        select(_timeline.slug)
        .join(tables.event_timeline, _membership.timeline_id == _timeline.id)
        .where(_membership.event_id == _event.id)
        .order_by(_timeline.slug),
        tables.event,
    ),
    created_at=type_coerce(_event.created_at, String),
    updated_at=type_coerce(_event.updated_at, String),
)

_of_actor = _part.actor_id == _actor.id

ACTOR: Expression = _object(
    id=_actor.slug,
    name=_actor.name,
    kind=_actor.kind,
    aliases=_array(
        select(_object(name=_alias.name, kind=_alias.kind))
        .where(_alias.actor_id == _actor.id)
        .order_by(_alias.name),
        tables.actor,
    ),
    parent=select(_actor_ref(_parent))
    .where(_parent.c.id == _actor.parent_id)
    .correlate(tables.actor)
    .scalar_subquery(),
    note=_actor.note,
    events=actor_event_count,
    first=_edtf_of(_of_actor, EVENT_LISTS["actor"], tables.actor, last=False),
    last=_edtf_of(_of_actor, EVENT_LISTS["actor"], tables.actor, last=True),
)

_citations_of_source = (
    select(func.count()).where(_citation.source_id == _source.id).correlate(tables.source)
)

SOURCE: Expression = _object(
    id=_source.slug,
    title=_source.title,
    publisher=select(_actor_ref(_publisher))
    .where(_publisher.c.id == _source.publisher_id)
    .correlate(tables.source)
    .scalar_subquery(),
    author=_source.author,
    published=_source.published,
    url=_source.url,
    archived_url=_source.archived_url,
    language=_source.language,
    sha256=_source.sha256,
    note=_source.note,
    events=_citations_of_source.where(_citation.first).scalar_subquery(),
    citations=_citations_of_source.scalar_subquery(),
)

_of_timeline = _membership.timeline_id == _timeline.id

TIMELINE: Expression = _object(
    id=_timeline.slug,
    title=_timeline.title,
    description=_timeline.description,
    language=_timeline.language,
    events=select(func.count()).where(_of_timeline).correlate(tables.timeline).scalar_subquery(),
    first=_edtf_of(_of_timeline, EVENT_LISTS["timeline"], tables.timeline, last=False),
    last=_edtf_of(_of_timeline, EVENT_LISTS["timeline"], tables.timeline, last=True),
)

_stored = tables.event_record.c
_RECORDS: dict[Table, tuple[Expression, Expression]] = {
    tables.event: (_stored.event_id, _stored.content),
    tables.actor: (_actor.id, ACTOR),
    tables.source: (_source.id, SOURCE),
    tables.timeline: (_timeline.id, TIMELINE),
}


def read_records_joined(connection: Connection, table: Table, ids: Sequence[int]) -> str:
    """Read the records of these rows, in this order, as JSON objects with commas between them."""
    return str(connection.execute(_joined_records(table), _ids(ids)).scalar_one())


def read_record_list(connection: Connection, table: Table, ids: Sequence[int]) -> Sequence[str]:
    """Read the records of these rows, in this order, each as a JSON object."""
    return [record for (record,) in read_json(connection, _record_list(table), _ids(ids))]


_IDS = Param("ids", str)


def _ids(ids: Sequence[int]) -> dict[str, str]:
    return {_IDS.name: json.dumps([*ids])}


@cache
def _joined_records(table: Table) -> Selection:
    found = _select_records(table).subquery()
    return select(func.coalesce(func.group_concat(found.c.record), _text("")))


@cache
def _record_list(table: Table) -> Selection:
    return as_json(_select_records(table))


def _select_records(table: Table) -> Selection:
    # A scalar subquery for each id keeps their order, which a join does not.
    ids = json_values(_IDS)
    id_, expression = _RECORDS[table]
    record = select(expression).where(id_ == ids.c.value).correlate(ids).scalar_subquery()
    return select(record.label("record")).select_from(ids)


def refresh_records(connection: Connection, events: Rows) -> None:
    """Write and store the records of these events again, from the current tables."""
    records = select(_event.id, EVENT).where(_event.id.in_(events))
    replace = insert(tables.event_record).prefix_with("OR REPLACE")
    connection.execute(replace.from_select(["event_id", "content"], records))
