"""The commands, as people give them."""

import json
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.dossiers.document import dossier_json_schema
from app.main import create_app
from tests.benchmark.synthetic import write_dossier
from tests.support.cli import TIMELINE, environment_of, run, serving, unmeasured
from tests.support.corpus import FERRY, HARBOUR, SEED, TESTS, edited
from tests.support.requirements import required


def test_load_tells_what_it_did(tmp_path: Path) -> None:
    loaded = run(tmp_path, "load", str(HARBOUR), str(FERRY))
    assert loaded.returncode == 0
    assert loaded.stdout.endswith(
        "timeline.db: 7 events added, 9 actors added, 3 sources added, 2 timelines added.\n"
    )
    assert [line.split(": ")[1:3] for line in loaded.stderr.splitlines()] == [
        ["warning", "actors[1].aliases[0]"],
        ["warning", "the actor 'bystander'"],
        ["warning", "actors[0].aliases[0]"],
    ]
    again = run(tmp_path, "load", str(HARBOUR), str(FERRY))
    assert again.stdout.endswith("timeline.db: nothing changed.\n")
    emptied = tmp_path / "ferry.yaml"
    emptied.write_text("timeline: {id: ferry, title: The ferry}", "utf-8")
    pruned = run(tmp_path, "load", "--prune", str(emptied))
    assert pruned.stdout.endswith("timeline.db: 2 events removed, 1 actor removed.\n")


