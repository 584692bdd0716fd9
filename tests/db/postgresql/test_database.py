"""A database in PostgreSQL: messages, transactions, the write lock, and the version of the data."""

import re
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db.database import Database, OnWait
from app.db.engines import open_database
from app.db.errors import describe_failure
from app.db.revision import advance_revision, revision_of
from app.db.schema import current_revision
from app.errors import DatabaseError
from app.settings import Settings
from tests.support.cli import run
from tests.support.corpus import HARBOUR
from tests.support.postgresql import EMPTY, create_database, drop_database, server_url

SECRET = token_hex()


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the URL of a migrated database."""
    yield create_database("tested")
    drop_database("tested")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Yield the database."""
    with closing(open_database(Settings(database_url=url, busy_timeout=0))) as opened:
        yield opened


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement in a session of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def end_sessions(url: str) -> None:
    """End the sessions of all others."""
    execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def write(
    database: Database, *actions: Callable[[Connection], object], on_wait: OnWait = lambda: None
) -> None:
    """Run actions in a write transaction."""
    with database.write(on_wait) as connection:
        for action in actions:
            action(connection)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for the effect of another thread."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "This takes too long."
        time.sleep(0.01)


# ---- messages


def _with_role(url: str, attributes: str) -> str:
    """Create another role, and return the URL of the same database for it."""
    execute(url, "DROP ROLE IF EXISTS another")
    execute(url, f"CREATE ROLE another {attributes} PASSWORD '{SECRET}'")
    return f"postgresql://another:{SECRET}@{url.partition('@')[2]}"


def _closed_port(url: str) -> str:
    return f"postgresql://timeline:{SECRET}@127.0.0.1:1/{url.rpartition('/')[2]}"


def _wrong_password(url: str) -> str:
    return f"postgresql://timeline:{SECRET}@{url.partition('@')[2]}"


def _of_another_program(url: str) -> str:
    execute(url, "CREATE TABLE revision (id int)")
    return url


def _of_newer_version(url: str) -> str:
    execute(url, "CREATE TABLE alembic_version (version_num text)")
    execute(url, "INSERT INTO alembic_version VALUES ('9999')")
    return url


def _read_only(url: str) -> str:
    execute(url, "ALTER DATABASE tested SET default_transaction_read_only = on")
    return url


def _in_latin_1(url: str) -> str:
    drop_database("tested")
    execute(
        f"{server_url()}/postgres",
        "CREATE DATABASE tested TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
    )
    return url


