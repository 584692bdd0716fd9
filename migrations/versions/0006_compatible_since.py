"""Store which older versions can go on using a database after a migration."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
compatible_since = "0005"
changes_records = False


def upgrade() -> None:
    text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.add_column("revision", sa.Column("compatible_since", text))


def downgrade() -> None:
    op.execute("ALTER TABLE revision DROP COLUMN compatible_since")
