"""Fixtures: databases, and servers over them."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings

from app.db.sqlite.database import Database
from app.settings import PREFIX
from tests.support.corpus import FERRY, GENERATED, HARBOUR, HOSTILE, SEED
from tests.support.databases import load_dossiers, new_database
from tests.support.requirements import _asked_for
from tests.support.server import serving, serving_files

# What the shell sets for a server of its own is not ours to test.
for variable in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[variable]

settings.register_profile("timeline", deadline=None, print_blob=True)
settings.load_profile("timeline")


def pytest_configure(config: pytest.Config) -> None:
    """Repeat in full when `-m full` asks for it; before the tests are read."""
    _asked_for["full"] = config.getoption("markexpr") == "full"


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of the seed dossier."""
    with serving_files(tmp_path_factory.mktemp("seed"), SEED) as client:
        yield client


@pytest.fixture(scope="session")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of the two small dossiers."""
    with serving_files(tmp_path_factory.mktemp("harbour"), HARBOUR, FERRY) as client:
        yield client


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of the seed, the two small dossiers and the hostile one at once."""
    files = (SEED, HARBOUR, FERRY, HOSTILE)
    with serving_files(tmp_path_factory.mktemp("everything"), *files) as client:
        yield client


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of the dossiers that `tests.support.random_dossiers` makes up."""
    path = tmp_path_factory.mktemp("generated") / "timeline.db"
    load_dossiers(new_database(path), GENERATED)
    with serving(path) as client:
        yield client


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Give a migrated database without records."""
    database = new_database(tmp_path / "timeline.db")
    yield database
    database.close()
