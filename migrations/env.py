"""Run the migrations on the connection that `app.database` gives, or on the configured file."""

from alembic import context
from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from app.db import tables
from app.db.records import refresh_records
from app.db.sqlite.database import Database
from app.settings import Settings


def _published(name: str | None, kind: str, _: object) -> bool:
    return not (kind == "table" and name and name.startswith("event_search"))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=_published,  # FTS5 keeps shadow tables that no model describes
        transactional_ddl=True,
        render_as_batch=True,
        compare_type=True,
    )
    migration = context.get_context()
    before = migration.get_current_revision()
    with context.begin_transaction():
        context.run_migrations()
        reached = migration.get_current_revision()
        if reached != before and reached == context.get_head_revision():
            # What is written of the tables is as this version writes it.
            refresh_records(connection, select(tables.event.c.id))


if (given := context.config.attributes.get("connection")) is not None:
    _run(given)
else:
    database = Database(Settings())
    database.create()
    with database.write() as own:
        _run(own)