def test_load_tells_every_problem_and_loads_nothing(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    content = HARBOUR.read_text("utf-8")
    wrong.write_text(content.replace("2020-03-14", "2020-13").replace("2020-04/", "2020-44/"))
    missing = tmp_path / "missing.yaml"
    for command in ("load", "check"):
        told = run(tmp_path, command, str(FERRY), str(wrong), str(missing))
        given, other = (told.stderr, told.stdout)[:: 1 if command == "load" else -1]
        assert (told.returncode, other) == (1, "")
        *_, first, second, third, last = given.splitlines()
        assert first.startswith(f"{wrong}:67: events[0].date: '2020-13' is not a date; ")
        assert second.startswith(f"{wrong}:94: events[2].date: '2020-44/2021-02' is not a date; ")
        assert third == f"{missing}: it cannot be read: No such file or directory"
        nothing = "; nothing was loaded" if command == "load" else ""
        assert last == f"3 problems{nothing}."
    assert run(tmp_path, "load", str(HARBOUR)).stdout.endswith(" 1 timeline added.\n")


def test_check_needs_no_database(tmp_path: Path) -> None:
    checked = run(tmp_path, "check", str(HARBOUR), str(FERRY))
    assert checked.returncode == 0
    *warnings, last = checked.stdout.splitlines()
    assert last == "7 events, 9 actors, 3 sources, 2 timelines: no problems, 3 warnings."
    assert (len(warnings), checked.stderr) == (3, "")
    assert [*tmp_path.iterdir()] == []


def test_links_cannot_be_asked_by_way_of_nothing(tmp_path: Path) -> None:
    refused = run(tmp_path, "check", "--links", str(HARBOUR), ALL_PROXY="foo://127.0.0.1")
    assert refused.returncode == 1
    assert refused.stderr.startswith("no link can be asked as the environment is: ")


def test_check_asks_links_if_it_is_told_to(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, _):
        edits = (
            ("https://gazette.example/quay", f"{client.base_url}/livez"),
            ("https://archive.example/gazette/quay", f"{client.base_url}/nowhere"),
        )
        path = edited(HARBOUR, tmp_path / "x.yaml", *edits)
        unasked = run(tmp_path, "check", str(path))
        broken = run(tmp_path, "check", "--links", str(path))
        right = run(tmp_path, "check", "--links", str(edited(path, path, ("/nowhere", "/events"))))
    assert unasked.returncode == right.returncode == 0
    assert right.stdout.endswith(" 1 timeline, 2 links: no problems, 2 warnings.\n")
    assert (broken.returncode, broken.stderr) == (1, "")
    *_, problem, last = broken.stdout.splitlines()
    assert problem.startswith(f"{path}:15: sources[0].archived_url: there is nothing at 'http://")
    assert last == "1 problem."


@pytest.mark.parametrize("command", ["load", "check"])
def test_progress_is_shown_on_a_terminal_alone(tmp_path: Path, command: str) -> None:
    piped = run(tmp_path, command, str(SEED), FORCE_COLOR="1")
    assert piped.stderr == ""
    required("script")
    shown = subprocess.run(
        ["script", "-qec", f"{TIMELINE} {command} {SEED}", "/dev/null"],
        env=environment_of(tmp_path, {"TERM": "xterm"}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "22/22 events" in shown.stdout


@pytest.mark.parametrize("suffix", ["yaml", "jsonl"])
def test_what_is_exported_loads_again(tmp_path: Path, suffix: str) -> None:
    run(tmp_path, "load", str(HARBOUR), str(FERRY))
    for arguments, number in (((), 7), (("ferry",), 2)):
        written = tmp_path / f"x.{suffix}"
        exported = run(tmp_path, "export", *arguments, "-o", str(written))
        assert (exported.returncode, exported.stdout, exported.stderr) == (0, "", "")
        printed = run(tmp_path, "export", *arguments, "--format", suffix, PYTHONIOENCODING="ascii")
        assert printed.stdout == written.read_text("utf-8")
        assert f"\n{number} events, " in "\n" + run(tmp_path, "check", str(written)).stdout
        assert run(tmp_path, "load", str(written)).stdout.endswith(": nothing changed.\n")
    assert not [*tmp_path.glob("*.part")]


def test_an_export_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    missing = run(tmp_path, "export")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.endswith("there is no such file; run `timeline migrate`\n")
    run(tmp_path, "load", str(HARBOUR))
    unknown = run(tmp_path, "export", "habour")
    assert unknown.stderr == "there is no timeline 'habour'; the nearest is harbour\n"
    for path, told in {
        "nowhere/x.yaml": "it cannot be written: No such file or directory",
        "x.json": "name it .yaml or .jsonl, as what it is to be written in",
        "/dev/full": "name it .yaml or .jsonl, as what it is to be written in",
        "x.yaml": "it is a directory; name a file in it",
    }.items():
        (tmp_path / "x.yaml").mkdir(exist_ok=True)
        refused = run(tmp_path, "export", "-o", path)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr == f"{path}: {told}\n"


def test_an_export_follows_links_and_keeps_what_they_lead_to(tmp_path: Path) -> None:
    run(tmp_path, "load", str(HARBOUR))
    (tmp_path / "there.yaml").write_text("", "utf-8")
    (tmp_path / "here.yaml").symlink_to("there.yaml")
    for path in ("here.yaml", "/dev/stdout"):
        exported = run(tmp_path, "export", "-o", path, "--format", "yaml")
        assert exported.returncode == 0
    assert (tmp_path / "here.yaml").is_symlink()
    assert (tmp_path / "there.yaml").read_text("utf-8") == exported.stdout
    full = run(tmp_path, "export", "-o", "/dev/full", "--format", "jsonl")
    assert full.stderr == "/dev/full: it cannot be written: No space left on device\n"
    other = run(tmp_path, "export", "-o", "x.yaml", "--format", "jsonl")
    assert other.stderr == "x.yaml: name it .jsonl, as what it is to be written in\n"


def test_an_interrupted_load_says_so(tmp_path: Path) -> None:
    write_dossier(tmp_path / "x.jsonl", 20_000)
    with subprocess.Popen(
        [TIMELINE, "load", "x.jsonl"],
        env=unmeasured(environment_of(tmp_path, {})),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not (tmp_path / "timeline.db-wal").exists():
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert told == "Interrupted; nothing is left half-done.\n"
    assert process.returncode == 130
    assert run(tmp_path, "export").stderr.startswith("nothing has been loaded yet")


def test_schema_prints_what_editors_read(tmp_path: Path) -> None:
    printed = run(tmp_path, "schema")
    assert json.loads(printed.stdout) == dossier_json_schema()


def test_migrate(tmp_path: Path) -> None:
    for _ in range(2):
        migrated = run(tmp_path, "migrate")
        assert migrated.returncode == 0
        assert migrated.stdout.endswith("timeline.db has the tables of this version.\n")


def test_a_misspelled_setting_is_warned_of(tmp_path: Path) -> None:
    variables = {"TIMELINE_DATBASE_URL": "sqlite:///x.db", "TIMELINE_SERVICE_HOST": "10.0.0.1"}
    migrated = run(tmp_path, "migrate", **variables)
    assert migrated.returncode == 0
    assert migrated.stderr == (
        "Warning: TIMELINE_DATBASE_URL is not a setting; did you mean TIMELINE_DATABASE_URL?\n"
    )


# what another program or a newer version has made: what is told
OTHERS = {
    "CREATE TABLE actor (x)": "is a database of another program; name another file",
    "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('0099')": (
        "has schema 0099, made by a newer version; install that version"
    ),
}


@pytest.mark.parametrize("content", OTHERS)
@pytest.mark.parametrize("command", [("serve",), ("migrate",), ("load", str(HARBOUR))])
def test_what_others_have_made_is_not_touched(
    tmp_path: Path, content: str, command: tuple[str, ...]
) -> None:
    path = tmp_path / "timeline.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(content)
    before = path.read_bytes()
    refused = run(tmp_path, *command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.endswith(f"{OTHERS[content]}\n")
    assert refused.stderr.count("\n") == 1
    assert path.read_bytes() == before


def test_openapi_prints_the_document(tmp_path: Path) -> None:
    printed = run(tmp_path, "openapi")
    assert json.loads(printed.stdout) == json.loads(json.dumps(create_app().openapi()))
    assert not (tmp_path / "timeline.db").exists()


# command: environment, what is told
REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "a directory that is not there": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": "sqlite:///nowhere/timeline.db"},
        "nowhere/timeline.db: there is no directory nowhere",
    ),
    "a directory instead of a file": (
        ("serve",),
        {"TIMELINE_DATABASE_URL": f"sqlite:///{TESTS}"},
        "is no file; name one",
    ),
    "another kind of database": (
        ("serve",),
        {"TIMELINE_DATABASE_URL": "postgresql://localhost/timeline"},
        "TIMELINE_DATABASE_URL: write sqlite:/// and the path of a file",
    ),
    "a database in memory": (
        ("serve",),
        {"TIMELINE_DATABASE_URL": "sqlite:///:memory:"},
        "TIMELINE_DATABASE_URL: write sqlite:/// and the path of a file",
    ),
    "an address that cannot be listened on": (
        ("serve", "--host", "999.1.1.1"),
        {},
        "cannot listen on 999.1.1.1",
    ),
    "a port too large": (("serve", "--port", "70000"), {}, "TIMELINE_PORT: '70000'"),
    "a prefix without a slash": (
        ("serve", "--root-path", "x"),
        {},
        "TIMELINE_ROOT_PATH: 'x': begin each part with a slash, as /timeline",
    ),
    "a licence without a name": (
        ("serve",),
        {"TIMELINE_LICENSE_URL": "https://licence.example/"},
        "TIMELINE_LICENSE_URL: give TIMELINE_LICENSE_NAME beside it",
    ),
    "a link that is none": (
        ("migrate",),
        {"TIMELINE_CONTACT_URL": "desk"},
        "TIMELINE_CONTACT_URL: 'desk': write it whole, from http:// or https:// on",
    ),
    "an address that is none": (
        ("migrate",),
        {"TIMELINE_CONTACT_EMAIL": "desk"},
        "TIMELINE_CONTACT_EMAIL: 'desk': write an address, as desk@example.org",
    ),
    "a file that is none of ours": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": f"sqlite:///{HARBOUR}"},
        "file is not a database",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line(tmp_path: Path, case: str) -> None:
    arguments, environment, told = REFUSED[case]
    refused = run(tmp_path, *arguments, **environment)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert told in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["load", str(HARBOUR)], ["schema"], ["export"]])
def test_what_cannot_be_told_is_told_elsewhere(tmp_path: Path, command: list[str]) -> None:
    """Standard output is a disk that is full, or closed by who has read enough of it."""
    assert run(tmp_path, "load", str(HARBOUR)).returncode == 0
    full = run(tmp_path, *command, within=["sh", "-c", 'exec "$@" > /dev/full', "sh"])
    assert full.returncode == 1
    assert full.stderr.splitlines()[-1] == "standard output: No space left on device"
    read = run(tmp_path, *command, within=["sh", "-c", '"$@" | true', "sh"])
    assert "Traceback" not in read.stderr


COMMANDS = ["serve", "migrate", "load", "check", "export", "backup", "restore", "schema", "openapi"]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(tmp_path: Path, command: str) -> None:
    told = run(tmp_path, *command.split(), "--help")
    assert told.returncode == 0
    assert "Usage: timeline" in told.stdout
    if not command:
        for name in COMMANDS:
            assert name in told.stdout
    if command == "serve":
        for option in ("--host", "--port", "--workers", "--reload", "--root-path"):
            assert option in told.stdout
