"""Styles, scripts and images of the pages. All are served from here, none from other servers."""

from hashlib import blake2b
from importlib.resources import files
from pathlib import Path, PurePath
from typing import NamedTuple

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
STATIC = Path(__file__).parent / "static"


class Asset(NamedTuple):
    """A static file."""

    name: str
    """The name in its URL, with a digest of the body: a cached copy is never outdated."""
    body: bytes
    media_type: str


def _asset(filename: str, body: bytes) -> Asset:
    path = PurePath(filename)
    # `get_asset` recognises a digest by its eight hexadecimal digits.
    digest = blake2b(body, digest_size=4).hexdigest()
    return Asset(f"{path.stem}-{digest}{path.suffix}", body, MEDIA_TYPES[path.suffix])


def _read_swagger_file(filename: str) -> bytes:
    return files("fastapi_swagger.resources").joinpath(filename).read_bytes()


# Read once, so that a digest and its body belong together even if a file changes.
_OWN = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES}
_SWAGGER = {name: _read_swagger_file(name) for name in ("swagger-ui-bundle.js", "swagger-ui.css")}

ASSETS_BY_FILE = {name: _asset(name, body) for name, body in {**_OWN, **_SWAGGER}.items()}
"""The assets by the name of the file, such as `page.css`."""
ASSETS_BY_NAME = {asset.name: asset for asset in ASSETS_BY_FILE.values()}
"""The assets by the name in the URL, such as `page-0f3c9a1b.css`."""
