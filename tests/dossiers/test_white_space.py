"""Line breaks and tabs in the texts of dossiers."""

from pathlib import Path

import pytest

from app.dossiers.diagnostics import Diagnostics
from app.dossiers.reader import ParsedRecord, open_dossiers
from app.schemas.entries import EventEntry
from tests.support.corpus import HARBOUR, edited
from tests.support.dossier_check import write_as_json, write_as_json_lines

SUMMARY = "First line, and a tab.\nSecond line."
# A file: how it writes a summary with a tab and a line break of Windows.
WHITE_SPACE = {
    "escaped.yaml": r'summary: "First line,\tand a tab.\r\nSecond line."',
    "block.yaml": "summary: |\r\n      First line,\tand a tab.\r\n      Second line.\r\n",
    "old.yaml": r'summary: "First line,\tand a tab.\rSecond line."',
    "x.json": r'"summary": "First line,\tand a tab.\r\nSecond line.\r\n"',
    "next-line.json": r'"summary": "First line,\tand a tab.\u0085Second line."',
    "x.jsonl": r'"summary": "First line,\tand a tab.\r\nSecond line."',
}


@pytest.mark.parametrize("name", WHITE_SPACE)
def test_line_breaks_and_tabs_are_the_same_in_all_types(tmp_path: Path, name: str) -> None:
    writers = {".json": write_as_json, ".jsonl": write_as_json_lines, ".yaml": edited}
    path = tmp_path / name
    old = "summary: A contract for the new quay."
    if path.suffix != ".yaml":
        old = '"summary": "A contract for the new quay."'
    diagnostics = Diagnostics()
    (file,) = open_dossiers(
        [writers[path.suffix](HARBOUR, path, (old, WHITE_SPACE[name]))], diagnostics
    )
    first = next(file.entries(EventEntry))
    assert isinstance(first, ParsedRecord)
    assert first.record.summary == SUMMARY
    assert diagnostics.errors == []
