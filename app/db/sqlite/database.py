"""A database in an SQLite file."""

from contextlib import AbstractContextManager, closing
from pathlib import Path
from sqlite3 import sqlite_version

from sqlalchemy import Connection

from app.db.database import Counts, Database, OnWait, Progress, State, Version
from app.db.sqlite import backup, migrate
from app.db.sqlite.connections import SqliteFile
from app.db.sqlite.integrity import find_corruption


class SqliteDatabase(SqliteFile, Database):
    """One SQLite file. It is opened read-only if the file or its directory is not writable."""

    backup_suffix = ".db"
    backup_unit = "pages"

    def migration(self) -> AbstractContextManager[Connection]:
        """Open the write transaction, of a new file if there is none; see `Database`."""
        self.create()
        return self.write()

    def migrate_if_needed(self) -> None:
        """Verify the file, and migrate it; see `Database`."""
        migrate.migrate_if_needed(self)

    def verify(self, *, completely: bool = False) -> None:
        """Raise DatabaseError unless the file is intact and ours; see `Database`."""
        migrate.verify_file(self, completely=completely)

    def find_damage(self) -> str | None:
        """Return SQLite's description of the damage to the file, or None."""
        # A new connection reads what is on the disk; others have it in their caches.
        file = SqliteFile(self.settings, path=self.path, read_only=self.read_only)
        with closing(file), file.read() as connection:
            return find_corruption(connection)

    def damage_version(self) -> Version:
        """Return the version of the data, and the time of the last change to the file.

        The time also shows that another program wrote into it.
        """
        try:
            return self.data_version(), self.path.stat().st_mtime_ns
        except OSError:
            return None

    def state(self) -> State:
        """Return the version of SQLite. A file has no standby."""
        return State(f"sqlite {sqlite_version}", "primary")

    def is_same(self, other: Database) -> bool:
        """Return whether both are one file. A link, or another spelling of the name, is too."""
        return (
            isinstance(other, SqliteDatabase)
            and self.path.exists()
            and other.path.exists()
            and self.path.samefile(other.path)
        )

    @property
    def backup_name(self) -> str:
        """The name of the file without its suffix."""
        return self.path.stem

    def require_other_file(self, target: Path) -> None:
        """Raise DatabaseError for the file and what SQLite keeps next to it; see `Database`."""
        backup.require_other_file(self, target)

    def back_up(self, target: Path, progress: Progress) -> Counts:
        """Copy the file, while others read and write it; see `Database`."""
        return backup.back_up(self, target, progress)

    def restore(self, source: Path, on_wait: OnWait, progress: Progress) -> None:
        """Replace the contents of the file by those of a backup; see `Database`."""
        backup.restore(self, source, on_wait, progress)
