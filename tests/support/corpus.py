"""The dossiers that tests share, and how to edit them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.dossiers.document import Dossier
from app.dossiers.parsing import parse_yaml
from app.settings import resource_dir
from tests.support.random_dossiers import make_dossiers

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data"
SEED = resource_dir("seed") / "nso-blacklist.yaml"
HARBOUR = DATA / "dossiers" / "harbour.yaml"
FERRY = DATA / "dossiers" / "ferry.yaml"
HOSTILE = DATA / "dossiers" / "hostile.yaml"
GENERATED = make_dossiers(240)
LOADED_AT = datetime(2022, 7, 19, 12, 30, tzinfo=UTC)
LATER = LOADED_AT + timedelta(days=1)


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
