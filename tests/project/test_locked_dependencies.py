"""`app/server/requirements.txt`: what a server installs, in locked versions with hashes."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.corpus import TESTS

ROOT = TESTS.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DECLARED = [
    *PYPROJECT["project"]["dependencies"],
    *PYPROJECT["project"]["optional-dependencies"]["postgresql"],
    *PYPROJECT["build-system"]["requires"],
]
RENEW = "Run .venv/bin/python -m tests.support.write_requirements."

Environment = dict[str, str]
"""The variables of environment markers: https://packaging.python.org/specifications/dependency-specifiers."""
ENVIRONMENTS: list[Environment] = [
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
    }
    for python in ("3.11", "3.12", "3.13", "3.14")
    for machine in ("x86_64", "aarch64")
]


def _entries() -> list[str]:
    """Return each entry of the file as one line, without the comments."""
    text = re.sub(
        r"^ *#.*\n",
        "",
        (ROOT / "app/server/requirements.txt").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    return text.replace(" \\\n    ", " ").splitlines()


def _applies(requirement: Requirement, environment: Environment, extras: set[str]) -> bool:
    marker = requirement.marker
    return not marker or any(marker.evaluate({**environment, "extra": one}) for one in extras)


def _locked(environment: Environment) -> dict[str, str]:
    """Return the version of each package that is installed in an environment."""
    requirements = [Requirement(entry.split(" --hash", 1)[0]) for entry in _entries()]
    installed = [one for one in requirements if _applies(one, environment, {""})]
    versions = {one.name: str(one.specifier).removeprefix("==") for one in installed}
    assert len(versions) == len(installed), "A package is locked twice."
    return versions


@cache
def _dependencies_of(name: str, locked_version: str) -> list[str]:
    """Return the dependencies of a release; none if another one or none is installed here."""
    try:
        return (requires(name) or []) if version(name) == locked_version else []
    except PackageNotFoundError:
        return []


def _reachable(
    requirements: list[str], environment: Environment, extras: set[str], seen: set[str]
) -> Iterator[Requirement]:
    """Yield the requirements that apply in an environment, and those of their packages."""
    for requirement in map(Requirement, requirements):
        if str(requirement) in seen or not _applies(requirement, environment, extras):
            continue
        seen.add(str(requirement))
        yield requirement
        name = canonicalize_name(requirement.name)
        dependencies = _dependencies_of(name, _locked(environment).get(name, ""))
        yield from _reachable(dependencies, environment, {"", *requirement.extras}, seen)


def test_each_dependency_has_a_version_and_hashes_and_no_source() -> None:
    entries = _entries()
    assert len(entries) > len(DECLARED)
    for entry in entries:
        pattern = r"[a-z0-9-]+==[\w.]+( ; [\w.'<>=! ]+)?( --hash=sha256:[0-9a-f]{64})+"
        assert re.fullmatch(pattern, entry), entry.split(" --hash", 1)[0]


@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda one: "-".join([*one.values()][:3:2])
)
def test_every_dependency_is_locked_in_a_version_that_satisfies_it(
    environment: Environment,
) -> None:
    locked = _locked(environment)
    wrong = [
        str(requirement)
        for requirement in _reachable(DECLARED, environment, {""}, set())
        if (name := canonicalize_name(requirement.name)) not in locked
        or locked[name] not in requirement.specifier
    ]
    assert wrong == [], RENEW
