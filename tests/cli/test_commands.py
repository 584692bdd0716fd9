"""The `timeline` commands: output, exit codes, files."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.dossiers.document import dossier_json_schema
from app.main import create_app
from tests.benchmark.synthetic import write_dossier
from tests.support.cli import TIMELINE, command_env, run, serving, without_coverage
from tests.support.corpus import FERRY, HARBOUR, SEED, TESTS, edited
from tests.support.requirements import require_program


def test_load_reports_changes(tmp_path: Path) -> None:
    loaded = run(tmp_path, "load", str(HARBOUR), str(FERRY))
    assert loaded.returncode == 0
    assert loaded.stdout.endswith(
        "timeline.db: 7 events added, 9 actors added, 3 sources added, 2 timelines added.\n"
    )
    assert [line.split(": ")[1] for line in loaded.stderr.splitlines()] == ["warning"] * 3
    again = run(tmp_path, "load", str(HARBOUR), str(FERRY))
    assert again.stdout.endswith("timeline.db: nothing changed.\n")
    emptied = tmp_path / "ferry.yaml"
    emptied.write_text("timeline: {id: ferry, title: The ferry}", "utf-8")
    pruned = run(tmp_path, "load", "--prune", str(emptied))
    assert pruned.stdout.endswith("timeline.db: 2 events removed, 1 actor removed.\n")


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
    assert run(tmp_path, "load", str(HARBOUR)).stdout.endswith(" 1 timeline added.\n")


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


def test_failed_export_is_one_line(tmp_path: Path) -> None:
    missing = run(tmp_path, "export")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.endswith("or run `timeline load` to create it.\n")
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
        assert migrated.stdout.endswith("timeline.db: The schema is up to date.\n")


def test_misspelled_setting_is_a_warning(tmp_path: Path) -> None:
    variables = {"TIMELINE_DATBASE_URL": "sqlite:///x.db", "TIMELINE_SERVICE_HOST": "10.0.0.1"}
    migrated = run(tmp_path, "migrate", **variables)
    assert migrated.returncode == 0
    assert migrated.stderr == (
        "Warning: TIMELINE_DATBASE_URL is not a setting. Did you mean TIMELINE_DATABASE_URL?\n"
    )


# Databases of another program and of a newer version, with the message.
FOREIGN_DATABASES = {
    "CREATE TABLE actor (x)": "The database belongs to another program. Name another file.",
    "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('0099')": (
        "The schema is 0099, of a newer version. Install that version."
    ),
}


@pytest.mark.parametrize("content", FOREIGN_DATABASES)
@pytest.mark.parametrize(
    "command", [("serve", "--port", "0"), ("migrate",), ("load", str(HARBOUR))]
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


PREFIX_HINT = "Begin each part with a slash, and percent-encode special characters: /timeline."
# Values of the allowed hosts, with the part that is wrong.
WRONG_HOSTS = {
    **{host: host for host in ("https://foo.example", "foo.example:8000", "*", ",", " ", "::1")},
    **{
        host: host
        for host in ("*.example", ".example", "a..b", "foo.example/x", "a b", "é.example")
    },
    "foo.example, *.Example": "*.example",
    ".": ".",
}
# Each case: the command, its environment, the beginning of the message.
REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "a missing directory": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": "sqlite:///nowhere/timeline.db"},
        "nowhere/timeline.db: There is no directory nowhere. Create it.\n",
    ),
    "an absolute path with three slashes": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": f"sqlite://{TESTS}/timeline.db"},
        f"{str(TESTS)[1:]}/timeline.db: There is no directory {str(TESTS)[1:]}. Create it, or "
        f"write an absolute path with four slashes: sqlite:///{TESTS}/timeline.db.\n",
    ),
    "a directory instead of a file": (
        ("serve", "--port", "0"),
        {"TIMELINE_DATABASE_URL": f"sqlite:///{TESTS}"},
        f"{TESTS}: This is not a file. Name a file.",
    ),
    "another kind of database": (
        ("serve",),
        {"TIMELINE_DATABASE_URL": "postgresql://localhost/timeline"},
        "TIMELINE_DATABASE_URL: It does not name a SQLite file. ",
    ),
    "a database in memory": (
        ("serve",),
        {"TIMELINE_DATABASE_URL": "sqlite:///:memory:"},
        "TIMELINE_DATABASE_URL: It does not name a SQLite file. ",
    ),
    "an invalid address": (
        ("serve", "--host", "999.1.1.1"),
        {},
        "Cannot listen on 999.1.1.1, port 8000 (",
    ),
    "an invalid port": (("serve", "--port", "70000"), {}, "TIMELINE_PORT: '70000' is too large. "),
    "a prefix without a slash": (
        ("serve", "--root-path", "x"),
        {},
        f"TIMELINE_ROOT_PATH: 'x' is malformed. {PREFIX_HINT}",
    ),
    "a prefix that ends the URL of a link": (
        ("serve", "--root-path", "/a>;rel=x"),
        {},
        f"TIMELINE_ROOT_PATH: '/a>;rel=x' is malformed. {PREFIX_HINT}",
    ),
    "a prefix that is not ASCII": (
        ("serve", "--root-path", "/é"),
        {},
        f"TIMELINE_ROOT_PATH: '/é' is malformed. {PREFIX_HINT}",
    ),
    "a prefix that clients remove": (
        ("serve", "--root-path", "/a/../b"),
        {},
        f"TIMELINE_ROOT_PATH: '/a/../b' is malformed. {PREFIX_HINT}",
    ),
    "a path of the API as prefix": (
        ("serve", "--root-path", "/events/x"),
        {},
        "TIMELINE_ROOT_PATH: The API itself has paths that begin with /events. ",
    ),
    "a port that is no number": (
        ("serve",),
        {"TIMELINE_PORT": "abc"},
        "TIMELINE_PORT: 'abc' is not a whole number. Write one such as 8000.\n",
    ),
    "workers that are no number": (
        ("serve", "--workers", "two"),
        {},
        "TIMELINE_WORKERS: 'two' is not a whole number. Write one such as 1.\n",
    ),
    **{
        f"{hosts!r} as allowed hosts": (
            ("serve",),
            {"TIMELINE_ALLOWED_HOSTS": hosts},
            f"TIMELINE_ALLOWED_HOSTS: {wrong!r} is not a host name. Write host names without "
            "scheme and port, separated by commas.\n",
        )
        for hosts, wrong in WRONG_HOSTS.items()
    },
    "an invalid boolean": (
        ("serve",),
        {"TIMELINE_ACCESS_LOG": "perhaps"},
        "TIMELINE_ACCESS_LOG: 'perhaps' is not a boolean. Write true or false.",
    ),
    "a host with an empty part": (
        ("serve", "--host", "a..b"),
        {},
        "Cannot listen on a..b, port 8000 (it is not a host). ",
    ),
    "a host that is not UTF-8": (
        ("serve", "--host", "\udcff"),
        {},
        r"Cannot listen on \udcff, port 8000 (it is not a host). ",
    ),
    "a port and a Unix socket": (
        ("serve", "--uds", "x.sock", "--port", "8000"),
        {},
        "TIMELINE_UDS: A Unix socket has no host and no port. ",
    ),
    "a file instead of a Unix socket": (
        ("serve", "--uds", str(HARBOUR)),
        {},
        f"{HARBOUR}: This is not a socket. Choose another path with --uds.",
    ),
    "a Unix socket in a missing directory": (
        ("serve", "--uds", "nowhere/x.sock"),
        {},
        "nowhere/x.sock: It cannot be listened on (",
    ),
    "a Unix socket whose path is too long": (
        ("serve", "--uds", "x" * 120),
        {},
        f"{'x' * 120}: It cannot be listened on (",
    ),
    "a NUL in the name of the database": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": "sqlite:///a%00b.db"},
        "TIMELINE_DATABASE_URL: It contains the escape %00, but a file name needs none there. ",
    ),
    "an ambiguous name of the database": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": "sqlite:///a%41b.db"},
        "TIMELINE_DATABASE_URL: It contains the escape %41, but a file name needs none there. ",
    ),
    "a URI instead of a database file": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": "sqlite:///file:x.db"},
        "TIMELINE_DATABASE_URL: It does not name a SQLite file. ",
    ),
    "a URL without a host": (
        ("migrate",),
        {"TIMELINE_CONTACT_URL": "https://?"},
        "TIMELINE_CONTACT_URL: 'https://?' is malformed. Begin with http:// or https://.",
    ),
    "a licence without a name": (
        ("serve",),
        {"TIMELINE_LICENSE_URL": "https://licence.example/"},
        "TIMELINE_LICENSE_URL: It needs a name. Set TIMELINE_LICENSE_NAME too.",
    ),
    "an invalid URL": (
        ("migrate",),
        {"TIMELINE_CONTACT_URL": "desk"},
        "TIMELINE_CONTACT_URL: 'desk' is malformed. Begin with http:// or https://.",
    ),
    "an invalid email address": (
        ("migrate",),
        {"TIMELINE_CONTACT_EMAIL": "desk"},
        "TIMELINE_CONTACT_EMAIL: 'desk' is malformed. Write an address: desk@example.org.",
    ),
    "a file that is not a database": (
        ("migrate",),
        {"TIMELINE_DATABASE_URL": f"sqlite:///{HARBOUR}"},
        f"{HARBOUR}: The file is damaged, or not a database. ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_setting_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    arguments, environment, message = REFUSED[case]
    failed = run(tmp_path, *arguments, **environment)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith(message)
    assert failed.stderr.count("\n") == 1


def shell(command: str) -> list[str]:
    """Return the beginning of a command that a shell runs as `"$@"`."""
    return ["sh", "-c", command, "sh"]


# Every command that writes to standard output, with its arguments.
PRINTING = {
    "serve": ["--port", "0"],
    "migrate": [],
    "load": [str(HARBOUR)],
    "check": [str(HARBOUR)],
    "export": [],
    "backup": ["copy.db"],
    "restore": ["backup.db"],
    "schema": [],
    "openapi": [],
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a database and a backup of it."""
    folder = tmp_path_factory.mktemp("loaded")
    assert run(folder, "load", str(HARBOUR)).returncode == 0
    assert run(folder, "backup", "backup.db").returncode == 0
    return folder


