"""Secrets in the URL of a database, which no argument of a process may contain.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
"""

from urllib.parse import unquote

_SCHEME = "postgresql://"
_SECRETS = ("password", "sslpassword")


def split_secrets(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without its secrets, and these by the names of their options."""
    if not url.startswith(_SCHEME):
        return url, {}
    place, _, query = url.removeprefix(_SCHEME).partition("?")
    user, at, hosts = place.rpartition("@")
    user, _, password = user.partition(":")
    pairs = [(*option.partition("="), option) for option in query.split("&") if option]
    secrets = {unquote(name): unquote(value) for name, _, value, _ in pairs}
    others = [option for name, _, _, option in pairs if unquote(name) not in _SECRETS]
    found = {name: secrets[name] for name in _SECRETS if secrets.get(name)}
    if password:
        found.setdefault("password", unquote(password))
    query = "&".join(others)
    return f"{_SCHEME}{user}{at}{hosts}{query and f'?{query}'}", found
