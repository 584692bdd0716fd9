"""Store the JSON of each event; make `span` finer, and let it include certainty."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(  # `env.py` fills it, as after any migration
        "event_record",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["event.id"],
            name=op.f("fk_event_record_event_id_event"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_record")),
    )
    op.execute(
        "UPDATE event SET span = 64 * (approximate OR uncertain) + CASE span WHEN 23 THEN 46 "
        "ELSE 2 * span + (span > 1 AND (date_key & 4194303) >> (span - 2) & 1) END"
    )


def downgrade() -> None:
    op.execute("UPDATE event SET span = span % 64 / 2")
    op.drop_table("event_record")
