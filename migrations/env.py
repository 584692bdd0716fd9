"""Run the migrations on the connection that `app.database` gives, or on the configured file."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import app.models  # noqa: F401 - fills the metadata
from app.database import Database
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
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    _run(given)
else:
    settings = Settings()
    with Database(settings.database_url, settings.busy_timeout).write() as own:
        _run(own)
