"""The `timeline` commands: output, exit codes, files."""

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
from tests.support.cli import TIMELINE, command_env, database_name, run, serving, without_coverage
from tests.support.corpus import FERRY, HARBOUR, SEED, edited
from tests.support.requirements import require_program


def test_load_reports_changes(tmp_path: Path) -> None:
    name = database_name(tmp_path)
    loaded = run(tmp_path, "load", str(HARBOUR), str(FERRY))
    assert loaded.returncode == 0
    assert loaded.stdout == (
        f"{name}: 7 events added, 9 actors added, 3 sources added, 2 timelines added. "
        "The revision is 1.\n"
    )
    assert [line.split(": ")[1] for line in loaded.stderr.splitlines()] == ["warning"] * 3
    again = run(tmp_path, "load", str(HARBOUR), str(FERRY))
    assert again.stdout == f"{name}: nothing changed.\n"
    emptied = tmp_path / "ferry.yaml"
    emptied.write_text("timeline: {id: ferry, title: The ferry}", "utf-8")
    pruned = run(tmp_path, "load", "--prune", str(emptied))
    assert pruned.stdout == f"{name}: 2 events removed, 1 actor removed. The revision is 2.\n"


def test_invalid_files_report_every_error_and_load_nothing(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    content = HARBOUR.read_text("utf-8")
    wrong.write_text(content.replace("2020-03-14", "2020-13").replace("2020-04/", "2020-44/"))
    missing = tmp_path / "missing.yaml"
    for command in ("load", "check"):
        failed = run(tmp_path, command, str(FERRY), str(wrong), str(missing))
        report, other = (failed.stderr, failed.stdout)[:: 1 if command == "load" else -1]
        assert (failed.returncode, other) == (1, "")
        *_, first, second, third, last = report.splitlines()
        assert first.startswith(f"{wrong}:67: events[0].date: '2020-13' is not a date. ")
        assert second.startswith(f"{wrong}:94: events[2].date: '2020-44/2021-02' is not a date. ")
        assert third.startswith(f"{missing}: The file cannot be read (")
        assert last == ("3 errors. Nothing was loaded." if command == "load" else "3 errors.")
    assert run(tmp_path, "load", str(HARBOUR)).stdout.endswith(
        " 1 timeline added. The revision is 1.\n"
    )


def test_check_creates_no_database(tmp_path: Path) -> None:
    checked = run(tmp_path, "check", str(HARBOUR), str(FERRY))
    assert checked.returncode == 0
    *warnings, last = checked.stdout.splitlines()
    assert last == "7 events, 9 actors, 3 sources, 2 timelines: no errors, 3 warnings."
    assert (len(warnings), checked.stderr) == (3, "")
    assert [*tmp_path.iterdir()] == []


def test_check_links_with_invalid_proxy_fails_in_one_line(tmp_path: Path) -> None:
    failed = run(tmp_path, "check", "--links", str(HARBOUR), ALL_PROXY="foo://127.0.0.1")
    assert failed.returncode == 1
    assert failed.stderr.startswith("The proxy or the certificates in the environment cannot ")
    assert failed.stderr.count("\n") == 1


def test_check_requests_links_only_with_option(tmp_path: Path) -> None:
    with serving(tmp_path) as (client, _):
        edits = (
            ("https://gazette.example/quay", f"{client.base_url}/livez"),
            ("https://archive.example/gazette/quay", f"{client.base_url}/nowhere"),
        )
        path = edited(HARBOUR, tmp_path / "x.yaml", *edits)
        without = run(tmp_path, "check", str(path))
        public = run(tmp_path, "check", "--links", str(path))
        broken = run(tmp_path, "check", "--links", "--private", str(path))
        edited(path, path, ("/nowhere", "/events"))
        valid = run(tmp_path, "check", "--links", "--private", str(path))
    assert without.returncode == valid.returncode == 0
    assert public.stdout.count("has no public address, and is requested only with --private.") == 2
    assert valid.stdout.endswith(" 1 timeline, 2 links: no errors, 2 warnings.\n")
    assert (broken.returncode, broken.stderr) == (1, "")
    *_, error, last = broken.stdout.splitlines()
    assert error.startswith(f"{path}:15: sources[0].archived_url: ")
    assert last == "1 error."


@pytest.mark.parametrize("command", ["load", "check"])
def test_progress_is_shown_only_on_terminal(tmp_path: Path, command: str) -> None:
    piped = run(tmp_path, command, str(SEED), FORCE_COLOR="1")
    assert piped.stderr == ""
    require_program("script")
    shown = subprocess.run(
        ["script", "-qec", f"{TIMELINE} {command} {SEED}", "/dev/null"],
        env=command_env(tmp_path, {"TERM": "xterm"}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "22/22 events" in shown.stdout


@pytest.mark.parametrize("suffix", ["yaml", "jsonl"])
def test_export_loads_again_unchanged(tmp_path: Path, suffix: str) -> None:
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


@pytest.mark.sqlite
def test_export_of_missing_file_is_one_line(tmp_path: Path) -> None:
    missing = run(tmp_path, "export")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.endswith("or run `timeline load` to create it.\n")


def test_failed_export_is_one_line(tmp_path: Path) -> None:
    run(tmp_path, "load", str(HARBOUR))
    unknown = run(tmp_path, "export", "habour")
    assert unknown.stderr == "There is no timeline 'habour'. The nearest is 'harbour'.\n"
    for path, message in {
        "nowhere/x.yaml": "The file cannot be written (No such file or directory).",
        "x.json": "The suffix does not name the format. Write to a .yaml or .jsonl file.",
        "/dev/full": "The suffix does not name the format. Write to a .yaml or .jsonl file.",
        "x.yaml": "It is a directory. Write to a file in it.",
    }.items():
        (tmp_path / "x.yaml").mkdir(exist_ok=True)
        failed = run(tmp_path, "export", "-o", path)
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr == f"{path}: {message}\n"


def test_export_writes_through_symbolic_link(tmp_path: Path) -> None:
    run(tmp_path, "load", str(HARBOUR))
    (tmp_path / "there.yaml").write_text("", "utf-8")
    (tmp_path / "here.yaml").symlink_to("there.yaml")
    for path in ("here.yaml", "/dev/stdout"):
        exported = run(tmp_path, "export", "-o", path, "--format", "yaml")
        assert exported.returncode == 0
    assert (tmp_path / "here.yaml").is_symlink()
    assert (tmp_path / "there.yaml").read_text("utf-8") == exported.stdout
    full = run(tmp_path, "export", "-o", "/dev/full", "--format", "jsonl")
    assert full.stderr == "/dev/full: The file cannot be written (No space left on device).\n"
    other = run(tmp_path, "export", "-o", "x.yaml", "--format", "jsonl")
    assert other.stderr == (
        "x.yaml: The suffix does not name the format. Write to a .jsonl file.\n"
    )


@pytest.mark.sqlite  # it looks for the write-ahead log
def test_interrupted_load_keeps_nothing(tmp_path: Path) -> None:
    write_dossier(tmp_path / "x.jsonl", 20_000)
    with subprocess.Popen(
        [TIMELINE, "load", "x.jsonl"],
        env=without_coverage(command_env(tmp_path, {})),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not (tmp_path / "timeline.db-wal").exists():
            time.sleep(0.01)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
        assert message == "Interrupted. No partial changes were kept.\n"
    assert process.returncode == 130
    assert run(tmp_path, "export").stderr.startswith("The database is empty. ")


def test_schema_prints_json_schema(tmp_path: Path) -> None:
    printed = run(tmp_path, "schema")
    assert json.loads(printed.stdout) == dossier_json_schema()


def test_migrate_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        migrated = run(tmp_path, "migrate")
        assert migrated.returncode == 0
        assert migrated.stdout == f"{database_name(tmp_path)}: The schema is up to date.\n"


# Databases of another program and of a newer version, with the message.
FOREIGN_DATABASES = {
    "CREATE TABLE actor (x)": "The database belongs to another program. Name another file.",
    "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('0099')": (
        "The schema is 0099, of a newer version. Install that version, or name another database."
    ),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("content", FOREIGN_DATABASES)
@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0"),
        ("serve", "--port", "0", "--workers", "2"),
        ("migrate",),
        ("load", str(HARBOUR)),
        ("export",),
        ("remove", "harbour", "--yes"),
        ("backup", "copy.db"),
        ("verify",),
    ],
)
def test_foreign_database_is_refused_and_untouched(
    tmp_path: Path, content: str, command: tuple[str, ...]
) -> None:
    path = tmp_path / "timeline.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(content)
    before = path.read_bytes()
    failed = run(tmp_path, *command)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == f"{path}: {FOREIGN_DATABASES[content]}\n"
    assert path.read_bytes() == before


def test_openapi_prints_document_without_database(tmp_path: Path) -> None:
    printed = run(tmp_path, "openapi")
    assert json.loads(printed.stdout) == json.loads(json.dumps(create_app().openapi()))
    assert not (tmp_path / "timeline.db").exists()


COMMANDS = [
    "serve",
    "migrate",
    "load",
    "check",
    "export",
    "remove",
    "new",
    "backup",
    "verify",
    "restore",
    "schema",
    "openapi",
]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_lists_commands_and_options(tmp_path: Path, command: str) -> None:
    shown = run(tmp_path, *command.split(), "--help")
    assert shown.returncode == 0
    assert "Usage: timeline" in shown.stdout
    if not command:
        for name in COMMANDS:
            assert name in shown.stdout
    if command == "serve":
        options = "--host --port --uds --workers --reload --root-path --metrics-port --no-seed"
        for option in options.split():
            assert option in shown.stdout
