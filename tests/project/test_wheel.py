"""The wheel: its files, its dependencies, and that it works without the checkout."""

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
from tests.support.requirements import require_program

ROOT = TESTS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# Files that running and building the application leave in a checkout. They are not published.
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
    """Copy the checkout, so that a build leaves no files in it."""
    require_program("git")
    listed = subprocess.run(
        # New files are included, so that a change can be tested before it is committed.
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("This test needs a git checkout.")
    copy = tmp_path_factory.mktemp("checkout")
    for name in listed.stdout.split("\0"):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the installed hatchling, offline."""
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


def test_wheel_contains_all_data_and_nothing_else(checkout: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {*archive.namelist()}
    metadata = {name for name in names if ".dist-info/" in name}
    assert {Path(name).name for name in metadata} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt")
    }
    files = [path.relative_to(checkout).as_posix() for path in checkout.rglob("*.*")]
    code = r"app/([a-z_]+/)*\w+\.py"
    data = r"app/((api/examples|site/static|site/templates)/\w+\.\w+|dossiers/template\.yaml)"
    outside = r"migrations/.+\.(py|mako)|seed/.+\.(yaml|json)"
    expected = {name for name in files if re.fullmatch(f"{code}|{data}", name)}
    expected |= {f"app/{name}" for name in files if re.fullmatch(outside, name)}
    assert {
        *("app/cli/commands.py", "app/migrations/env.py", "app/seed/nso-blacklist.yaml"),
        *("app/api/examples/listEventsAsCsv.csv", "app/site/static/page.js"),
        "app/site/templates/timeline.html",
    } < expected
    assert names - metadata == expected


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in a new environment, and return the folder of its programs."""
    clean = tmp_path_factory.mktemp("clean")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clean], check=True)
    programs = clean / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install"]
    subprocess.run([*pip, "--no-index", "--no-deps", "--quiet", wheel], check=True)
    # The environment shares the dependencies of the tests, but not their editable installation:
    # Python does not read .pth files of folders that a .pth file adds.
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (site_packages,) = clean.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text("\n".join(folders), "utf-8")
    return programs


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return environment variables that do not refer to the checkout, with a new database."""
    url = f"sqlite:///{tmp_path / 'timeline.db'}"
    return {"PATH": os.environ["PATH"], "TIMELINE_DATABASE_URL": url}


def test_installed_package_is_imported_from_the_wheel(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    script = "import app; print(app.__file__)"
    run = subprocess.run(
        [installed / "python", "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(run.stdout).is_relative_to(installed.parent)


def test_wheel_serves_its_seed(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    with subprocess.Popen(
        [installed / "timeline", "serve", "--port", "0"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            output = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", output)
            assert address, output
            with httpx.Client(base_url=address[0], timeout=30) as client:
                _wait_for_server(client, process)
                assert client.get("/events").json()["total"]["value"] == 22
                assert client.get("/readyz").status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def _wait_for_server(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        try:
            client.get("/livez").raise_for_status()
        except httpx.TransportError:
            assert process.poll() is None
            sleep(0.05)
        else:
            return
    raise TimeoutError


def test_wheel_migrates_a_database(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    subprocess.run([installed / "timeline", "migrate"], env=environment, cwd=tmp_path, check=True)
    assert (tmp_path / "timeline.db").stat().st_size


# ---- dependencies

# Packages that we import but do not declare, each with the package that requires it.
PART_OF = {
    "anyio": "starlette",
    "pydantic": "fastapi",
    "pydantic-core": "pydantic",
    "sqlalchemy": "sqlmodel",
    "starlette": "fastapi",
}


def _normalized(requirements: list[str]) -> set[str]:
    """Return the normalized names of distributions (PEP 503)."""
    names = (re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def _imported() -> Iterator[str]:
    """Yield the top-level modules that the wheel imports."""
    for path in [*ROOT.glob("app/**/*.py"), *ROOT.glob("migrations/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            yield from (name.split(".")[0] for name in names)


def test_every_import_is_a_declared_dependency() -> None:
    drivers = PROJECT["optional-dependencies"]["postgresql"]
    declared = _normalized([*PROJECT["dependencies"], *drivers])
    providers = packages_distributions()
    undeclared = {
        module: used
        for module in {*_imported()} - {"app", *sys.stdlib_module_names}
        if not (used := _normalized(providers.get(module, []))) & declared
    }
    assert {module for module, used in undeclared.items() if not used & PART_OF.keys()} == set()
    # PART_OF has no package that is no longer imported.
    assert set[str]().union(*undeclared.values()) == PART_OF.keys()


@pytest.mark.parametrize("part", PART_OF)
def test_undeclared_dependency_is_required_by_a_declared_one(part: str) -> None:
    whole = PART_OF[part]
    assert part in _normalized(requires(whole) or [])
    assert whole in PART_OF or whole in _normalized(PROJECT["dependencies"])


def test_dependencies_have_a_lower_bound() -> None:
    # .ci/run installs the lowest versions.
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in (one for group in groups for one in group):
        assert re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?[>=]=[\d.]+(,<[\d.]+)?", requirement)
