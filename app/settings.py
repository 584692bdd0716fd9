"""What an operator can set, from the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each setting is read from `TIMELINE_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="TIMELINE_", extra="ignore")

    database_url: str = Field(
        default="sqlite:///timeline.db",
        pattern=r"^sqlite:///[^?]+$",
        description="Where the records are: `sqlite:///` and the path of a file; "
        "four slashes begin an absolute path.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    workers: int = Field(default=1, ge=1, le=64, description="How many processes answer.")
    root_path: str = Field(
        default="",
        pattern=r"^(/[^/?#\s]+)*$",
        description="The path prefix under which a proxy serves it, as `/timeline`.",
    )
    busy_timeout: float = Field(
        default=5,
        ge=0,
        le=600,
        description="Seconds to wait for another process that is writing.",
    )


def bundled(name: str) -> Path:
    """Find `migrations` or `seed`: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
