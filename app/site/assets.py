"""What pages load beside themselves: styles, scripts and pictures, all of them ours to serve."""

from hashlib import blake2b
from importlib.resources import files
from pathlib import Path, PurePath
from typing import NamedTuple

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
STATIC = Path(__file__).parent / "static"


class Asset(NamedTuple):
    """A file of a page."""

    name: str
    """With a digest in it, so that whoever keeps it never keeps an old one."""
    body: bytes
    media_type: str


def _asset(name: str, body: bytes) -> Asset:
    path = PurePath(name)
    digest = blake2b(body, digest_size=4).hexdigest()
    return Asset(f"{path.stem}-{digest}{path.suffix}", body, MEDIA_TYPES[path.suffix])


def _swagger(name: str) -> bytes:
    return files("fastapi_swagger.resources").joinpath(name).read_bytes()


_OURS = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES}
_THEIRS = {name: _swagger(name) for name in ("swagger-ui-bundle.js", "swagger-ui.css")}

ASSETS_BY_FILE = {name: _asset(name, body) for name, body in {**_OURS, **_THEIRS}.items()}
"""By the name of the file."""
ASSETS_BY_NAME = {asset.name: asset for asset in ASSETS_BY_FILE.values()}
