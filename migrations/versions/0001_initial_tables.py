"""Create the tables and the search index."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "actor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.Column("note", sa.String()),
        sa.CheckConstraint(
            "kind IN ('person', 'company', 'government', 'media', 'organization')",
            name=op.f("ck_actor_kind"),
        ),
        sa.CheckConstraint(
            "length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)", name=op.f("ck_actor_slug")
        ),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_actor_not_its_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["actor.id"], name=op.f("fk_actor_parent_id_actor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor")),
        sa.UniqueConstraint("slug", name=op.f("uq_actor_slug")),
    )
    op.create_index("ix_actor_key", "actor", ["key"])
    op.create_index("ix_actor_parent_id", "actor", ["parent_id"])

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
    op.create_index("ix_event_kind", "event", ["kind"])
    op.create_index(
        "ix_event_sort_day_earliest_latest_slug",
        "event",
        ["sort_day", "earliest", "latest", "slug"],
    )
    op.create_index("ix_event_updated_at_slug", "event", ["updated_at", "slug"])

    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_revision_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String()),
        sa.Column("language", sa.String()),
        sa.CheckConstraint(
            "length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)", name=op.f("ck_timeline_slug")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
        sa.UniqueConstraint("slug", name=op.f("uq_timeline_slug")),
    )
    op.create_table(
        "actor_alias",
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('alias', 'misspelling')", name=op.f("ck_actor_alias_kind")),
        sa.ForeignKeyConstraint(
            ["actor_id"],
            ["actor.id"],
            name=op.f("fk_actor_alias_actor_id_actor"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("actor_id", "name", name=op.f("pk_actor_alias")),
    )
    op.create_index("ix_actor_alias_key", "actor_alias", ["key"])

    op.create_table(
        "event_timeline",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("timeline_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["event.id"],
            name=op.f("fk_event_timeline_event_id_event"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["timeline_id"],
            ["timeline.id"],
            name=op.f("fk_event_timeline_timeline_id_timeline"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "timeline_id", name=op.f("pk_event_timeline")),
    )
    op.create_index(
        "ix_event_timeline_timeline_id_event_id", "event_timeline", ["timeline_id", "event_id"]
    )

    op.create_table(
        "event_topic",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.CheckConstraint(
            "length(topic) BETWEEN 1 AND 100", name=op.f("ck_event_topic_topic_length")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["event.id"],
            name=op.f("fk_event_topic_event_id_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "topic", name=op.f("pk_event_topic")),
    )
    op.create_index("ix_event_topic_topic_event_id", "event_topic", ["topic", "event_id"])

    op.create_table(
        "participation",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("capacity", sa.String()),
        sa.CheckConstraint(
            "role IN ('agent', 'target', 'speaker', 'addressee', 'participant', "
            "'beneficiary', 'reporter', 'subject')",
            name=op.f("ck_participation_role"),
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["actor.id"], name=op.f("fk_participation_actor_id_actor")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["event.id"],
            name=op.f("fk_participation_event_id_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", "position", name=op.f("pk_participation")),
        sa.UniqueConstraint(
            "event_id", "actor_id", "role", name=op.f("uq_participation_event_id_actor_id_role")
        ),
    )
    op.create_index("ix_participation_actor_id_event_id", "participation", ["actor_id", "event_id"])

    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("publisher_id", sa.Integer(), nullable=False),
        sa.Column("author", sa.String()),
        sa.Column("published", sa.Date()),
        sa.Column("url", sa.String()),
        sa.Column("archived_url", sa.String()),
        sa.Column("language", sa.String()),
        sa.Column("sha256", sa.String()),
        sa.Column("note", sa.String()),
        sa.CheckConstraint(
            "archived_url LIKE 'http://%' OR archived_url LIKE 'https://%'",
            name=op.f("ck_source_archived_url"),
        ),
        sa.CheckConstraint(
            "url LIKE 'http://%' OR url LIKE 'https://%'", name=op.f("ck_source_url")
        ),
        sa.CheckConstraint(
            "length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)", name=op.f("ck_source_slug")
        ),
        sa.CheckConstraint("sha256 IS NULL OR length(sha256) = 64", name=op.f("ck_source_sha256")),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["actor.id"], name=op.f("fk_source_publisher_id_actor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("slug", name=op.f("uq_source_slug")),
    )
    op.create_index("ix_source_publisher_id", "source", ["publisher_id"])

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
        sa.CheckConstraint("stance IN ('asserts', 'denies')", name=op.f("ck_citation_stance")),
        sa.CheckConstraint(
            "supports IN ('event', 'date', 'actors', 'amount')", name=op.f("ck_citation_supports")
        ),
        sa.CheckConstraint(
            "length(quote) BETWEEN 1 AND 600", name=op.f("ck_citation_quote_length")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_citation_event_id_event"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_citation_source_id_source")
        ),
        sa.PrimaryKeyConstraint("event_id", "position", name=op.f("pk_citation")),
    )
    op.create_index("ix_citation_source_id_event_id", "citation", ["source_id", "event_id"])
    op.execute("INSERT INTO revision (id, number) VALUES (1, 0)")
    op.execute("CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii')")


def downgrade() -> None:
    op.execute("DROP TABLE event_search")
    for table in (
        "citation",
        "source",
        "participation",
        "event_topic",
        "event_timeline",
        "actor_alias",
        "timeline",
        "revision",
        "event",
        "actor",
    ):
        op.drop_table(table)