@pytest.mark.parametrize("command", PRINTING)
def test_full_standard_output_is_one_line(loaded: Path, command: str) -> None:
    full = run(loaded, command, *PRINTING[command], within=shell('exec "$@" > /dev/full'))
    assert full.returncode == 1
    *warnings, last = full.stderr.splitlines()
    assert last == "standard output: No space left on device. Redirect it to another place."
    assert [line for line in warnings if ": warning: " not in line] == []


@pytest.mark.parametrize("command", ["load", "schema", "export"])
def test_closed_pipe_is_no_error(loaded: Path, command: str) -> None:
    """A reader such as `head` has read enough."""
    closed = run(loaded, command, *PRINTING[command], within=shell('"$@" | true'))
    assert [line for line in closed.stderr.splitlines() if ": warning: " not in line] == []


@pytest.mark.parametrize("command", ["serve", "load", "export"])
@pytest.mark.parametrize(
    ("redirection", "name"), [(">&-", "standard output"), ("2>&-", "standard error")]
)
def test_closed_output_is_one_line_on_the_other(
    loaded: Path, command: str, redirection: str, name: str
) -> None:
    within = shell(f'exec "$@" {redirection}')
    closed = run(loaded, command, *PRINTING[command], within=within)
    assert closed.returncode == 1
    assert closed.stdout + closed.stderr == (
        f"{name}: It is closed. Redirect it, for example to /dev/null.\n"
    )


