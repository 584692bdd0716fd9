"""Databases that several modules copy, since loading one takes a while."""

from pathlib import Path

import pytest

from tests.benchmark.loading import load as load_synthetic
from tests.support.corpus import HARBOUR, SEED
from tests.support.databases import load_into, new_database

MANY_EVENTS = 4_000


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with 28 events, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "timeline.db"
    database = new_database(path)
    load_into(database, SEED, HARBOUR)
    database.close()
    return path


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database whose export is larger than the buffers of a socket."""
    folder = tmp_path_factory.mktemp("large")
    load_synthetic(folder, MANY_EVENTS)
    return folder / f"{MANY_EVENTS}.db"
