"""The tables. What a constraint can say is one of the database, not only of Python.

What an event is found by - its actors, sources, topics and timelines - is a list of events, kept in
the order of their dates: each row repeats the `date_key` of its event, and where an event may stand
in a list twice, `first` marks the row that counts.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Dialect, Index, Numeric, String
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel
from typing_extensions import TypeAliasType

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

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


# Rows stand in the order of their key, those of an event side by side.
WITHOUT_ROWID = {"sqlite_with_rowid": False}
COVERED_COLUMNS = ("kind", "status", "sources", "approximate", "uncertain")


class Timestamp(TypeDecorator[datetime]):
    """A UTC moment to the second, stored as it is published: `2022-07-19T00:00:00Z`."""

    impl = String(20)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, _: Dialect) -> str | None:
        """Write it in UTC."""
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None

    def process_result_value(self, value: str | None, _: Dialect) -> datetime | None:
        """Read it back, aware of its zone."""
        return datetime.fromisoformat(value) if value else None


def _one_of(column: str, vocabulary: TypeAliasType) -> CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in choices(vocabulary))
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


def _length(column: str, most: int) -> CheckConstraint:
    return CheckConstraint(f"length({column}) BETWEEN 1 AND {most}", name=f"{column}_length")


def _link(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} LIKE 'http://%' OR {column} LIKE 'https://%'", name=column)


def _slug() -> CheckConstraint:
    return CheckConstraint(
        f"length(slug) BETWEEN 1 AND {MAX_SLUG_LENGTH} AND slug = lower(slug)", name="slug"
    )


class Actor(SQLModel, table=True):
    """Who takes part, publishes or is spoken of."""

    __tablename__ = "actor"
    __table_args__ = (
        _slug(),
        _one_of("kind", ActorKind),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
    )

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True)
    name: str
    key: str = Field(index=True)
    """The name, folded: what `actor=` is compared with."""
    kind: str
    parent_id: int | None = Field(default=None, foreign_key="actor.id", index=True)
    note: str | None = None


class ActorAlias(SQLModel, table=True):
    """Another name of an actor. It may belong to two actors: there are two security councils."""

    __tablename__ = "actor_alias"
    __table_args__ = (_one_of("kind", AliasKind),)

    actor_id: int = Field(primary_key=True, foreign_key="actor.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)
    key: str = Field(index=True)
    kind: str


class Source(SQLModel, table=True):
    """What the records rest on."""

    __tablename__ = "source"
    __table_args__ = (
        _slug(),
        CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name="sha256"),
        _link("url"),
        _link("archived_url"),
    )

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True)
    title: str
    publisher_id: int = Field(foreign_key="actor.id", index=True)
    author: str | None = None
    published: date | None = None
    url: str | None = None
    archived_url: str | None = None
    language: str | None = None
    sha256: str | None = None
    note: str | None = None


class Timeline(SQLModel, table=True):
    """A dossier: events told together."""

    __tablename__ = "timeline"
    __table_args__ = (_slug(),)

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True)
    title: str
    description: str | None = None
    language: str | None = None


class Event(SQLModel, table=True):
    """What happened, when as far as it is known, and who says so.

    The columns from `form` to `display` are derived from `edtf`; see `date_columns`.
    """

    __tablename__ = "event"
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
        # The lists are in order, and what else is asked of an event stands beside its date, so
        # that a list is walked without a look at the events themselves.
        Index("ix_event_in_order", "date_key", "slug", *COVERED_COLUMNS),
        Index("ix_event_by_span", "span", "date_key", "slug", *COVERED_COLUMNS),
        Index(None, "updated_at", "slug"),
    )

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True)
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
    """Where it stands by date, as one number; see `EventDate.key`."""
    span: int
    """About how long it lasts, and whether it is certain; see `EventDate.span`."""
    approximate: bool
    uncertain: bool
    display: str
    date_text: str | None = None
    date_note: str | None = None
    place: str | None = None
    amount_text: str | None = None
    amount_min: float | None = Field(default=None, sa_column=Column(Numeric(asdecimal=False)))
    amount_max: float | None = Field(default=None, sa_column=Column(Numeric(asdecimal=False)))
    amount_unit: str | None = None
    sources: int
    """How many distinct sources it rests on."""
    created_at: datetime = Field(sa_type=Timestamp)
    updated_at: datetime = Field(sa_type=Timestamp)


def date_columns(when: EventDate) -> dict[str, Any]:
    """Give the columns of an event that follow from its date."""
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
    """Who took part in an event, and as what."""

    __tablename__ = "participation"
    __table_args__ = (
        _one_of("role", Role),
        Index(None, "actor_id", "first", "date_key"),
        WITHOUT_ROWID,
    )

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    actor_id: int = Field(primary_key=True, foreign_key="actor.id")
    role: str = Field(primary_key=True)
    position: int
    capacity: str | None = None
    first: bool
    """Whether it is the first of the actor's roles in the event."""
    date_key: int = Field(sa_type=BigInteger)


class Citation(SQLModel, table=True):
    """Words of a source that bear an event out, or deny it."""

    __tablename__ = "citation"
    __table_args__ = (
        Index(None, "source_id", "first", "date_key"),
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
    """Whether it is the first of the source's citations in the event."""
    date_key: int = Field(sa_type=BigInteger)


class EventTopic(SQLModel, table=True):
    """A keyword of an event."""

    __tablename__ = "event_topic"
    __table_args__ = (
        _length("topic", MAX_SLUG_LENGTH),
        Index(None, "topic", "date_key"),
        WITHOUT_ROWID,
    )

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    topic: str = Field(primary_key=True)
    date_key: int = Field(sa_type=BigInteger)


class EventTimeline(SQLModel, table=True):
    """An event's place in a dossier; dossiers share events."""

    __tablename__ = "event_timeline"
    __table_args__ = (Index(None, "timeline_id", "date_key"), WITHOUT_ROWID)

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    timeline_id: int = Field(primary_key=True, foreign_key="timeline.id", ondelete="CASCADE")
    date_key: int = Field(sa_type=BigInteger)


class EventRecord(SQLModel, table=True):
    """An event as it is published, so that to read it is to look up one row instead of ten.

    What changes anything that a record shows has it written anew; see `app.records`.
    """

    __tablename__ = "event_record"

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    content: str
    """JSON."""


class Revision(SQLModel, table=True):
    """One number that every transaction that writes advances; what is cached can hang on it."""

    __tablename__ = "revision"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    number: int = 0
