"""Settings, read from the environment."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "TIMELINE_"


def _matches(pattern: str, hint: str) -> AfterValidator:
    """Build a validator of a text that is empty or matches the pattern."""

    def check(value: str) -> str:
        if value and not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is malformed. {hint}")
        return value

    return AfterValidator(check)


PathPrefix = Annotated[str, _matches(r"(/[^/?#\s]+)+", "Begin each part with a slash: /timeline.")]
Link = Annotated[str, _matches(r"https?://[!-~]+", "Begin with http:// or https://.")]
Email = Annotated[str, _matches(r"[^@\s]+@[^@\s]+", "Write an address: desk@example.org.")]


class Settings(BaseSettings):
    """The settings. Each is read from the variable `TIMELINE_` plus its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    database_url: str = Field(
        default="sqlite:///timeline.db",
        description="The database: sqlite:/// and the path of a file.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    workers: int = Field(default=1, ge=1, le=64, description="The number of server processes.")
    root_path: PathPrefix = Field(
        default="", description="The path prefix under which a proxy serves it, such as /timeline."
    )
    busy_timeout: float = Field(
        default=60, ge=0, le=3_600, description="Seconds to wait while another process writes."
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

    license_name: str = Field(default="", description="The name of the licence of the data.")
    license_url: Link = Field(default="", description="The URL of that licence.")
    contact_name: str = Field(default="", description="The contact for questions about the data.")
    contact_url: Link = Field(default="", description="The URL of that contact.")
    contact_email: Email = Field(default="", description="The email address of that contact.")

    access_log: bool = Field(default=True, description="Whether each request is logged.")

    @field_validator("license_name", "contact_name", "contact_email")
    @classmethod
    def _check_printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("It contains characters that are not text. Write one line of UTF-8.")
        return value.strip()

    @field_validator("license_url")
    @classmethod
    def _require_license_name(cls, url: str, info: ValidationInfo) -> str:
        if url and info.data.get("license_name") == "":
            raise ValueError(f"It needs a name. Set {PREFIX}LICENSE_NAME too.")
        return url

    @field_validator("database_url")
    @classmethod
    def _require_sqlite_file(cls, url: str) -> str:
        path = url.removeprefix("sqlite:///")
        if path == url or "?" in path or path in ("", ":memory:"):
            # The value is not quoted, since it may contain a password.
            raise ValueError(
                "It does not name a SQLite file. Write its path as sqlite:///timeline.db."
            )
        return url


def resource_dir(name: str) -> Path:
    """Return the path of `migrations` or `seed`.

    A wheel contains them inside the package; in a checkout, they are next to it.
    """
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