def test_full_standard_error_changes_no_exit_code(loaded: Path) -> None:
    within = shell('exec "$@" 2> /dev/full')
    valid = run(loaded, "load", str(HARBOUR), within=within)
    assert (valid.returncode, valid.stdout) == (0, f"{loaded}/timeline.db: nothing changed.\n")
    assert run(loaded, "load", "missing.yaml", within=within).returncode == 1


# Commands that need the working directory, with relative paths.
RELATIVE = {
    "serve": ["--port", "0"],
    "migrate": [],
    "load": [str(HARBOUR)],
    "export": ["-o", "x.yaml"],
    "backup": ["x.db"],
    "restore": ["x.db"],
    "openapi": [],
}


@pytest.mark.parametrize("command", RELATIVE)
def test_removed_working_directory_is_one_line(tmp_path: Path, command: str) -> None:
    within = shell('mkdir gone && cd gone && rmdir ../gone && exec "$@"')
    url = "sqlite:///timeline.db"
    failed = run(tmp_path, command, *RELATIVE[command], within=within, TIMELINE_DATABASE_URL=url)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "The working directory was removed. Change to another one.\n"


# Names of files that a terminal cannot show as they are, and how they are shown.
NAMES = {"\udcff": r"\udcff", "a\nb": r"a\nb", "\x1b[31m": r"\x1b[31m", "\u202eb": r"\u202eb"}


