"""The time to parse a date: `python -m tests.benchmark.dates`."""

import contextlib
from timeit import repeat

from app.domain.edtf import DateError, EventDate, _parse
from tests.domain.test_edtf import EXAMPLES, INVALID

REPETITIONS = 20_000


def _microseconds(text: str) -> float:
    def parse() -> None:
        _parse.cache_clear()  # measure parsing, not the cache
        with contextlib.suppress(DateError):
            EventDate.parse(text)

    return min(repeat(parse, number=REPETITIONS, repeat=3)) / REPETITIONS * 1e6


if __name__ == "__main__":
    for name, texts in (("valid", EXAMPLES), ("invalid", INVALID)):
        costs = {text: _microseconds(text) for text in texts}
        slowest = max(costs, key=costs.__getitem__)
        mean = sum(costs.values()) / len(costs)
        print(f"{name}: mean {mean:.1f} µs, slowest {costs[slowest]:.1f} µs ({slowest!r})")
