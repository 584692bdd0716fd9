"""The revision of the schema, and the migrations that create and change it.

https://alembic.sqlalchemy.org/en/latest/api/runtime.html
"""

from functools import cache
from threading import Lock
from typing import Protocol

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from app.db import tables
from app.domain.text import escape
from app.errors import DatabaseError
from app.settings import resource_dir

_HAS_VERSION = {
    "sqlite": text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"),
    "postgresql": text("SELECT to_regclass('alembic_version')"),
}
_VERSIONS = text("SELECT version_num FROM alembic_version ORDER BY version_num")
_COMPATIBLE_SINCE = select(tables.revision.c.compatible_since)
_BEFORE_FIRST_RELEASE = {"0001", "0002", "0003", "0004"}
"""Revisions of versions that were not released. Their migrations were replaced by one."""
_ENVIRONMENT = Lock()
"""Alembic's `context` is global, so two threads cannot migrate at once, not even two databases."""


class _Readable(Protocol):
    """A database, or one file of it."""

    name: str

    def read(self) -> Connection: ...


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Migrate to a revision, in the transaction of this connection."""
    with _ENVIRONMENT:
        command.upgrade(_alembic_config(connection), revision)


@cache
def current_revision() -> str | None:
    """Return the revision of the schema that this version uses."""
    return _scripts().get_current_head()


@cache
def known_revisions() -> set[str]:
    """Return the revisions that this version can migrate from."""
    return {script.revision for script in _scripts().walk_revisions()}


def stored_revision(connection: Connection) -> str | None:
    """Return the revision of the schema in a database, or None if it has no tables."""
    # Alembic's own function takes ten times as long, and each readiness probe calls this.
    if connection.scalar(_HAS_VERSION[connection.dialect.name]) is None:
        return None
    return ", ".join(map(str, connection.scalars(_VERSIONS))) or None


def is_current(connection: Connection) -> bool:
    """Return whether a database has the schema that this version uses."""
    return stored_revision(connection) == current_revision()


def schema_revision(database: _Readable) -> str | None:
    """Return the revision of the schema in a database, or None if it has no tables."""
    with database.read() as connection:
        return stored_revision(connection)


def find_unknown_revision(revision: str) -> str | None:
    """Return why this version cannot migrate from a revision, and the fix, or None if it can."""
    if revision in known_revisions():
        return None
    if revision in _BEFORE_FIRST_RELEASE:
        return (
            f"The schema is {revision}, of a version before the first release. Export the "
            "timelines with that version, and load them into another database."
        )
    problem = f"The schema is {escape(revision)}, of a newer version"
    return f"{problem}. Install that version, or name another database."


def require_current_schema(database: _Readable) -> None:
    """Raise DatabaseError unless the database has the schema of this version.

    A process calls this when it starts. While it runs, it calls `require_compatible_schema`.
    """
    if (found := schema_revision(database)) != current_revision():
        raise _unsuitable_schema(database.name, found)


def require_compatible_schema(connection: Connection, name: str) -> None:
    """Raise DatabaseError unless a running process can go on reading and writing the database.

    It can if the schema is that of its version, or a newer one that is compatible with it: when
    several hosts are upgraded one after the other, the first of them migrates the database, and
    the others go on with the old version. `name` is the name of the database in the message.
    """
    found, own = stored_revision(connection), current_revision()
    if found == own:
        return
    # Revisions are numbered with four digits, so they compare as texts.
    if found and own and found > own:
        since = connection.scalar(_COMPATIBLE_SINCE)
        if since is not None and since <= own:
            return
    raise _unsuitable_schema(name, found)


def _unsuitable_schema(name: str, found: str | None) -> DatabaseError:
    problem = found and find_unknown_revision(found)
    return DatabaseError(
        f"{name}: {problem}"
        if problem
        else f"{name}: The schema is {found or 'missing'}, but this version needs "
        f"{current_revision()}. Run `timeline migrate`."
    )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic_config())


def _alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    # ConfigParser interpolates %: https://docs.python.org/3/library/configparser.html
    config.set_main_option("script_location", str(resource_dir("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
