"""Targets of every kind, made up from a seed: right, nearly right, and not at all."""

from collections.abc import Mapping, Sequence
from random import Random
from urllib.parse import quote

from tests.support.openapi import OPERATIONS, parameters_of, resolved
from tests.support.openapi_diff import Json

PATHS = [*OPERATIONS, "/", "/embed.html", "/docs", "/openapi.json", "/web/{id}", "/{id}"]
PARAMETERS = {path: parameters_of(path, "query") for path in OPERATIONS}
PARAMETERS |= dict.fromkeys(("/", "/embed.html"), PARAMETERS["/events.html"])

SELDOM_RIGHT = (
    *("", " ", "-1", "0", "1.5", "1e3", "NaN", str(2**31), str(2**63), "9" * 400, "٣", "null"),
    *("true", "[]", "{}", "\0", "\n", "\r\nEvil: 1", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff"),
    *("\ud800", "\U0010ffff", "🦄" * 60, "é" * 300, "e\u0301" * 99, "İ", "ﷺ" * 20, "שלום", "محمد"),
    *("'", '"', '"""', "*", "a* OR b*", "NEAR(a b)", "title:x", "-x", "(", "^", "%", "_", "\\"),
    *("' OR 1=1 --", "<script>", "../../etc/passwd", "javascript:x", "=cmd()", "x" * 5_000),
    *("a b c d e f g h i", "2021-13", "0000", "10000", "2021-02-30", "2021/2020", "[..]", "../.."),
    *("2021?", "202X", "-2021", "Y12021", "2021-W01", "9999-12-31T23:59:59+99:99", "AAAA", "e30"),
    *("2021", "2021-11-03", "0001", "9999-12-31", "2021-11/2022-07", "/2021", "[..2022]", "2021~"),
)
UNREADABLE = ("%", "%F", "%FF", "%C0%AF", "%ZZ", "&" * 50, "x" * 9_000)
"""What stands in a URL as it is."""


class Asking:
    """Makes up targets; of the same seed and values that are right, always the same."""

    def __init__(self, seed: int, right: Mapping[str, Sequence[str]]) -> None:
        self._random = Random(seed)
        self._right = right

    def target(self) -> str:
        """Make up a path and what is asked of it."""
        template = self._random.choice(PATHS)
        path = template.replace("{id}", _written(self._value(self._right["id"])))
        known = PARAMETERS.get(template, [])
        chosen = self._random.sample(known, min(len(known), self._random.randrange(5)))
        pairs = [pair for parameter in chosen for pair in self._pairs(parameter)]
        if self._chance(0.1):
            name = self._random.choice([parameter["name"] for parameter in known] or ["x"])
            pairs.append((self._strange(name), "1"))
        query = "&".join(f"{_written(name)}={_written(value)}" for name, value in pairs)
        if self._chance(0.03):
            query += self._random.choice(UNREADABLE)
        return f"{path}?{query}" if query else path

    def _pairs(self, parameter: Json) -> list[tuple[str, str]]:
        """Give a parameter, mostly as often as it may be."""
        name, schema = parameter["name"], parameter["schema"]
        right = self._right.get(name) or _right(resolved(schema.get("items", schema)))
        often = self._random.choice((1, 1, 2, 3)) if schema.get("type") == "array" else 1
        if self._chance(0.03):
            often = self._random.choice((2, 51, 400))
        return [(name, self._value(right)) for _ in range(often)]

    def _value(self, right: Sequence[str]) -> str:
        """Give a value that is right, more often than not."""
        if self._chance(0.15):
            return self._random.choice(SELDOM_RIGHT)
        value = self._random.choice(right)
        return self._strange(value) if self._chance(0.15) else value

    def _strange(self, value: str) -> str:
        """Write something nearly as it is."""
        at = self._random.randrange(len(value) + 1)
        other = self._random.choice((" ", "-", "é", "\u0301", "\u200f", "'", "0", "\t", ""))
        kinds = (value.upper(), value[:at], f"{value[:at]}{other}{value[at:]}", value[::-1])
        return self._random.choice(kinds)

    def _chance(self, often: float) -> bool:
        return self._random.random() < often


def _right(schema: Json) -> list[str]:
    """List values that a schema allows."""
    bounds = [str(schema[bound]) for bound in ("minimum", "maximum") if bound in schema]
    return schema.get("enum") or bounds or schema.get("examples") or ["2022-07-01"]


def _written(text: str) -> str:
    """Encode a text for a URL; half a surrogate pair as some clients do, though it is not UTF-8."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
