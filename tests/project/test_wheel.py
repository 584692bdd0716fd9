"""The wheel: what is in it, and that it serves without the checkout."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from time import sleep

import httpx
import pytest

from tests.support.corpus import TESTS
from tests.support.requirements import required

ROOT = TESTS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# what lies about where the application has been run, and is not to be published
LEFTOVERS = [
    "app/__pycache__/main.cpython-311.pyc",
    "migrations/versions/__pycache__/0001_initial_tables.cpython-311.pyc",
    "app/timeline.db",
    "timeline.db",
    "timeline.db-wal",
    "dist/timeline_api-0.0.1.tar.gz",
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the checkout, so that building leaves nothing in it."""
    required("git")
    listed = subprocess.run(
        # What is not ignored counts too, so that a change can be tested before it is committed.
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this test needs a git checkout")
    copy = tmp_path_factory.mktemp("checkout")
    for name in listed.stdout.split("\0"):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, with what is installed already."""
    for name in LEFTOVERS:
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).touch()
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built],
        cwd=checkout,
        check=True,
    )
    (path,) = built.iterdir()
    return path


def test_the_wheel_holds_what_is_needed_and_nothing_else(checkout: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {*archive.namelist()}
    metadata = {name for name in names if ".dist-info/" in name}
    assert {Path(name).name for name in metadata} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt")
    }
    files = {path.relative_to(checkout).as_posix() for path in checkout.rglob("*")}
    expected = {
        *(name for name in files if re.fullmatch(r"app/(formats/)?\w+\.py", name)),
        *(
            name
            for name in files
            if re.fullmatch(r"app/(web|web/templates|examples)/\w+\.\w+", name)
        ),
        *(f"app/{name}" for name in files if re.fullmatch(r"migrations/.+\.(py|mako)", name)),
        *(f"app/{name}" for name in files if re.fullmatch(r"seed/.+\.(yaml|json)", name)),
    }
    assert {"app/cli.py", "app/migrations/env.py", "app/seed/nso-blacklist.yaml"} < expected
    assert names - metadata == expected


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in an environment of its own, and give the folder of its programs."""
    clean = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clean], check=True)
    programs = clean / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install"]
    subprocess.run([*pip, "--no-index", "--no-deps", "--quiet", wheel], check=True)
    # The dependencies are those of the tests, without the checkout: a .pth file that lies in a
    # folder named by another is not read.
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (site_packages,) = clean.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text("\n".join(folders), "utf-8")
    return programs


@pytest.fixture
def away(tmp_path: Path) -> dict[str, str]:
    """Give an environment that knows nothing of the checkout, over a database of its own."""
    url = f"sqlite:///{tmp_path / 'timeline.db'}"
    return {"PATH": os.environ["PATH"], "TIMELINE_DATABASE_URL": url}


def test_the_wheel_is_what_runs(installed: Path, away: dict[str, str], tmp_path: Path) -> None:
    script = "import app; print(app.__file__)"
    run = subprocess.run(
        [installed / "python", "-c", script],
        env=away,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(run.stdout).is_relative_to(installed.parent)


def test_the_wheel_serves_its_seed(installed: Path, away: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [installed / "timeline", "serve", "--port", "0"],
        env=away,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            told = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", told)
            assert address, told
            with httpx.Client(base_url=address[0], timeout=30) as client:
                _wait_until_it_answers(client, process)
                assert client.get("/events").json()["total"]["value"] == 22
                assert client.get("/readyz").status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def _wait_until_it_answers(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        try:
            client.get("/livez").raise_for_status()
        except httpx.TransportError:
            assert process.poll() is None
            sleep(0.05)
        else:
            return
    raise TimeoutError


def test_the_wheel_migrates(installed: Path, away: dict[str, str], tmp_path: Path) -> None:
    subprocess.run([installed / "timeline", "migrate"], env=away, cwd=tmp_path, check=True)
    assert (tmp_path / "timeline.db").stat().st_size


# ---- its dependencies

# what is not declared because it is a part of what is: the names of one are those of the other
PART_OF = {
    "anyio": "starlette",
    "pydantic": "fastapi",
    "pydantic-core": "pydantic",
    "sqlalchemy": "sqlmodel",
    "starlette": "fastapi",
}


def _normalized(requirements: list[str]) -> set[str]:
    """Give the names of distributions, in one spelling."""
    names = (re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in requirements)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def _imported() -> Iterator[str]:
    """List the modules of others that the wheel imports, by their first names."""
    for path in [*ROOT.glob("app/*.py"), *ROOT.glob("migrations/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            yield from (name.split(".")[0] for name in names)


def test_every_import_is_a_declared_dependency() -> None:
    declared = _normalized(PROJECT["dependencies"])
    providers = packages_distributions()
    undeclared = {
        module: used
        for module in {*_imported()} - {"app", *sys.stdlib_module_names}
        if not (used := _normalized(providers.get(module, []))) & declared
    }
    assert {module for module, used in undeclared.items() if not used & PART_OF.keys()} == set()
    # and none is excused any longer than it is used
    assert set[str]().union(*undeclared.values()) == PART_OF.keys()


@pytest.mark.parametrize("part", PART_OF)
def test_a_part_is_required_by_what_it_is_part_of(part: str) -> None:
    whole = PART_OF[part]
    assert part in _normalized(requires(whole) or [])
    assert whole in PART_OF or whole in _normalized(PROJECT["dependencies"])
