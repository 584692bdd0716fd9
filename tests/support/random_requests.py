"""Random request targets, the same for the same seed: valid, nearly valid, and invalid."""

from collections.abc import Mapping, Sequence
from random import Random
from urllib.parse import quote

from tests.support.openapi import OPERATIONS, parameters_of, resolve
from tests.support.openapi_diff import Json

PATHS = [*OPERATIONS, "/", "/embed.html", "/docs", "/openapi.json", "/web/{id}", "/{id}"]
PARAMETERS = {path: parameters_of(path, "query") for path in OPERATIONS}
PARAMETERS |= dict.fromkeys(("/", "/embed.html"), PARAMETERS["/events.html"])

EDGE_CASES = (
    *("", " ", "-1", "0", "1.5", "1e3", "NaN", str(2**31), str(2**63), "9" * 400, "٣", "null"),
    *("true", "[]", "{}", "\0", "\n", "\r\nEvil: 1", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff"),
    *("\ud800", "\U0010ffff", "🦄" * 60, "é" * 300, "e\u0301" * 99, "İ", "ﷺ" * 20, "שלום", "محمد"),
    *("'", '"', '"""', "*", "a* OR b*", "NEAR(a b)", "title:x", "-x", "(", "^", "%", "_", "\\"),
    *("' OR 1=1 --", "<script>", "../../etc/passwd", "javascript:x", "=cmd()", "x" * 5_000),
    *("a b c d e f g h i", "2021-13", "0000", "10000", "2021-02-30", "2021/2020", "[..]", "../.."),
    *("2021?", "202X", "-2021", "Y12021", "2021-W01", "9999-12-31T23:59:59+99:99", "AAAA", "e30"),
    *("2021", "2021-11-03", "0001", "9999-12-31", "2021-11/2022-07", "/2021", "[..2022]", "2021~"),
)
MALFORMED_SUFFIXES = ("%", "%F", "%FF", "%C0%AF", "%ZZ", "&" * 50, "x" * 9_000)
"""Ends of a query string, not percent-encoded."""


class RequestGenerator:
    """Creates targets. `valid` has values that the server knows, by the name of the parameter."""

    def __init__(self, seed: int, valid: Mapping[str, Sequence[str]]) -> None:
        self._random = Random(seed)
        self._valid = valid

    def target(self) -> str:
        """Return a path with a query string."""
        template = self._random.choice(PATHS)
        path = template.replace("{id}", _encode(self._value(self._valid["id"])))
        known = PARAMETERS.get(template, [])
        chosen = self._random.sample(known, min(len(known), self._random.randrange(5)))
        pairs = [pair for parameter in chosen for pair in self._pairs(parameter)]
        if self._chance(0.1):
            name = self._random.choice([parameter["name"] for parameter in known] or ["x"])
            pairs.append((self._distort(name), "1"))
        query = "&".join(f"{_encode(name)}={_encode(value)}" for name, value in pairs)
        if self._chance(0.03):
            query += self._random.choice(MALFORMED_SUFFIXES)
        return f"{path}?{query}" if query else path

    def _pairs(self, parameter: Json) -> list[tuple[str, str]]:
        """Return a parameter with values, seldom more often than it can be repeated."""
        name, schema = parameter["name"], parameter["schema"]
        valid = self._valid.get(name) or _valid_values(resolve(schema.get("items", schema)))
        times = self._random.choice((1, 1, 2, 3)) if schema.get("type") == "array" else 1
        if self._chance(0.03):
            times = self._random.choice((2, 51, 400))
        return [(name, self._value(valid)) for _ in range(times)]

    def _value(self, valid: Sequence[str]) -> str:
        """Return a value, which is valid more often than not."""
        if self._chance(0.15):
            return self._random.choice(EDGE_CASES)
        value = self._random.choice(valid)
        return self._distort(value) if self._chance(0.15) else value

    def _distort(self, value: str) -> str:
        """Return a value that differs a little."""
        at = self._random.randrange(len(value) + 1)
        other = self._random.choice((" ", "-", "é", "\u0301", "\u200f", "'", "0", "\t", ""))
        kinds = (value.upper(), value[:at], f"{value[:at]}{other}{value[at:]}", value[::-1])
        return self._random.choice(kinds)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability


def known_values(facets: Json, events: Json, actors: Json) -> dict[str, list[str]]:
    """Return values that a server knows, by the name of the parameter.

    The arguments are responses: its facets, and pages of its events and actors.
    """
    values = {
        name: [count["value"] for count in counts] for name, counts in facets["facets"].items()
    }
    labels = [count["label"] for count in facets["facets"]["actor"]]
    titles = [event["title"] for event in events["items"]]
    return {
        **values,
        "id": [event["id"] for event in events["items"]] + values["actor"] + values["timeline"],
        "actor": values["actor"] + labels,
        "exclude_actor": values["actor"] + labels,
        "q": [*titles, *(word for title in titles for word in title.split())],
        "cursor": [events["next"], actors["next"]],
    }


def _valid_values(schema: Json) -> list[str]:
    """Return values that a schema allows."""
    if schema.get("type") == "boolean":
        return ["true", "false"]
    bounds = [str(schema[bound]) for bound in ("minimum", "maximum") if bound in schema]
    return schema.get("enum") or bounds or schema.get("examples") or ["2022-07-01"]


def _encode(text: str) -> str:
    """Percent-encode a text. A lone surrogate is encoded as some clients do, not as valid UTF-8."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
