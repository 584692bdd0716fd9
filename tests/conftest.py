"""The server under test: a real one, on a free port, over a database of its own."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
import uvicorn
from hypothesis import settings

from app.database import Database
from app.dossier import Dossier
from app.load import Report, load
from app.main import create_app
from app.protocol import Protocol
from app.settings import PREFIX, Settings, bundled
from app.syntax import parse_yaml
from app.upkeep import prepare
from tests.generated import make_dossiers

TESTS = Path(__file__).parent
SEED = bundled("seed") / "nso-blacklist.yaml"
HARBOUR = TESTS / "dossiers" / "harbour.yaml"
FERRY = TESTS / "dossiers" / "ferry.yaml"
HOSTILE = TESTS / "dossiers" / "hostile.yaml"
GENERATED = make_dossiers(240)
LOADED_AT = datetime(2022, 7, 19, 12, 30, tzinfo=UTC)
LATER = LOADED_AT + timedelta(days=1)

# What the shell sets for a server of its own is not ours to test.
for variable in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[variable]

settings.register_profile("timeline", deadline=None, print_blob=True)
settings.load_profile("timeline")

_asked_for = {"full": False}


def pytest_configure(config: pytest.Config) -> None:
    """Repeat in full when `-m full` asks for it; before the tests are read."""
    _asked_for["full"] = config.getoption("markexpr") == "full"


def repetitions(few: int, full: int) -> int:
    """Choose how often a property is tried."""
    return full if _asked_for["full"] else few


def required(program: str) -> None:
    """Skip a test where a program is missing; with `CI` set, fail instead."""
    if shutil.which(program) is None:
        lacking(f"this test needs {program}; install the package {program}")


def required_packages(folder: Path) -> None:
    """Skip a test where an npm package is missing, or of another version than that in `folder`."""
    pinned = json.loads((folder / "package.json").read_text("utf-8"))["devDependencies"]
    for name, version in pinned.items():
        manifest = folder / "node_modules" / name / "package.json"
        if not manifest.exists() or json.loads(manifest.read_text("utf-8"))["version"] != version:
            lacking(
                f"this test needs {name} {version}; run npm install --prefix tests/{folder.name}"
            )


def lacking(message: str) -> None:
    """Skip a test that cannot run here; with `CI` set, fail instead."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def database_at(path: Path, **settings: float) -> Database:
    """Name a file as a database."""
    return Database(Settings(database_url=f"sqlite:///{path}", **settings))  # type: ignore[arg-type]


def new_database(path: Path) -> Database:
    """Make a migrated database without records."""
    database = database_at(path)
    prepare(database)
    return database


def alembic(database: Database, *arguments: str) -> None:
    """Run Alembic as developers do, configured by `pyproject.toml`."""
    subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        env={**os.environ, "TIMELINE_DATABASE_URL": f"sqlite:///{database.path}"},
        cwd=TESTS.parent,
        capture_output=True,
        check=True,
    )


def load_into(
    database: Database, *files: Path, now: datetime = LOADED_AT, prune: bool = False
) -> Report:
    """Load dossier files."""
    with database.write() as connection:
        return load(connection, files, now, prune=prune)


def load_dossiers(database: Database, dossiers: Iterable[Dossier]) -> None:
    """Load dossiers that are in memory, by way of files."""
    with TemporaryDirectory() as folder:
        load_into(database, *write_dossiers(Path(folder), dossiers))


def write_dossiers(folder: Path, dossiers: Iterable[Dossier]) -> list[Path]:
    """Write each dossier to a file."""
    files = []
    for at, dossier in enumerate(dossiers):
        files.append(folder / f"{at}.json")
        files[-1].write_text(dossier.model_dump_json(by_alias=True, exclude_none=True), "utf-8")
    return files


def edited(path: Path, target: Path, *edits: tuple[str, str]) -> Path:
    """Copy a dossier with some of its text replaced, each time where it first occurs."""
    content = path.read_text("utf-8")
    for old, new in edits:
        assert old in content
        content = content.replace(old, new, 1)
    target.write_text(content, "utf-8")
    return target


def read_dossier(path: Path) -> Dossier:
    """Read a file of one dossier."""
    (document,) = parse_yaml(path.read_text("utf-8"))
    return Dossier.model_validate(document.data)


@contextmanager
def serving(path: Path, root_path: str = "") -> Iterator[httpx.Client]:
    """Serve a database, and give a client of it."""
    app = create_app(Settings(database_url=f"sqlite:///{path}", root_path=root_path))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, http=Protocol, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        host, port = listening.getsockname()
        try:
            with httpx.Client(base_url=f"http://{host}:{port}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def serving_files(folder: Path, *files: Path) -> Iterator[httpx.Client]:
    """Load dossier files into a database in a folder, and serve it."""
    load_into(new_database(folder / "timeline.db"), *files)
    with serving(folder / "timeline.db") as client:
        yield client


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
    """Give a client of the dossiers that `tests.generated` makes up."""
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