REFUSED: dict[str, tuple[Callable[[str], str], str]] = {
    "a wrong password": (_wrong_password, "The server denies access. "),
    "a role that may not log in": (
        lambda url: _with_role(url, "NOLOGIN"),
        "The server denies access. ",
    ),
    "a role without privileges": (
        lambda url: _with_role(url, "LOGIN"),
        "The user of TIMELINE_DATABASE_URL may not do this. ",
    ),
    "too many connections": (
        lambda url: _with_role(url, "LOGIN CONNECTION LIMIT 0"),
        "The server has too many connections. ",
    ),
    "a missing database": (lambda url: f"{url}-missing", "There is no such database. "),
    "a server that does not run": (_closed_port, "The connection to the server was lost, or "),
    "a database of another program": (
        _of_another_program,
        "The database belongs to another program. Name another database.",
    ),
    "a newer schema": (_of_newer_version, "The schema is 9999, of a newer version. "),
    "a database that is read-only": (_read_only, "No server accepts changes: "),
    "another encoding": (_in_latin_1, "Its texts would be in LATIN1. "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unusable_database_is_refused_in_one_line(case: str) -> None:
    prepare, message = REFUSED[case]
    url = prepare(create_database("tested", EMPTY))
    with closing(open_database(Settings(database_url=url))) as database:
        with pytest.raises(DatabaseError) as caught:
            database.migrate_if_needed()
        refusal = str(caught.value)
    assert refusal.startswith(f"postgresql://{url.partition('@')[2]}: {message}")
    assert refusal.isprintable()
    assert SECRET not in refusal


CHANGES = {
    "DROP INDEX ix_event_in_order": "The index 'ix_event_in_order' of schema 0006 is missing. ",
    "DROP INDEX ix_event_search_content": "The index 'ix_event_search_content' of schema 0006 is ",
    "ALTER TABLE source DROP note": "The column 'source.note' of schema 0006 is missing. ",
    "DROP TABLE topic": "The column 'topic.slug' of schema 0006 is missing. ",
}


@pytest.mark.parametrize("change", CHANGES)
def test_database_that_lacks_an_object_of_ours_is_refused(change: str) -> None:
    url = create_database("tested")
    execute(url, change)
    with (
        closing(open_database(Settings(database_url=url))) as database,
        pytest.raises(DatabaseError, match=f"tested: {re.escape(CHANGES[change])}"),
    ):
        database.migrate_if_needed()


def test_objects_of_others_do_no_harm() -> None:
    url = create_database("tested")
    execute(url, "CREATE INDEX mine ON event (title)")
    execute(url, "ALTER TABLE event ADD mine int")
    with closing(open_database(Settings(database_url=url))) as database:
        database.verify(completely=True)


COMMANDS: tuple[tuple[str, ...], ...] = (("load", str(HARBOUR)), ("serve",))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_without_access_fails_in_one_line(
    tmp_path: Path, command: tuple[str, ...], url: str
) -> None:
    wrong = _wrong_password(url)
    failed = run(tmp_path, *command, TIMELINE_DATABASE_URL=wrong, TIMELINE_PORT="0")
    assert (failed.returncode, failed.stdout) == (1, "")
    name = f"postgresql://{url.partition('@')[2]}"
    assert failed.stderr.startswith(f"{name}: The server denies access. ")
    assert failed.stderr.count("\n") == 1
    assert SECRET not in failed.stderr


UNKNOWN, PORTS = (
    "One of its parameters is unknown or malformed.",
    "It does not have as many ports as hosts.",
)
WRONG_PARAMETERS = {
    f"postgresql://timeline@localhost/timeline?{SECRET}=1": UNKNOWN,
    f"postgresql://timeline@localhost/timeline?{SECRET}": UNKNOWN,
    "postgresql://localhost/timeline?sslmod=require": f"{UNKNOWN} The nearest is sslmode.",
    f"postgresql://one/timeline?host=two,three&port=1,2,{SECRET}": PORTS,
    f"postgresql://u:{SECRET}@one,two/timeline?host=three": PORTS,
}


@pytest.mark.parametrize("url", WRONG_PARAMETERS)
def test_wrong_parameters_are_refused_without_quoting_them(url: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_database(Settings(database_url=url))
    assert str(caught.value).startswith(f"TIMELINE_DATABASE_URL: {WRONG_PARAMETERS[url]}")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_driver_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError")
    url = f"postgresql://timeline:{SECRET}@localhost/timeline"
    failed = run(
        tmp_path, *command, TIMELINE_DATABASE_URL=url, PYTHONPATH=str(tmp_path), TIMELINE_PORT="0"
    )
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == (
        "TIMELINE_DATABASE_URL: PostgreSQL needs a driver. Run "
        "`pip install 'timeline-api[postgresql]'`.\n"
    )


def test_password_is_in_no_representation_and_no_traceback(url: str) -> None:
    settings = Settings(database_url=_wrong_password(url))
    with closing(open_database(settings)) as database:
        for attempt in (database.read, lambda: write(database)):
            with pytest.raises(DatabaseError) as caught:
                attempt()
            # As tools do that report errors to another host.
            report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            assert SECRET not in "".join(report.format())
    with pytest.raises(ValueError, match="database_url") as refused:
        Settings(database_url=f"postgresql://timeline:{SECRET}@@localhost")
    assert SECRET not in f"{settings!r} {database!r} {vars(database)!r} {refused.value}"


NAMES = {
    "postgresql://u:p@one:5432,two/timeline?sslmode=require": "postgresql://one:5432,two/timeline",
    "postgres://u:p%40%2F@one/timeline": "postgresql://one/timeline",
    "postgresql://u:p@[::1]:5432/timeline": "postgresql://[::1]:5432/timeline",
    "postgresql://one/timeline?host=two,three&port=1": "postgresql://two:1,three:1/timeline",
    "postgresql://u:p@one,two:6432/": "postgresql://one,two:6432/",
    "postgresql:///timeline?host=/run/postgresql&password=p": "postgresql:///timeline",
    "postgresql://%2Frun%2Fpostgresql/timeline": "postgresql:///timeline",
    "postgresql:///timeline": "postgresql:///timeline",
}


@pytest.mark.parametrize("url", NAMES)
def test_name_of_database_contains_hosts_but_no_user(url: str) -> None:
    assert open_database(Settings(database_url=url)).name == NAMES[url]


# ---- reads


def test_read_sees_one_state_and_changes_nothing(database: Database) -> None:
    with database.read() as connection:
        before = revision_of(connection)
        write(database, advance_revision)
        assert revision_of(connection) == before
        with pytest.raises(DBAPIError) as caught:
            advance_revision(connection)
        assert describe_failure(caught.value.orig).kind == "unavailable"
    with database.read() as connection:
        assert revision_of(connection) == before + 1


def test_prepared_statements_are_kept_after_a_read(database: Database) -> None:
    for _ in range(10):
        with database.read() as connection:
            revision_of(connection)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT 1 FROM pg_prepared_statements").first()


def _one_slow_statement(connection: Connection) -> None:
    connection.execute(text("SELECT pg_sleep(10)"))


def _many_statements(connection: Connection) -> None:
    for _ in range(100):
        connection.execute(text("SELECT pg_sleep(0.01)"))


@pytest.mark.parametrize("queries", [_one_slow_statement, _many_statements])
def test_queries_that_exceed_the_timeout_are_stopped(
    url: str, queries: Callable[[Connection], None]
) -> None:
    settings = Settings(database_url=url, query_timeout=0.05)
    with closing(open_database(settings)) as database:
        with database.read() as connection, pytest.raises(DBAPIError) as caught:
            queries(connection)
        assert describe_failure(caught.value.orig).kind == "timeout"
        with database.read() as connection:
            assert revision_of(connection) == 0


def test_read_after_the_server_ended_all_sessions_succeeds(url: str, database: Database) -> None:
    connections = [database.read() for _ in range(3)]
    for connection in connections:
        connection.close()
    end_sessions(url)
    for _ in range(3):
        with database.read() as connection:
            assert revision_of(connection) == 0


def test_session_that_ends_during_a_read_makes_the_database_unavailable(
    url: str, database: Database
) -> None:
    with database.read() as connection:
        end_sessions(url)
        with pytest.raises(DBAPIError) as caught:
            revision_of(connection)
    assert describe_failure(caught.value.orig).kind == "unavailable"
    assert caught.value.connection_invalidated
    with database.read() as connection:
        assert revision_of(connection) == 0


def test_session_that_ends_after_the_last_query_is_no_error(url: str, database: Database) -> None:
    with database.read() as connection:
        assert revision_of(connection) == 0
        end_sessions(url)


# ---- writes


def test_second_writer_waits_and_is_refused(database: Database) -> None:
    notices: list[int] = []
    with database.write(), pytest.raises(DatabaseError) as caught:
        write(database, on_wait=lambda: notices.append(1))
    assert str(caught.value).startswith(
        f"{database.name}: Another process has been writing for 0 s. Nothing was changed. "
    )
    assert notices == [1]
    write(database, advance_revision)  # the lock is free again


def test_writes_of_many_threads_are_done_one_after_the_other(url: str) -> None:
    with closing(open_database(Settings(database_url=url))) as database:

        def read_and_write(connection: Connection) -> None:
            number = revision_of(connection)
            connection.execute(text("UPDATE revision SET number = :n"), {"n": number + 1})

        threads = [
            threading.Thread(target=write, args=[database, read_and_write]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.read() as connection:
            assert revision_of(connection) == 4


def test_exception_rolls_a_write_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        write(database, advance_revision, lambda _: 1 / 0)
    with database.read() as connection:
        assert revision_of(connection) == 0


def test_session_that_ends_during_a_write_changes_nothing(url: str, database: Database) -> None:
    with pytest.raises(DatabaseError, match=r" Nothing was changed\.$"):
        write(database, advance_revision, lambda _: end_sessions(url), advance_revision)
    with database.read() as connection:
        assert revision_of(connection) == 0


def test_session_that_ends_during_the_commit_has_an_unknown_outcome(
    url: str, database: Database
) -> None:
    execute(
        url,
        "CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
    )
    execute(
        url,
        "CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON revision DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION end_session()",
    )
    with pytest.raises(DatabaseError, match="it is unknown whether the changes are stored"):
        write(database, advance_revision)


def test_limits_of_the_server_do_not_end_a_load(url: str, database: Database) -> None:
    execute(url, "ALTER DATABASE tested SET statement_timeout = '5ms'")
    write(database, lambda connection: connection.execute(text("SELECT pg_sleep(0.05)")))


def test_new_database_is_migrated_once() -> None:
    url = create_database("tested", EMPTY)
    failures: list[BaseException] = []

    def migrate() -> None:
        with closing(open_database(Settings(database_url=url))) as database:
            try:
                database.migrate_if_needed()
            except BaseException as error:  # noqa: BLE001 - reported below
                failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert execute(url, "SELECT version_num FROM alembic_version") == [(current_revision(),)]


# ---- the version of the data


def test_version_changes_with_each_write_of_any_process(url: str, database: Database) -> None:
    wait_until(lambda: database.data_version() is not None)
    seen = [database.data_version()]
    for _ in range(2):
        with closing(open_database(Settings(database_url=url))) as other:
            write(other, advance_revision)
        wait_until(lambda: database.data_version() != seen[-1])
        seen.append(database.data_version())
    assert len({*seen}) == 3


def test_own_write_changes_the_version_at_once(database: Database) -> None:
    wait_until(lambda: database.data_version() is not None)
    before = database.data_version()
    write(database, advance_revision)
    assert database.data_version() not in (before, None)


def test_version_is_unknown_while_the_server_cannot_be_reached() -> None:
    settings = Settings(database_url="postgresql://timeline@127.0.0.1:1/timeline")
    with closing(open_database(settings)) as database:
        assert database.data_version() is None
        with pytest.raises(DatabaseError):
            database.read()
        assert database.data_version() is None


def test_closed_database_has_no_sessions_and_no_threads(url: str, database: Database) -> None:
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = 'tested' AND pid <> pg_backend_pid()"
    for _ in range(2):  # it can be opened again
        with database.read():
            wait_until(lambda: database.data_version() is not None)
        assert execute(url, others)
        database.close()
        wait_until(lambda: not execute(url, others))
        assert not [one for one in threading.enumerate() if one.name.startswith("timeline-")]


def test_state_is_that_of_the_server(url: str, database: Database) -> None:
    ((version,),) = execute(url, "SHOW server_version")
    engine, role, delay = database.state()
    assert (engine, role, delay) == (f"postgresql {str(version).split()[0]}", "primary", None)


def test_database_is_the_same_by_another_name(url: str, database: Database) -> None:
    def is_same(other: str) -> bool:
        with closing(open_database(Settings(database_url=other))) as opened:
            return database.is_same(opened)

    assert is_same(url.replace("127.0.0.1", "localhost"))
    try:
        assert not is_same(create_database("another"))
    finally:
        drop_database("another")
