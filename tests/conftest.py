"""Fixtures of all tests: an empty database, and clients of servers with the example dossiers."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings

from app.db.database import Database
from app.settings import PREFIX
from tests.support import databases, requirements
from tests.support.corpus import FERRY, GENERATED, HARBOUR, HOSTILE, LATER, SEED
from tests.support.databases import close_databases, load_dossiers, new_database
from tests.support.server import serving, serving_files

# Settings of the developer's shell, such as TIMELINE_ROOT_PATH, would change responses.
for variable in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[variable]

settings.register_profile("timeline", deadline=None, print_blob=True)
settings.load_profile("timeline")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--database`."""
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the engine of the databases; postgresql leaves out the tests of SQLite files",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Record options before test modules are imported: their decorators call `repetitions`.

    Under pytest-xdist, workers receive the options from the controller.
    """
    requirements.run_in_full = config.getoption("markexpr") == "full"
    databases.engine = config.getoption("database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests of SQLite files if the databases are in PostgreSQL."""
    if databases.engine != "sqlite":
        of_files = [item for item in items if item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=of_files)
        items[:] = [item for item in items if not item.get_closest_marker("sqlite")]


@pytest.fixture(autouse=True, scope="session")
def _close_shared_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    yield
    close_databases(tmp_path_factory.getbasetemp())


@pytest.fixture(autouse=True)
def _close_databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close the databases of the test, and remove those in PostgreSQL, since each has 8 MB."""
    uses_folder = "tmp_path" in request.fixturenames
    folder: Path | None = request.getfixturevalue("tmp_path") if uses_folder else None
    yield
    if folder:
        close_databases(folder)


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with the seed dossier."""
    with serving_files(tmp_path_factory.mktemp("seed"), SEED) as client:
        yield client


@pytest.fixture(scope="session")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with the two small dossiers."""
    with serving_files(tmp_path_factory.mktemp("harbour"), HARBOUR, FERRY) as client:
        yield client


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with the seed, the small dossiers and the hostile one."""
    files = (SEED, HARBOUR, FERRY, HOSTILE)
    with serving_files(tmp_path_factory.mktemp("everything"), *files) as client:
        yield client


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server with the dossiers of `tests.support.random_dossiers`."""
    path = tmp_path_factory.mktemp("generated") / "timeline.db"
    database = new_database(path)
    # One after the other, which changes the events that they share.
    load_dossiers(database, GENERATED[:1])
    load_dossiers(database, GENERATED, LATER)
    with serving(path) as client:
        yield client


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Yield a migrated database without records."""
    database = new_database(tmp_path / "timeline.db")
    yield database
    database.close()
