"""Settings, read from the environment."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "TIMELINE_"
OWN_PATHS = {
    *("actors", "docs", "embed", "events", "facets", "histogram", "livez", "openapi", "readyz"),
    *("sources", "timelines", "web"),
}
"""The first parts of the API's paths, without suffixes. With one of them as prefix, `/events/x`
could be the path of an event, and also that of `x` after the prefix."""

_HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
# The characters of a path: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
_PREFIX_PART = r"(?!\.\.?(/|$))([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+"
# Escapes that a URL does not need, and that of the character that no file name contains.
_AMBIGUOUS_ESCAPE = re.compile(
    r"%(00|2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", re.IGNORECASE
)

# Like libpq, but nothing that comes from an unescaped password is taken for a host or a name.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
_HOST = r"([A-Za-z0-9._%-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?"
_POSTGRESQL_URL = re.compile(
    rf"postgres(ql)?://((?:[^\s/?@%]|%[0-9A-Fa-f]{{2}})*@)?{_HOST}(,{_HOST})*(/[^\s/?@]*)?(\?[^\s@]*)?"
)


def _matches(pattern: str, hint: str) -> AfterValidator:
    """Build a validator of a text that is empty or matches the pattern."""

    def check(value: str) -> str:
        if value and not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is malformed. {hint}")
        return value

    return AfterValidator(check)


PathPrefix = Annotated[
    str,
    _matches(
        rf"(/{_PREFIX_PART})+",
        "Begin each part with a slash, and percent-encode special characters: /timeline.",
    ),
]
Link = Annotated[str, _matches(r"https?://[A-Za-z0-9\[][!-~]*", "Begin with http:// or https://.")]
Email = Annotated[str, _matches(r"[^@\s]+@[^@\s]+", "Write an address: desk@example.org.")]


class Settings(BaseSettings):
    """The settings. Each is read from the variable `TIMELINE_` plus its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    database_url: str = Field(
        default="sqlite:///timeline.db",
        repr=False,  # it may contain a password
        description="The database: sqlite:/// and the path of a file, or a URL of PostgreSQL "
        "with one or several hosts: postgresql://user:password@host1,host2/name.",
    )
    postgresql_programs: str = Field(
        default="",
        description="The directory of PostgreSQL's `pg_dump` and `pg_restore`, which backups need. "
        "Empty to search `PATH`.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    uds: str = Field(
        default="", description="The path of a Unix socket to listen on, instead of a port."
    )
    workers: int = Field(default=1, ge=1, le=64, description="The number of server processes.")
    root_path: PathPrefix = Field(
        default="", description="The path prefix under which a proxy serves it, such as /timeline."
    )
    seed: bool = Field(
        default=True,
        description="Whether a database that has never had records gets the bundled timeline, as a "
        "demonstration.",
    )
    busy_timeout: float = Field(
        default=60, ge=0, le=3_600, description="Seconds to wait while another process writes."
    )
    max_connections: int = Field(
        default=500,
        ge=1,
        le=1_000_000,
        description="The number of clients that each process accepts at a time. For a further one, "
        "it closes an idle connection, or rejects the new one.",
    )
    send_timeout: float = Field(
        default=30,
        ge=1,
        le=3_600,
        description="Seconds in which a client must take some of a response that it is sent. A "
        "client that does not read is disconnected after that.",
    )
    send_budget: int = Field(
        default=64,
        ge=1,
        le=65_536,
        description="Megabytes of responses that clients have not taken yet, in each process. "
        "Beyond that, a large response is replaced by a 503.",
    )
    slow_requests: int = Field(
        default=1,
        ge=1,
        le=8,
        description="The number of slow requests that run at a time in each process. Others wait.",
    )
    allowed_hosts: str = Field(
        default="",
        description="The host names that requests may name, separated by commas: those of its "
        "URLs, without scheme and port. Empty to allow any. Health checks may name any host.",
    )
    query_timeout: float = Field(
        default=2,
        ge=0.01,
        le=600,
        description="Seconds that the queries of a request may take. Then it gets a 503 response.",
    )

    cache_size: int = Field(
        default=32,
        ge=0,
        le=65_536,
        description="Megabytes of responses that each process caches; 0 turns the cache off.",
    )
    # A dossier's own limits keep all records but those of events below the least value.
    max_record_size: int = Field(
        default=1_024,
        ge=256,
        le=65_536,
        description="Kilobytes that an event may have as JSON, at least 256. A load refuses a "
        "larger one.",
    )
    max_page_size: int = Field(
        default=4_096,
        ge=64,
        le=524_288,
        description="Kilobytes of records on a page, or in memory during a CSV or JSON Lines "
        "export. A page has fewer than `limit` records if these would be larger.",
    )
    max_format_size: int = Field(
        default=32_768,
        ge=64,
        le=524_288,
        description="Kilobytes of records in any other format, which is truncated beyond that.",
    )

    license_name: str = Field(default="", description="The name of the licence of the data.")
    license_url: Link = Field(default="", description="The URL of that licence.")
    contact_name: str = Field(default="", description="The contact for questions about the data.")
    contact_url: Link = Field(default="", description="The URL of that contact.")
    contact_email: Email = Field(default="", description="The email address of that contact.")

    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="The port of the metrics for Prometheus; 0 for no metrics.",
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="The address to serve the metrics on."
    )
    access_log: bool = Field(default=True, description="Whether each request is logged.")

    @field_validator("license_name", "contact_name", "contact_email")
    @classmethod
    def _check_printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("It contains characters that are not text. Write one line of UTF-8.")
        return value.strip()

    @field_validator("root_path")
    @classmethod
    def _reject_own_paths(cls, path: str) -> str:
        first = unquote(path)[1:].partition("/")[0].partition(".")[0]
        if first in OWN_PATHS:
            raise ValueError(
                f"The API itself has paths that begin with /{first}. Choose another prefix."
            )
        return path

    @field_validator("allowed_hosts")
    @classmethod
    def _require_host_names(cls, value: str) -> str:
        names = _split_hosts(value)
        wrong = next((name for name in names if not _HOST_NAME.fullmatch(name)), None)
        if wrong is None and value and not names:  # which would allow every host
            wrong = value
        if wrong is not None:
            raise ValueError(
                f"{wrong or value!r} is not a host name. Write host names without scheme and port, "
                "separated by commas."
            )
        return value

    @field_validator("license_url")
    @classmethod
    def _require_license_name(cls, url: str, info: ValidationInfo) -> str:
        if url and info.data.get("license_name") == "":
            raise ValueError(f"It needs a name. Set {PREFIX}LICENSE_NAME too.")
        return url

    # No message quotes the URL, since it may contain a password.
    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: str) -> str:
        if url.startswith(("postgres:", "postgresql:")):
            if not _POSTGRESQL_URL.fullmatch(url):
                raise ValueError(
                    "It is malformed. Write postgresql://user:password@host:5432/name, and "
                    "percent-encode special characters: %40 for @, %2F for /."
                )
            return f"postgresql:{url.partition(':')[2]}"
        path = url.removeprefix("sqlite:///")
        if path == url or "?" in path or path in ("", ":memory:") or path.startswith("file:"):
            raise ValueError(
                "It does not name a database. Write the path of an SQLite file as "
                "sqlite:///timeline.db, or the URL of PostgreSQL as postgresql://host/name."
            )
        if escape := _AMBIGUOUS_ESCAPE.search(path):
            raise ValueError(
                f"It contains the escape {escape[0]}, but a file name needs none there. Write the "
                "character itself, or %25 for a percent sign."
            )
        return url

    @property
    def allowed_host_names(self) -> frozenset[str]:
        """The names in `allowed_hosts`, in lower case."""
        return frozenset(_split_hosts(self.allowed_hosts))

    @property
    def database_path(self) -> Path:
        """The path of the SQLite file. PostgreSQL has none."""
        path = self.database_url.removeprefix("sqlite:///")
        return Path(unquote(path, errors="surrogateescape"))  # a name may be any bytes


def _split_hosts(value: str) -> list[str]:
    """Split host names at commas, in lower case and without the dot that may end a full name."""
    names = (name.strip().lower() for name in value.split(","))
    return [name.removesuffix(".") for name in names if name]


def resource_dir(name: str) -> Path:
    """Return the path of `migrations` or `seed`.

    A wheel contains them inside the package; in a checkout, they are next to it.
    """
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
