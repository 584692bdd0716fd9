"""Store the labels of topics, and how often the record of each event has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in batch mode, which copies the table: SQLite adds a column without writing any row.
    op.execute(
        "ALTER TABLE event ADD COLUMN sequence INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_event_sequence CHECK (sequence >= 0)"
    )
    op.create_table(
        "topic",
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.CheckConstraint("length(label) BETWEEN 1 AND 120", name=op.f("ck_topic_label_length")),
        sa.CheckConstraint(
            "length(slug) BETWEEN 1 AND 100 AND slug = lower(slug)", name=op.f("ck_topic_slug")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_topic")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_topic_key", "topic", ["key"])


def downgrade() -> None:
    op.drop_table("topic")
    op.execute("ALTER TABLE event DROP COLUMN sequence")
    op.execute(
        "UPDATE event_record SET content = json_remove(content, '$.topic_labels', '$.sequence')"
    )
