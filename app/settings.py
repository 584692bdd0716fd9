"""What an operator can set, from the environment."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "TIMELINE_"


def _matches(pattern: str, cure: str) -> AfterValidator:
    """Have what is given be of a form, and say in words what that is."""

    def check(value: str) -> str:
        if value and not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r}: {cure}")
        return value

    return AfterValidator(check)


PathPrefix = Annotated[
    str, _matches(r"(/[^/?#\s]+)+", "begin each part with a slash, as /timeline")
]
Link = Annotated[str, _matches(r"https?://[!-~]+", "write it whole, from http:// or https:// on")]
Email = Annotated[str, _matches(r"[^@\s]+@[^@\s]+", "write an address, as desk@example.org")]


class Settings(BaseSettings):
    """Each setting is read from `TIMELINE_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    database_url: str = Field(
        default="sqlite:///timeline.db",
        description="Where the records are: sqlite:/// and the path of a file.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    workers: int = Field(default=1, ge=1, le=64, description="How many processes answer.")
    root_path: PathPrefix = Field(
        default="",
        description="The path prefix under which a proxy serves it, as /timeline.",
    )
    busy_timeout: float = Field(
        default=60,
        ge=0,
        le=3_600,
        description="Seconds to wait for another process that is writing.",
    )
    query_timeout: float = Field(
        default=2,
        ge=0.01,
        le=600,
        description="Seconds that a query may take before it is stopped and answered with 503.",
    )

    cache_size: int = Field(
        default=32,
        ge=0,
        le=65_536,
        description="Megabytes of answers that each process keeps; 0 keeps none.",
    )

    license_name: str = Field(
        default="", description="The licence of the data, as the contract tells it."
    )
    license_url: Link = Field(default="", description="Where that licence is read.")
    contact_name: str = Field(default="", description="Who answers questions about the data.")
    contact_url: Link = Field(default="", description="Where to ask them.")
    contact_email: Email = Field(default="", description="The address to ask them at.")

    access_log: bool = Field(default=True, description="Whether each request is logged.")

    @field_validator("license_name", "contact_name", "contact_email")
    @classmethod
    def _is_text(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("it has characters that are no text; write it in UTF-8, in one line")
        return value.strip()

    @field_validator("license_url")
    @classmethod
    def _names_the_license(cls, url: str, info: ValidationInfo) -> str:
        if url and info.data.get("license_name") == "":
            raise ValueError(f"give {PREFIX}LICENSE_NAME beside it")
        return url

    @field_validator("database_url")
    @classmethod
    def _names_a_file(cls, url: str) -> str:
        path = url.removeprefix("sqlite:///")
        if path == url or "?" in path or path in ("", ":memory:"):
            # What was given is not quoted: it may hold a password.
            raise ValueError("write sqlite:/// and the path of a file, as sqlite:///timeline.db")
        return url


def resource_dir(name: str) -> Path:
    """Find `migrations` or `seed`: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
