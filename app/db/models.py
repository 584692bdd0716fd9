"""The tables. Rules are constraints of the database where possible, not only of Python.

The tables by which events are found (actors, sources, topics, timelines) are lists of events in the
order of their dates: each row repeats the `date_key` of its event. Where an event can be in a list
twice, `first` marks the row that counts.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Dialect, Double, Index, Integer, Numeric, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel
from sqlmodel.sql.sqltypes import AutoString
from typing_extensions import TypeAliasType

from app.db.dialects import text_type
from app.domain.edtf import MAX_LENGTH as MAX_EDTF_LENGTH
from app.domain.edtf import EventDate
from app.domain.limits import MAX_QUOTE_LENGTH, MAX_SLUG_LENGTH, MAX_TITLE_LENGTH
from app.domain.vocabulary import (
    ActorKind,
    AliasKind,
    DateForm,
    DatePrecision,
    EventStatus,
    Role,
    Stance,
    Supports,
    choices,
)

# A migration can drop a constraint only by its name, and SQLite assigns none.
# https://alembic.sqlalchemy.org/en/latest/naming.html
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


# Rows are stored in the order of the primary key, so that those of one event are adjacent.
# https://www.sqlite.org/withoutrowid.html
WITHOUT_ROWID = {"sqlite_with_rowid": False}
# The columns of an event that filters compare, except its date.
COVERED_COLUMNS = ("kind", "status", "sources", "approximate", "uncertain")
# SQLite stores the primary key in every index. PostgreSQL stores it where a list of events is read
# from the index alone. https://www.postgresql.org/docs/current/indexes-index-only-scans.html
WITH_ID: dict[str, Any] = {"postgresql_include": ["id"]}
WITH_EVENT_ID: dict[str, Any] = {"postgresql_include": ["event_id"]}
# A name may be longer than the 2,704 bytes that a row of a B-tree can have in PostgreSQL.
HASHED: dict[str, Any] = {"postgresql_using": "hash"}
# NUMERIC and not REAL in SQLite, which would write the whole number 2500000 as 2500000.0 into the
# JSON. NUMERIC in PostgreSQL would write the digits of the dossier, which may be 2500000.0.
AMOUNT = Numeric(asdecimal=False).with_variant(Double(), "postgresql")


class Timestamp(TypeDecorator[datetime]):
    """A UTC timestamp in seconds, stored as it is published: `2022-07-19T00:00:00Z`."""

    impl = text_type(20)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, _: Dialect) -> str | None:
        """Convert a timestamp of any time zone to the stored text."""
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None

    def process_result_value(self, value: str | None, _: Dialect) -> datetime | None:
        """Convert the stored text to a timestamp with a time zone."""
        return datetime.fromisoformat(value) if value else None


def _one_of(column: str, vocabulary: TypeAliasType) -> CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in choices(vocabulary))
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


def _length(column: str, maximum: int) -> CheckConstraint:
    return CheckConstraint(f"length({column}) BETWEEN 1 AND {maximum}", name=f"{column}_length")


def _link(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} LIKE 'http://%' OR {column} LIKE 'https://%'", name=column)


def _slug() -> CheckConstraint:
    return CheckConstraint(
        f"length(slug) BETWEEN 1 AND {MAX_SLUG_LENGTH} AND slug = lower(slug)", name="slug"
    )


class _Record(SQLModel):
    """The two ids of a record."""

    # The writer numbers new records. PostgreSQL would create a sequence.
    id: int | None = Field(
        default=None, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    """The id in this database. Another database can number the same records otherwise."""
    slug: str = Field(unique=True)
    """The id in dossiers and URLs, which stays the same."""


class Actor(_Record, table=True):
    """A person or organisation that takes part in events, publishes sources or is mentioned."""

    __table_args__ = (
        _slug(),
        _one_of("kind", ActorKind),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        Index(None, "key", **HASHED),
    )

    name: str
    key: str
    """The folded name, which the parameter `actor` is compared with."""
    kind: str
    parent_id: int | None = Field(default=None, foreign_key="actor.id", index=True)
    note: str | None = None


class ActorAlias(SQLModel, table=True):
    """Another name of an actor. Two actors can share one: there are two security councils."""

    __tablename__ = "actor_alias"
    __table_args__ = (
        _one_of("kind", AliasKind),
        # Not unique, since two actors can have the same alias.
        Index(None, "key", **HASHED),
    )

    actor_id: int = Field(primary_key=True, foreign_key="actor.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)
    key: str
    kind: str


class Source(_Record, table=True):
    """A publication that events cite."""

    __table_args__ = (
        _slug(),
        CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name="sha256"),
        _link("url"),
        _link("archived_url"),
    )

    title: str
    publisher_id: int = Field(foreign_key="actor.id", index=True)
    author: str | None = None
    published: date | None = None
    url: str | None = None
    archived_url: str | None = None
    language: str | None = None
    sha256: str | None = None
    note: str | None = None


class Timeline(_Record, table=True):
    """A collection of events with a title."""

    __table_args__ = (_slug(),)

    title: str
    description: str | None = None
    language: str | None = None


class Event(_Record, table=True):
    """Something that happened, with its date as precisely as it is known.

    The columns from `form` to `display` are derived from `edtf`, by `date_columns`.
    """

    __table_args__ = (
        _slug(),
        _length("title", MAX_TITLE_LENGTH),
        _length("kind", MAX_SLUG_LENGTH),
        _length("edtf", MAX_EDTF_LENGTH),
        _one_of("status", EventStatus),
        _one_of("form", DateForm),
        _one_of("precision", DatePrecision),
        CheckConstraint("earliest <= latest", name="bounds"),
        CheckConstraint("sort_day BETWEEN earliest AND latest", name="sort_day"),
        CheckConstraint("amount_min <= amount_max", name="amount"),
        CheckConstraint("sources > 0", name="sources"),
        CheckConstraint("created_at <= updated_at", name="timestamps"),
        CheckConstraint("sequence >= 0", name="sequence"),
        # Covering indexes in the order of dates: a query that filters by these columns reads only
        # the index. https://www.sqlite.org/queryplanner.html#_covering_indexes
        Index("ix_event_in_order", "date_key", "slug", *COVERED_COLUMNS, **WITH_ID),
        Index("ix_event_by_span", "span", "date_key", "slug", *COVERED_COLUMNS, **WITH_ID),
        Index(None, "updated_at", "slug", **WITH_ID),
    )

    title: str
    summary: str | None = None
    kind: str = Field(index=True)
    status: str
    edtf: str
    form: str
    precision: str
    earliest: date
    latest: date
    open_start: bool
    open_end: bool
    sort_day: date
    date_key: int = Field(sa_type=BigInteger)
    """The position in the order of dates, as one number; see `EventDate.sort_key`."""
    span: int
    """The approximate duration, and whether it is certain; see `EventDate.duration_class`."""
    approximate: bool
    uncertain: bool
    display: str
    date_text: str | None = None
    date_note: str | None = None
    place: str | None = None
    amount_text: str | None = None
    amount_min: float | None = Field(default=None, sa_type=AMOUNT)
    amount_max: float | None = Field(default=None, sa_type=AMOUNT)
    amount_unit: str | None = None
    sources: int
    """The number of distinct sources that it cites."""
    created_at: datetime = Field(sa_type=Timestamp)
    updated_at: datetime = Field(sa_type=Timestamp)
    """When the public JSON last changed."""
    sequence: int = Field(sa_column_kwargs={"server_default": text("0")})
    """How often the public JSON has changed since the event was created."""


def date_columns(when: EventDate) -> dict[str, Any]:
    """Return the columns of an event that are derived from its date."""
    return {
        "edtf": when.edtf,
        "form": when.form,
        "precision": when.precision,
        "earliest": when.earliest,
        "latest": when.latest,
        "open_start": when.start is None,
        "open_end": when.end is None,
        "sort_day": when.sort_day,
        "date_key": when.sort_key,
        "span": when.duration_class,
        "approximate": when.approximate,
        "uncertain": when.uncertain,
        "display": when.display,
    }


class Participation(SQLModel, table=True):
    """An actor's part in an event, in one role."""

    __table_args__ = (
        _one_of("role", Role),
        Index(None, "actor_id", "first", "date_key", **WITH_EVENT_ID),
        WITHOUT_ROWID,
    )

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    actor_id: int = Field(primary_key=True, foreign_key="actor.id")
    role: str = Field(primary_key=True)
    position: int
    capacity: str | None = None
    first: bool
    """Whether this is the actor's first role in the event."""
    date_key: int = Field(sa_type=BigInteger)


