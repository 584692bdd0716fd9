"""Store the lists that events are found by in the order of dates.

A page then costs the same however many events there are.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Children first: SQLite refuses to drop a table that rows of another refer to.
REBUILT = ("participation", "citation", "event_topic", "event_timeline", "event")


def upgrade() -> None:
    for table in REBUILT:
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")
        op.drop_table(table)
    op.create_index("ix_old_citation_event_id", "old_citation", ["event_id"])
    _create_event()
    _create_participation()
    _create_citation()
    _create_lists()
    for statement in (EVENTS, PARTICIPATIONS, CITATIONS, TOPICS, TIMELINES):
        op.execute(statement)
    for table in REBUILT:
        op.drop_table(f"old_{table}")
    op.execute("ANALYZE")  # the query planner chooses indexes by these statistics


# Days are counted from 0001-01-01, which is 1, as by Python's `date.toordinal`.
SORT_DAY = "CAST(julianday(sort_day) - 1721424.5 AS INTEGER)"
LENGTH = "CAST(julianday(latest) - julianday(sort_day) AS INTEGER)"
EVENTS = f"""
    WITH RECURSIVE power (value) AS (SELECT 1 UNION ALL SELECT 2 * value FROM power LIMIT 22)
    INSERT INTO event
    SELECT id, slug, title, summary, kind, status, edtf, form, precision, earliest, latest,
        open_start, open_end, sort_day,
        {SORT_DAY} * 8388608 + (earliest = sort_day) * 4194304 + {LENGTH},
        CASE earliest WHEN sort_day THEN (SELECT count(*) FROM power WHERE value <= {LENGTH})
            ELSE 23 END,
        approximate, uncertain, display, date_text, date_note, place,
        amount_text, amount_min, amount_max, amount_unit,
        (SELECT count(DISTINCT source_id) FROM old_citation WHERE event_id = old_event.id),
        created_at, updated_at
    FROM old_event"""
KEY = "(SELECT date_key FROM event WHERE id = event_id)"
PARTICIPATIONS = f"""
    INSERT INTO participation
    SELECT event_id, actor_id, role, position, capacity,
        row_number() OVER (PARTITION BY event_id, actor_id ORDER BY position) = 1, {KEY}
    FROM old_participation"""
CITATIONS = f"""
    INSERT INTO citation
    SELECT event_id, position, source_id, quote, locator, supports, stance, attributed_to,
        row_number() OVER (PARTITION BY event_id, source_id ORDER BY position) = 1, {KEY}
    FROM old_citation"""
TOPICS = f"INSERT INTO event_topic SELECT event_id, topic, {KEY} FROM old_event_topic"
TIMELINES = (
    f"INSERT INTO event_timeline SELECT event_id, timeline_id, {KEY} FROM old_event_timeline"
)


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("edtf", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=False),
        sa.Column("latest", sa.Date(), nullable=False),
        sa.Column("open_start", sa.Boolean(), nullable=False),
        sa.Column("open_end", sa.Boolean(), nullable=False),
        sa.Column("sort_day", sa.Date(), nullable=False),
        sa.Column("date_key", sa.BigInteger(), nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("display", sa.String(), nullable=False),
        sa.Column("date_text", sa.String()),
        sa.Column("date_note", sa.String()),
        sa.Column("place", sa.String()),
        sa.Column("amount_text", sa.String()),
        sa.Column("amount_min", sa.Numeric(asdecimal=False)),
        sa.Column("amount_max", sa.Numeric(asdecimal=False)),
        sa.Column("amount_unit", sa.String()),
        sa.Column("sources", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("updated_at", sa.String(20), nullable=False),
        sa.CheckConstraint("form IN ('date', 'interval', 'set')", name=op.f("ck_event_form")),
        sa.CheckConstraint(
            "precision IN ('day', 'month', 'year', 'range')", name=op.f("ck_event_precision")
        ),
        sa.CheckConstraint(
            "status IN ('confirmed', 'reported', 'alleged', 'disputed')",
            name=op.f("ck_event_status"),
        ),
        sa.CheckConstraint("amount_min <= amount_max", name=op.f("ck_event_amount")),
        sa.CheckConstraint("sources > 0", name=op.f("ck_event_sources")),
        sa.CheckConstraint("created_at <= updated_at", name=op.f("ck_event_timestamps")),
        sa.CheckConstraint("earliest <= latest", name=op.f("ck_event_bounds")),
        sa.CheckConstraint("length(edtf) BETWEEN 1 AND 32", name=op.f("ck_event_edtf_length")),
        sa.CheckConstraint("length(kind) BETWEEN 1 AND 100", name=op.f("ck_event_kind_length")),
        sa.CheckConstraint(
            "length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)", name=op.f("ck_event_slug")
        ),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 120", name=op.f("ck_event_title_length")),
        sa.CheckConstraint("sort_day BETWEEN earliest AND latest", name=op.f("ck_event_sort_day")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("slug", name=op.f("uq_event_slug")),
    )
    filtered = ["kind", "status", "sources", "approximate", "uncertain"]
    op.create_index("ix_event_kind", "event", ["kind"])
    op.create_index("ix_event_in_order", "event", ["date_key", "slug", *filtered])
    op.create_index("ix_event_by_span", "event", ["span", "date_key", "slug", *filtered])
    op.create_index("ix_event_updated_at_slug", "event", ["updated_at", "slug"])


def _of_event(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_event_id_event")
    return sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=name, ondelete="CASCADE")


def _create_participation() -> None:
    op.create_table(
        "participation",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.String()),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("date_key", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "role IN ('agent', 'target', 'speaker', 'addressee', 'participant', "
            "'beneficiary', 'reporter', 'subject')",
            name=op.f("ck_participation_role"),
        ),
        _of_event("participation"),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["actor.id"], name=op.f("fk_participation_actor_id_actor")
        ),
        sa.PrimaryKeyConstraint("event_id", "actor_id", "role", name=op.f("pk_participation")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_participation_actor_id_first_date_key",
        "participation",
        ["actor_id", "first", "date_key"],
    )


def _create_citation() -> None:
    op.create_table(
        "citation",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("locator", sa.String()),
        sa.Column("supports", sa.String(), nullable=False),
        sa.Column("stance", sa.String(), nullable=False),
        sa.Column("attributed_to", sa.String()),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("date_key", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("stance IN ('asserts', 'denies')", name=op.f("ck_citation_stance")),
        sa.CheckConstraint(
            "supports IN ('event', 'date', 'actors', 'amount')", name=op.f("ck_citation_supports")
        ),
        sa.CheckConstraint(
            "length(quote) BETWEEN 1 AND 600", name=op.f("ck_citation_quote_length")
        ),
        _of_event("citation"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_citation_source_id_source")
        ),
        sa.PrimaryKeyConstraint("event_id", "position", name=op.f("pk_citation")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_citation_source_id_first_date_key", "citation", ["source_id", "first", "date_key"]
    )


def _create_lists() -> None:
    op.create_table(
        "event_topic",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("date_key", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "length(topic) BETWEEN 1 AND 100", name=op.f("ck_event_topic_topic_length")
        ),
        _of_event("event_topic"),
        sa.PrimaryKeyConstraint("event_id", "topic", name=op.f("pk_event_topic")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_topic_topic_date_key", "event_topic", ["topic", "date_key"])
    op.create_table(
        "event_timeline",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("timeline_id", sa.Integer(), nullable=False),
        sa.Column("date_key", sa.BigInteger(), nullable=False),
        _of_event("event_timeline"),
        sa.ForeignKeyConstraint(
            ["timeline_id"],
            ["timeline.id"],
            name=op.f("fk_event_timeline_timeline_id_timeline"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "timeline_id", name=op.f("pk_event_timeline")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_event_timeline_timeline_id_date_key", "event_timeline", ["timeline_id", "date_key"]
    )


def downgrade() -> None:
    """Create the tables of the first version, and copy the rows into them."""
    columns = {table: _columns(table) for table in ALL}
    for table in ALL:
        named = "rowid, content" if table == "event_search" else "*"
        op.execute(f"CREATE TABLE new_{table} AS SELECT {named} FROM {table}")
    first = context.script.get_revision("0001").module
    first.downgrade()
    first.upgrade()
    op.execute("DELETE FROM revision")
    for table in ALL:
        kept = ", ".join(sorted(_columns(table) & columns[table]))
        op.execute(f"INSERT INTO {table} ({kept}) SELECT {kept} FROM new_{table}")
        op.drop_table(f"new_{table}")


# Parents first: a row may refer only to rows that exist.
ALL = (
    *("actor", "actor_alias", "source", "timeline", "event", "participation", "citation"),
    *("event_topic", "event_timeline", "event_search", "revision"),
)


def _columns(table: str) -> set[str]:
    if table == "event_search":
        return {"rowid", "content"}
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
