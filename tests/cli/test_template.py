"""`timeline new`: a template of a dossier."""

import re
from pathlib import Path

import pytest

from app.domain.vocabulary import ActorKind, EventStatus, Role, choices
from app.dossiers.template import TEMPLATE
from tests.support.cli import run

# Names of files, and the id of the timeline in them.
FILES = {
    "harbour.yaml": "harbour",
    "Über uns.YML": "uber-uns",
    "2024.yaml": "2024",
    "null.yaml": "my-timeline",
    "日本.yaml": "my-timeline",
}


@pytest.mark.parametrize("name", FILES)
def test_template_passes_check_and_is_named_after_file(tmp_path: Path, name: str) -> None:
    created = run(tmp_path, "new", name)
    assert (created.returncode, created.stderr) == (0, "")
    assert created.stdout.startswith(f"{name}: Replace the example, then run `timeline check ")
    checked = run(tmp_path, "check", name)
    expected = "1 event, 2 actors, 1 source, 1 timeline: no errors, 0 warnings.\n"
    assert (checked.returncode, checked.stdout) == (0, expected)
    assert f"\n  id: {FILES[name]}\n" in (tmp_path / name).read_text("utf-8")


def test_template_lists_fixed_values() -> None:
    comments = " ".join(re.findall("# *(.*)", TEMPLATE.read_text("utf-8")))
    for vocabulary in (ActorKind, EventStatus, Role):
        assert ", ".join(choices(vocabulary)) in comments


REFUSED = {
    "old.yaml": "old.yaml: It exists already. Name a new file.\n",
    "folder.yaml": "folder.yaml: It exists already. Name a new file.\n",
    "harbour.json": "harbour.json: The template is YAML. Write to a .yaml file.\n",
    "nowhere/x.yaml": (
        "nowhere/x.yaml: No such file or directory. Check the path and its permissions.\n"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_template_is_written_only_to_new_yaml_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "old.yaml").write_text("old", "utf-8")
    refused = run(tmp_path, "new", name)
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", REFUSED[name])
    assert (tmp_path / "old.yaml").read_text("utf-8") == "old"
    assert len([*tmp_path.iterdir()]) == 2