class Citation(SQLModel, table=True):
    """A quote from a source that asserts or denies an event."""

    __table_args__ = (
        Index(None, "source_id", "first", "date_key", **WITH_EVENT_ID),
        _length("quote", MAX_QUOTE_LENGTH),
        _one_of("supports", Supports),
        _one_of("stance", Stance),
        WITHOUT_ROWID,
    )

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    quote: str
    locator: str | None = None
    supports: str
    stance: str
    attributed_to: str | None = None
    first: bool
    """Whether this is the event's first citation of the source."""
    date_key: int = Field(sa_type=BigInteger)


class Topic(SQLModel, table=True):
    """The label of a topic that has one. Without a row, readers see the id."""

    __table_args__ = (
        _length("label", MAX_TITLE_LENGTH),
        _slug(),
        Index(None, "key", **HASHED),
        WITHOUT_ROWID,
    )

    slug: str = Field(primary_key=True)
    label: str
    key: str
    """The folded label, which the parameter `topic` is compared with."""


class EventTopic(SQLModel, table=True):
    """A topic of an event."""

    __tablename__ = "event_topic"
    __table_args__ = (
        _length("topic", MAX_SLUG_LENGTH),
        Index(None, "topic", "date_key", **WITH_EVENT_ID),
        WITHOUT_ROWID,
    )

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    topic: str = Field(primary_key=True)
    date_key: int = Field(sa_type=BigInteger)


class EventTimeline(SQLModel, table=True):
    """The membership of an event in a timeline. Timelines can share events."""

    __tablename__ = "event_timeline"
    __table_args__ = (Index(None, "timeline_id", "date_key", **WITH_EVENT_ID), WITHOUT_ROWID)

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    timeline_id: int = Field(primary_key=True, foreign_key="timeline.id", ondelete="CASCADE")
    date_key: int = Field(sa_type=BigInteger)


class EventRecord(SQLModel, table=True):
    """The published JSON of an event, so that reading an event is one row instead of ten.

    It is written again whenever a record that it contains changes; see `app.db.records`.
    """

    __tablename__ = "event_record"

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    content: str


class Revision(SQLModel, table=True):
    """A number that every change of the data advances, so that caches can depend on it."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int = Field(default=0, sa_type=BigInteger().with_variant(Integer(), "sqlite"))
    compatible_since: str | None = None
    """The oldest revision of the schema whose code can read and write this one."""


for _table in SQLModel.metadata.tables.values():
    for _column in _table.columns:
        if isinstance(_column.type, AutoString):
            _column.type = text_type()
