"""Settings and options: invalid ones are refused in one line, before anything is changed."""

from pathlib import Path

import pytest

from tests.support.cli import run
from tests.support.corpus import HARBOUR, TESTS


def test_misspelled_setting_is_a_warning(tmp_path: Path) -> None:
    variables = {"TIMELINE_DATBASE_URL": "sqlite:///x.db", "TIMELINE_SERVICE_HOST": "10.0.0.1"}
    migrated = run(tmp_path, "migrate", **variables)
    assert migrated.returncode == 0
    assert migrated.stderr == (
        "Warning: TIMELINE_DATBASE_URL is not a setting. Did you mean TIMELINE_DATABASE_URL?\n"
    )


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
# libpq would take a part of the password for the host, the port or the name of the database.
MALFORMED_URLS = (
    "postgresql://timeline:sec@ret@localhost/timeline",
    "postgresql://timeline:1/secret@localhost/timeline",
    "postgresql://timeline:1?secret@localhost/timeline",
    "postgresql://timeline:secret/1@localhost/timeline",
    "postgresql:timeline:secret@localhost/timeline",
    "postgres://timeline:secret@local host/timeline",
    "postgresql://timeline:secret@localhost:port/timeline",
)
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
        {"TIMELINE_DATABASE_URL": "mysql://root:secret@localhost/timeline"},
        "TIMELINE_DATABASE_URL: It does not name a database. ",
    ),
    "a database in memory": (
        ("serve",),
        {"TIMELINE_DATABASE_URL": "sqlite:///:memory:"},
        "TIMELINE_DATABASE_URL: It does not name a database. ",
    ),
    **{
        f"the malformed URL {url}": (
            ("migrate",),
            {"TIMELINE_DATABASE_URL": url},
            "TIMELINE_DATABASE_URL: It is malformed. ",
        )
        for url in MALFORMED_URLS
    },
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
        "TIMELINE_DATABASE_URL: It does not name a database. ",
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
    assert "secret" not in failed.stderr


def test_percent_sign_in_name_of_database_can_be_escaped(tmp_path: Path) -> None:
    for name in ("a%2541b.db", "a%20b.db", "100%.db"):
        url = f"sqlite:///{name}"
        assert run(tmp_path, "migrate", TIMELINE_DATABASE_URL=url).returncode == 0
    assert {path.name for path in tmp_path.glob("*.db")} == {"a%41b.db", "a b.db", "100%.db"}