@pytest.mark.parametrize("name", NAMES)
def test_invisible_characters_in_file_names_are_escaped(tmp_path: Path, name: str) -> None:
    shown, strict = NAMES[name], {"PYTHONIOENCODING": "utf-8:strict"}
    dossier = tmp_path / f"{name}.yaml"
    dossier.write_bytes(HARBOUR.read_bytes())
    url = f"sqlite:///{name}.db"
    commands = {
        f"{shown}.yaml": ("check", dossier.name),
        f"{shown}.db": ("load", str(HARBOUR)),
        f"{shown}.copy": ("backup", f"{name}.copy"),
        f"{shown}.missing": ("load", f"{name}.missing"),
        f"{shown}.out": ("export", "-o", f"{name}.out"),
    }
    for expected, command in commands.items():
        done = run(tmp_path, *command, **strict, TIMELINE_DATABASE_URL=url)
        lines = (done.stdout + done.stderr).splitlines()
        assert [line for line in lines if line.startswith(expected)], (command, lines)
        assert all(map(str.isprintable, lines))
    assert (tmp_path / f"{name}.db").exists()


def test_percent_sign_in_name_of_database_can_be_escaped(tmp_path: Path) -> None:
    for name in ("a%2541b.db", "a%20b.db", "100%.db"):
        url = f"sqlite:///{name}"
        assert run(tmp_path, "migrate", TIMELINE_DATABASE_URL=url).returncode == 0
    assert {path.name for path in tmp_path.glob("*.db")} == {"a%41b.db", "a b.db", "100%.db"}


# Interrupts the command while it imports its modules, which takes about a second.
INTERRUPTED_IMPORT = """
import importlib.abc, signal, sys

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name == "app.cli.commands":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
from app.cli import main
main()
"""


def test_interrupted_import_is_one_line() -> None:
    command = [sys.executable, "-c", INTERRUPTED_IMPORT]
    interrupted = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (interrupted.returncode, interrupted.stderr) == (130, "Interrupted.\n")


def test_json_is_utf_8_in_every_locale(tmp_path: Path) -> None:
    printed = run(tmp_path, "openapi", PYTHONIOENCODING="ascii", TIMELINE_CONTACT_NAME="Zoë 🗓")
    assert json.loads(printed.stdout)["info"]["contact"] == {"name": "Zoë 🗓"}


COMMANDS = [
    "serve",
    "migrate",
    "load",
    "check",
    "export",
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
        for option in ("--host", "--port", "--workers", "--reload", "--root-path"):
            assert option in shown.stdout
