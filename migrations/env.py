"""Run the migrations, on the connection that `app.db.schema` passes.

When developers run `alembic`, there is none; then on the configured database.
"""

from alembic import context
from alembic.runtime.migration import MigrationInfo
from sqlalchemy import Connection, select, update
from sqlmodel import SQLModel

from app.db import tables
from app.db.engines import open_database
from app.db.records import refresh_records
from app.db.revision import advance_revision
from app.settings import Settings
from app.store.search_index import fill_index

LOCK_TIMEOUT = 1
"""Seconds that a migration waits on PostgreSQL for the readers of a table that it changes.

Meanwhile it blocks those that come after it, whose queries may take two seconds.
https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
"""


def _is_modelled(name: str | None, *_: object) -> bool:
    # The full-text index, with the tables in which FTS5 stores it, and an index of an expression.
    return not (name or "").startswith(("event_search", "pk_"))


def _run(connection: Connection) -> None:
    applied: list[MigrationInfo] = []

    def on_version_apply(ctx: object, step: MigrationInfo, heads: object, run_args: object) -> None:
        applied.append(step)

    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=_is_modelled,
        transactional_ddl=True,  # a killed migration leaves the old schema
        render_as_batch=True,
        compare_type=True,
        on_version_apply=on_version_apply,
    )
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
    with context.begin_transaction():
        context.run_migrations()
        if applied:
            _complete(connection, applied)


def _complete(connection: Connection, applied: list[MigrationInfo]) -> None:
    """Update what depends on the schema as a whole."""
    modules = {script.revision: script.module for script in context.script.walk_revisions()}
    reached = context.get_context().get_current_revision()
    if reached and (since := modules[reached].compatible_since):
        connection.execute(update(tables.revision).values(compatible_since=since))
    upgraded = {step.up_revision_id for step in applied if step.is_upgrade}
    changed = any(module.changes_records for name, module in modules.items() if name in upgraded)
    if changed and reached == context.get_head_revision():
        refresh_records(connection, select(tables.event.c.id))
        fill_index(connection)
        advance_revision(connection)


if (passed := context.config.attributes.get("connection")) is not None:
    _run(passed)
else:
    database = open_database(Settings())
    with database.migration() as own:
        _run(own)
