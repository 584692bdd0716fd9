"""Create the tables and the search index of the first release.

No earlier version was released, so the migrations before this one are part of it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0005"
down_revision = None
branch_labels = None
depends_on = None
# The next migration adds the column of this.
compatible_since = None
changes_records = False


def _text(length: int | None = None) -> sa.String:
    """Return the type of texts in the order of their code points, whatever the locale."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


TEXT = _text()
TIMESTAMP = _text(20)
AMOUNT = sa.Numeric(asdecimal=False).with_variant(sa.Double(), "postgresql")
SLUG = "length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)"
# A name may be longer than the 2,704 bytes that a row of a B-tree can have in PostgreSQL.
HASHED: dict[str, Any] = {"postgresql_using": "hash"}
WITH_ID: dict[str, Any] = {"postgresql_include": ["id"]}
WITH_EVENT_ID: dict[str, Any] = {"postgresql_include": ["event_id"]}


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _column(name: str, type_: Any = TEXT) -> sa.Column[Any]:  # noqa: ANN401 - type or class
    return sa.Column(name, type_, nullable=False)


def _optional(name: str, type_: Any = TEXT) -> sa.Column[Any]:  # noqa: ANN401 - type or class
    return sa.Column(name, type_)


def _id() -> sa.Column[int]:
    # The writer numbers new records. PostgreSQL would create a sequence.
    return sa.Column("id", sa.Integer(), nullable=False, autoincrement=False)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(name))


def _reference(
    table: str, column: str, parent: str, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{parent}")
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete=ondelete)


