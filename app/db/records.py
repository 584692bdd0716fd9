"""The public JSON of each record, written by the database.

`app.schemas.records` describes what these expressions write, and tests compare the two. The record
of an event is stored, and `app.store.event_changes` writes it again when something in it changes.
All other records are written by the query that reads them. Both are twenty times faster than
building objects in Python.
https://www.sqlite.org/json1.html
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from itertools import chain, repeat

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    FromClause,
    Numeric,
    String,
    Table,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from app.db import tables
from app.db.dialects import ByteLength, InsertOrReplace, Joined, JsonNumber, JsonText
from app.db.event_lists import EVENT_LISTS, event_count
from app.db.expressions import Expression, Order, Param, Rows, Selection, integer_rows
from app.db.size_limit import MAX_SIZE, TooLargeError, has_size_limit, size_limit
from app.schemas import records
from app.schemas.records import ApiModel

_actor, _alias, _part = tables.actor.c, tables.actor_alias.c, tables.participation.c
_source, _citation, _event = tables.source.c, tables.citation.c, tables.event.c
_event_topic, _topic = tables.event_topic.c, tables.topic.c
_timeline, _membership = tables.timeline.c, tables.event_timeline.c


class _Json(String):
    """The type of an expression whose value is JSON text."""


def _text(text: str) -> Expression:
    return literal_column(f"'{text}'", String)


def _json(value: Expression) -> Expression:
    """Convert a value to JSON, unless it is JSON already. NULL stays NULL."""
    match getattr(value, "type", None):
        case _Json():
            return value
        case Boolean():  # SQLite stores 0 and 1
            return case((value, _text("true")), else_=_text("false"))
        case Numeric():
            quoted: Expression = JsonNumber(value)
        case _:
            quoted = JsonText(value)
    # SQLite writes NULL as the text `null`.
    return func.nullif(quoted, _text("null")) if _is_nullable(value) else quoted


def _is_nullable(value: Expression) -> bool:
    return getattr(value, "nullable", True)


def _object(**members: Expression) -> Expression:
    """Build a JSON object without the members that are null; NULL if the first member is.

    The database joins texts here: `json_object` would parse each nested object again.
    """
    written = _text("{")
    for comma, (name, value) in zip(chain([""], repeat(",")), members.items(), strict=False):
        member = _text(f'{comma}"{name}":') + _json(value)
        # `||` with NULL is NULL, so the name goes together with the value.
        written += func.coalesce(member, _text("")) if comma and _is_nullable(value) else member
    return type_coerce(written + _text("}"), _Json)


def _array(items: Selection, owner: Table) -> Expression:
    """Build a JSON array of the one column that `items` selects for each row of `owner`."""
    (item,) = items.correlate(owner).subquery().c
    listed = select(func.coalesce(Joined(_json(item), _text(",")), _text(""))).scalar_subquery()
    return type_coerce(_text("[") + listed + _text("]"), _Json)


def _record(model: type[ApiModel], table: FromClause, **members: Expression) -> Expression:
    """Build the JSON object of a model. Each property that is not in `members` is a column.

    So a property that the model and the table share is written once, in the model.
    """

    def member(name: str) -> Expression:
        if name in members:
            return members[name]
        # The id that clients see is the slug: the integer id is only valid within this database.
        return table.c["slug" if name == "id" else name]

    return _object(**{name: member(name) for name in model.model_fields})


def _actor_of(reference: Column[int]) -> Expression:
    """Build the reference to the actor whose id is in a column."""
    actor = tables.actor.alias()
    selected = select(_record(records.ActorRef, actor)).where(actor.c.id == reference)
    return selected.correlate(reference.table).scalar_subquery()


def _extent(owner: Table) -> dict[str, Expression]:
    """Build the dates of the first and the last event in the list of a row of `owner`."""
    table, value, distinct = EVENT_LISTS[owner.name]
    listed = select(_event.edtf).where(value == owner.c.id, distinct)
    dates = listed.where(_event.id == table.c.event_id).limit(1).correlate(owner)
    keys = table.c.date_key, _event.slug
    return {
        name: dates.order_by(*Order(keys, descending).clauses()).scalar_subquery()
        for name, descending in (("first", False), ("last", True))
    }


_publisher = _actor_of(_source.publisher_id)
_source_ref = _record(records.SourceRef, tables.source, publisher=_publisher)

EVENT: Expression = _record(
    records.Event,
    tables.event,
    date=_record(
        records.EventWhen,
        tables.event,
        # An open end is absent. Its column holds an end of the calendar, to compare with.
        earliest=case((~_event.open_start, _event.earliest)),
        latest=case((~_event.open_end, _event.latest)),
        source_text=_event.date_text,
        note=_event.date_note,
    ),
    amount=_object(
        text=_event.amount_text,
        min=_event.amount_min,
        max=_event.amount_max,
        unit=_event.amount_unit,
    ),
    participants=_array(
        select(_record(records.Participant, tables.participation, actor=_actor_of(_part.actor_id)))
        .where(_part.event_id == _event.id)
        .order_by(_part.position),
        tables.event,
    ),
    citations=_array(
        select(_record(records.Citation, tables.citation, source=_source_ref))
        .join(tables.source, _source.id == _citation.source_id)
        .where(_citation.event_id == _event.id)
        .order_by(_citation.position),
        tables.event,
    ),
    topics=_array(
        select(_event_topic.topic)
        .where(_event_topic.event_id == _event.id)
        .order_by(_event_topic.topic),
        tables.event,
    ),
    topic_labels=_array(
        select(
            _object(id=_event_topic.topic, label=func.coalesce(_topic.label, _event_topic.topic))
        )
        .outerjoin_from(tables.event_topic, tables.topic, _topic.slug == _event_topic.topic)
        .where(_event_topic.event_id == _event.id)
        .order_by(_event_topic.topic),
        tables.event,
    ),
    timelines=_array(
        select(_timeline.slug)
        .join(tables.event_timeline, _membership.timeline_id == _timeline.id)
        .where(_membership.event_id == _event.id)
        .order_by(_timeline.slug),
        tables.event,
    ),
)

ACTOR: Expression = _record(
    records.Actor,
    tables.actor,
    aliases=_array(
        select(_record(records.Alias, tables.actor_alias))
        .where(_alias.actor_id == _actor.id)
        .order_by(_alias.name),
        tables.actor,
    ),
    parent=_actor_of(_actor.parent_id),
    events=event_count(tables.actor),
    **_extent(tables.actor),
)

SOURCE: Expression = _record(
    records.Source,
    tables.source,
    publisher=_publisher,
    events=event_count(tables.source),
    citations=select(func.count())
    .where(_citation.source_id == _source.id)
    .correlate(tables.source)
    .scalar_subquery(),
)

TIMELINE: Expression = _record(
    records.Timeline,
    tables.timeline,
    events=event_count(tables.timeline),
    **_extent(tables.timeline),
)

_stored = tables.event_record.c
_RECORDS: dict[Table, tuple[Expression, Expression]] = {
    tables.event: (_stored.event_id, _stored.content),
    tables.actor: (_actor.id, ACTOR),
    tables.source: (_source.id, SOURCE),
    tables.timeline: (_timeline.id, TIMELINE),
}


READ_CHUNK = 500
"""Records of one statement, a whole page. If they are too large together, most of them are read for
nothing, but to know the size of each beforehand would take longer for all others."""


def read_record(connection: Connection, table: Table, id_: int) -> str:
    """Read the record of a row as a JSON object."""
    return str(connection.execute(_select_records(table), _ids([id_])).scalar_one())


def read_records(
    connection: Connection, table: Table, ids: Sequence[int], max_bytes: int, separator: str = ","
) -> Iterator[tuple[str, int]]:
    """Yield the records of these rows, in this order, as JSON objects.

    Each item is a text of one or more records, with a separator between them, and their number. The
    last records are left out if all have more than `max_bytes` together, but never the first.
    """
    read = _read_limited if has_size_limit(connection) else _read_measured
    left = max_bytes
    for start in range(0, len(ids), READ_CHUNK):
        chunk = ids[start : start + READ_CHUNK]
        text, number = read(connection, table, chunk, left, separator, at_least=int(start == 0))
        if number:
            yield text, number
        if number < len(chunk):
            return
        if start + READ_CHUNK < len(ids):  # to encode a large text takes long
            left -= _size(text)


def _read_limited(
    connection: Connection,
    table: Table,
    ids: Sequence[int],
    max_bytes: int,
    separator: str,
    at_least: int,
) -> tuple[str, int]:
    """Read the first records that fit, and their number, from a database that limits texts."""
    try:
        with size_limit(connection, max_bytes):
            joined = connection.execute(_joined_records(table, separator), _ids(ids))
            return str(joined.scalar_one()), len(ids)
    except TooLargeError:
        fitting: list[str] = []
        with closing(connection.execute(_select_records(table), _ids(ids))) as rows:
            for (record,) in rows:
                max_bytes -= _size(record)
                if max_bytes < 0 and len(fitting) >= at_least:
                    break
                fitting.append(record)
        return separator.join(fitting), len(fitting)


def _read_measured(
    connection: Connection,
    table: Table,
    ids: Sequence[int],
    max_bytes: int,
    separator: str,
    at_least: int,
) -> tuple[str, int]:
    """Read the first records that fit, and their number, from a database that knows their sizes."""
    limits = {_MAX_BYTES.name: max_bytes, _AT_LEAST.name: at_least}
    statement = _measured_records(table, separator)
    text, number = connection.execute(statement, {**_ids(ids), **limits}).one()
    return text, number


def _size(text: str) -> int:
    # Python knows at once whether a text is ASCII.
    return len(text) if text.isascii() else len(text.encode())


_IDS = Param("ids", str)
_MAX_BYTES, _AT_LEAST = Param("max_bytes", int), Param("at_least", int)


def _ids(ids: Sequence[int]) -> dict[str, str]:
    return {_IDS.name: json.dumps([*ids])}


@cache
def _joined_records(table: Table, separator: str) -> Selection:
    found = _select_records(table).subquery()
    return select(Joined(found.c.record, _text(separator)))


@cache
def _measured_records(table: Table, separator: str) -> Selection:
    # Without OFFSET, PostgreSQL would build each record twice.
    found = _select_records(table).offset(0).subquery()
    record = found.c.record
    measured = select(
        record,
        func.sum(ByteLength(record)).over(rows=(None, 0)).label("size"),
        func.row_number().over().label("number"),
    ).subquery()
    fits = or_(measured.c.size <= _MAX_BYTES.bind, measured.c.number <= _AT_LEAST.bind)
    return select(Joined(measured.c.record, _text(separator)), func.count()).where(fits)


@cache
def _select_records(table: Table) -> Selection:
    # A scalar subquery for each id keeps their order, which a join does not.
    ids = integer_rows(_IDS)
    id_, expression = _RECORDS[table]
    record = select(expression).where(id_ == ids.c.value).correlate(ids).scalar_subquery()
    return select(record.label("record")).select_from(ids)


def refresh_records(connection: Connection, events: Rows, max_bytes: int = MAX_SIZE) -> None:
    """Build and store the records of these events, from the current tables.

    Raise TooLargeError if one has more than `max_bytes`. The transaction must then be rolled back.
    """
    # The records stay within the database: none passes through Python.
    current = select(_event.id, EVENT).where(_event.id.in_(events))
    statement = InsertOrReplace(tables.event_record).from_select(["event_id", "content"], current)
    with size_limit(connection, max_bytes):
        connection.execute(statement)
    if not has_size_limit(connection):
        size = ByteLength(_stored.content)
        larger = select(size).where(_stored.event_id.in_(events), size > max_bytes)
        if connection.scalar(larger.limit(1)):
            # As with the limit, none is stored. Otherwise a second attempt would find no change.
            stored = tables.event_record.delete().where(_stored.event_id.in_(events))
            connection.execute(stored)
            raise TooLargeError


def find_changed_records(connection: Connection, events: Rows) -> list[int]:
    """Return which of these events have a record that is not stored, or stored differently."""
    stored = select(_event.id).outerjoin(tables.event_record, _stored.event_id == _event.id)
    differs = _stored.content.is_distinct_from(EVENT)
    return [*connection.scalars(stored.where(_event.id.in_(events), differs))]


def find_large_records(connection: Connection, events: Rows, max_bytes: int) -> dict[int, int]:
    """Return the sizes of those records that would have more than `max_bytes`."""
    sizes = select(_event.id, ByteLength(EVENT))
    found = connection.execute(sizes.where(_event.id.in_(events)))
    return {id_: size for id_, size in found if size > max_bytes}
