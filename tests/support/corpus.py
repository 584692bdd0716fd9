"""The example dossiers that tests share, and functions to edit, write and read them."""

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
"""The first timeline: 22 events."""
HARBOUR = DATA / "dossiers" / "harbour.yaml"
"""Six events, with an example of everything."""
FERRY = DATA / "dossiers" / "ferry.yaml"
"""Two events. It shares an event, an actor and a source with HARBOUR."""
HOSTILE = DATA / "dossiers" / "hostile.yaml"
"""Texts that a page could take for markup, or a spreadsheet for a formula."""
GENERATED = make_dossiers(240)
"""Two random dossiers, the same in every run."""
LOADED_AT = datetime(2022, 7, 19, 12, 30, tzinfo=UTC)
LATER = LOADED_AT + timedelta(days=1)


def write_dossiers(folder: Path, dossiers: Iterable[Dossier]) -> list[Path]:
    """Write each dossier to a file of its own, and return the files."""
    files = []
    for number, dossier in enumerate(dossiers):
        files.append(folder / f"{number}.json")
        files[-1].write_text(dossier.model_dump_json(by_alias=True, exclude_none=True), "utf-8")
    return files


def edited(path: Path, target: Path, *edits: tuple[str, str]) -> Path:
    """Copy a dossier to `target`; replace the first occurrence of each old text by the new one."""
    content = path.read_text("utf-8")
    for old, new in edits:
        assert old in content
        content = content.replace(old, new, 1)
    target.write_text(content, "utf-8")
    return target


def read_dossier(path: Path) -> Dossier:
    """Read a file that contains one dossier."""
    (document,) = parse_yaml(path.read_text("utf-8"))
    return Dossier.model_validate(document.data)