def _primary_key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique_slug(table: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint("slug", name=op.f(f"uq_{table}_slug"))


def upgrade() -> None:
    _create_actors()
    _create_source()
    _create_timeline_and_topic()
    _create_event()
    _create_participation()
    _create_citation()
    _create_lists()
    _create_derived()


def _create_actors() -> None:
    op.create_table(
        "actor",
        _id(),
        _column("slug"),
        _column("name"),
        _column("key"),
        _column("kind"),
        _optional("parent_id", sa.Integer()),
        _optional("note"),
        _check(
            "ck_actor_kind", "kind IN ('person', 'company', 'government', 'media', 'organization')"
        ),
        _check("ck_actor_slug", SLUG),
        _check("ck_actor_not_its_own_parent", "parent_id <> id"),
        _reference("actor", "parent_id", "actor"),
        _primary_key("actor", "id"),
        _unique_slug("actor"),
    )
    op.create_index("ix_actor_key", "actor", ["key"], **HASHED)
    op.create_index("ix_actor_parent_id", "actor", ["parent_id"])
    op.create_table(
        "actor_alias",
        _column("actor_id", sa.Integer()),
        _column("name"),
        _column("key"),
        _column("kind"),
        _check("ck_actor_alias_kind", "kind IN ('alias', 'misspelling')"),
        _reference("actor_alias", "actor_id", "actor", "CASCADE"),
        *([_primary_key("actor_alias", "actor_id", "name")] if _is_sqlite() else []),
    )
    if not _is_sqlite():
        # Instead of the primary key, because of the same limit.
        op.create_index(
            "pk_actor_alias", "actor_alias", ["actor_id", sa.text("md5(name)")], unique=True
        )
        # Logical replication needs a key or this to delete rows.
        op.execute("ALTER TABLE actor_alias REPLICA IDENTITY FULL")
    op.create_index("ix_actor_alias_key", "actor_alias", ["key"], **HASHED)


def _create_source() -> None:
    op.create_table(
        "source",
        _id(),
        _column("slug"),
        _column("title"),
        _column("publisher_id", sa.Integer()),
        _optional("author"),
        _optional("published", sa.Date()),
        _optional("url"),
        _optional("archived_url"),
        _optional("language"),
        _optional("sha256"),
        _optional("note"),
        _check(
            "ck_source_archived_url",
            "archived_url LIKE 'http://%' OR archived_url LIKE 'https://%'",
        ),
        _check("ck_source_url", "url LIKE 'http://%' OR url LIKE 'https://%'"),
        _check("ck_source_slug", SLUG),
        _check("ck_source_sha256", "sha256 IS NULL OR length(sha256) = 64"),
        _reference("source", "publisher_id", "actor"),
        _primary_key("source", "id"),
        _unique_slug("source"),
    )
    op.create_index("ix_source_publisher_id", "source", ["publisher_id"])


def _create_timeline_and_topic() -> None:
    op.create_table(
        "timeline",
        _id(),
        _column("slug"),
        _column("title"),
        _optional("description"),
        _optional("language"),
        _check("ck_timeline_slug", SLUG),
        _primary_key("timeline", "id"),
        _unique_slug("timeline"),
    )
    op.create_table(
        "topic",
        _column("slug"),
        _column("label"),
        _column("key"),
        _check("ck_topic_label_length", "length(label) BETWEEN 1 AND 120"),
        _check("ck_topic_slug", SLUG),
        _primary_key("topic", "slug"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_topic_key", "topic", ["key"], **HASHED)


def _create_event() -> None:
    op.create_table(
        "event",
        _id(),
        _column("slug"),
        _column("title"),
        _optional("summary"),
        _column("kind"),
        _column("status"),
        _column("edtf"),
        _column("form"),
        _column("precision"),
        _column("earliest", sa.Date()),
        _column("latest", sa.Date()),
        _column("open_start", sa.Boolean()),
        _column("open_end", sa.Boolean()),
        _column("sort_day", sa.Date()),
        _column("date_key", sa.BigInteger()),
        _column("span", sa.Integer()),
        _column("approximate", sa.Boolean()),
        _column("uncertain", sa.Boolean()),
        _column("display"),
        _optional("date_text"),
        _optional("date_note"),
        _optional("place"),
        _optional("amount_text"),
        _optional("amount_min", AMOUNT),
        _optional("amount_max", AMOUNT),
        _optional("amount_unit"),
        _column("sources", sa.Integer()),
        _column("created_at", TIMESTAMP),
        _column("updated_at", TIMESTAMP),
        _check("ck_event_form", "form IN ('date', 'interval', 'set')"),
        _check("ck_event_precision", "precision IN ('day', 'month', 'year', 'range')"),
        _check("ck_event_status", "status IN ('confirmed', 'reported', 'alleged', 'disputed')"),
        _check("ck_event_amount", "amount_min <= amount_max"),
        _check("ck_event_sources", "sources > 0"),
        _check("ck_event_timestamps", "created_at <= updated_at"),
        _check("ck_event_bounds", "earliest <= latest"),
        _check("ck_event_edtf_length", "length(edtf) BETWEEN 1 AND 32"),
        _check("ck_event_kind_length", "length(kind) BETWEEN 1 AND 100"),
        _check("ck_event_slug", SLUG),
        _check("ck_event_title_length", "length(title) BETWEEN 1 AND 120"),
        _check("ck_event_sort_day", "sort_day BETWEEN earliest AND latest"),
        _primary_key("event", "id"),
        _unique_slug("event"),
    )
    # Not with the other columns, because older SQLite files were altered in this way, and the SQL
    # of a file is compared with that of this migration.
    op.execute(
        "ALTER TABLE event ADD COLUMN sequence INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_event_sequence CHECK (sequence >= 0)"
    )
    covered = ["kind", "status", "sources", "approximate", "uncertain"]
    op.create_index("ix_event_kind", "event", ["kind"])
    op.create_index("ix_event_in_order", "event", ["date_key", "slug", *covered], **WITH_ID)
    op.create_index("ix_event_by_span", "event", ["span", "date_key", "slug", *covered], **WITH_ID)
    op.create_index("ix_event_updated_at_slug", "event", ["updated_at", "slug"], **WITH_ID)


def _create_participation() -> None:
    op.create_table(
        "participation",
        _column("event_id", sa.Integer()),
        _column("actor_id", sa.Integer()),
        _column("role"),
        _column("position", sa.Integer()),
        _optional("capacity"),
        _column("first", sa.Boolean()),
        _column("date_key", sa.BigInteger()),
        _check(
            "ck_participation_role",
            "role IN ('agent', 'target', 'speaker', 'addressee', 'participant', "
            "'beneficiary', 'reporter', 'subject')",
        ),
        _reference("participation", "event_id", "event", "CASCADE"),
        _reference("participation", "actor_id", "actor"),
        _primary_key("participation", "event_id", "actor_id", "role"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_participation_actor_id_first_date_key",
        "participation",
        ["actor_id", "first", "date_key"],
        **WITH_EVENT_ID,
    )


def _create_citation() -> None:
    op.create_table(
        "citation",
        _column("event_id", sa.Integer()),
        _column("position", sa.Integer()),
        _column("source_id", sa.Integer()),
        _column("quote"),
        _optional("locator"),
        _column("supports"),
        _column("stance"),
        _optional("attributed_to"),
        _column("first", sa.Boolean()),
        _column("date_key", sa.BigInteger()),
        _check("ck_citation_stance", "stance IN ('asserts', 'denies')"),
        _check("ck_citation_supports", "supports IN ('event', 'date', 'actors', 'amount')"),
        _check("ck_citation_quote_length", "length(quote) BETWEEN 1 AND 600"),
        _reference("citation", "event_id", "event", "CASCADE"),
        _reference("citation", "source_id", "source"),
        _primary_key("citation", "event_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_citation_source_id_first_date_key",
        "citation",
        ["source_id", "first", "date_key"],
        **WITH_EVENT_ID,
    )


def _create_lists() -> None:
    op.create_table(
        "event_topic",
        _column("event_id", sa.Integer()),
        _column("topic"),
        _column("date_key", sa.BigInteger()),
        _check("ck_event_topic_topic_length", "length(topic) BETWEEN 1 AND 100"),
        _reference("event_topic", "event_id", "event", "CASCADE"),
        _primary_key("event_topic", "event_id", "topic"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_event_topic_topic_date_key", "event_topic", ["topic", "date_key"], **WITH_EVENT_ID
    )
    op.create_table(
        "event_timeline",
        _column("event_id", sa.Integer()),
        _column("timeline_id", sa.Integer()),
        _column("date_key", sa.BigInteger()),
        _reference("event_timeline", "event_id", "event", "CASCADE"),
        _reference("event_timeline", "timeline_id", "timeline", "CASCADE"),
        _primary_key("event_timeline", "event_id", "timeline_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_event_timeline_timeline_id_date_key",
        "event_timeline",
        ["timeline_id", "date_key"],
        **WITH_EVENT_ID,
    )


def _create_derived() -> None:
    op.create_table(
        "event_record",
        _column("event_id", sa.Integer()),
        _column("content"),
        _reference("event_record", "event_id", "event", "CASCADE"),
        _primary_key("event_record", "event_id"),
    )
    if _is_sqlite():
        op.execute(
            "CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii', prefix='2')"
        )
    else:
        op.create_table(
            "event_search",
            sa.Column("rowid", sa.BigInteger(), nullable=False, autoincrement=False),
            _column("content", TSVECTOR()),
            _primary_key("event_search", "rowid"),
        )
        op.create_index(
            "ix_event_search_content", "event_search", ["content"], postgresql_using="gin"
        )
    op.create_table(
        "revision",
        _id(),
        _column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
        _check("ck_revision_one_row", "id = 1"),
        _primary_key("revision", "id"),
    )
    op.execute("INSERT INTO revision (id, number) VALUES (1, 0)")


def downgrade() -> None:
    for table in (
        *("revision", "event_search", "event_record", "event_timeline", "event_topic"),
        *("citation", "participation", "event", "topic", "timeline", "source", "actor_alias"),
        "actor",
    ):
        op.execute(f"DROP TABLE {table}")
