"""Run the migrations, on the connection that `app.db.sqlite.migrate` passes.

When developers run `alembic`, there is none; then on the configured file.
"""

from alembic import context
from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from app.db import tables
from app.db.records import refresh_records
from app.db.sqlite.database import Database
from app.settings import Settings
from app.store.search_index import fill_index


def _is_modelled(name: str | None, kind: str, _: object) -> bool:
    # FTS5 stores its index in shadow tables, which `alembic check` would report as unknown.
    return not (kind == "table" and name and name.startswith("event_search"))


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=_is_modelled,
        transactional_ddl=True,  # a killed migration leaves the old schema
        render_as_batch=True,
        compare_type=True,
    )
    migration = context.get_context()
    before = migration.get_current_revision()
    with context.begin_transaction():
        context.run_migrations()
        reached = migration.get_current_revision()
        if reached != before and reached == context.get_head_revision():
            # A migration may change what a record contains, or drop the records or the index.
            refresh_records(connection, select(tables.event.c.id))
            fill_index(connection)


if (passed := context.config.attributes.get("connection")) is not None:
    _run(passed)
else:
    database = Database(Settings())
    database.create()
    with database.write() as own:
        _run(own)
