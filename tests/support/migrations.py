"""Migrates databases as a developer does, and as a version to come would."""

import shutil
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from app.db.database import Database
from app.settings import resource_dir

MIGRATIONS = resource_dir("migrations")
_NEWER = """
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
compatible_since = "{compatible_since}"
changes_records = {changes_records}


def upgrade() -> None:
    op.add_column("event", sa.Column("extra", sa.Integer()))


def downgrade() -> None:
    op.execute("ALTER TABLE event DROP COLUMN extra")
"""


def upgrade(database: Database, migrations: Path = MIGRATIONS) -> None:
    """Run all migrations of a folder that the database does not have."""
    with database.migration() as connection:
        command.upgrade(alembic_config(migrations, connection), "head")


def downgrade(database: Database, revision: str, migrations: Path = MIGRATIONS) -> None:
    """Run migrations of a folder in reverse, down to a revision."""
    with database.migration() as connection:
        command.downgrade(alembic_config(migrations, connection), revision)


def alembic_config(migrations: Path = MIGRATIONS, connection: Connection | None = None) -> Config:
    """Return a configuration of Alembic."""
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes["connection"] = connection
    return config


def newer_version(
    folder: Path, *, compatible_since: str = "0006", changes_records: bool = False
) -> Path:
    """Write our migrations and one more, 0007, into a new folder, and return it."""
    shutil.copytree(MIGRATIONS, folder)
    script = _NEWER.format(compatible_since=compatible_since, changes_records=changes_records)
    (folder / "versions" / "0007_newer.py").write_text(script)
    return folder
