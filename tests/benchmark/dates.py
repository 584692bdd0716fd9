"""How long reading a date takes, by form: `python -m tests.benchmark.dates`."""

import contextlib
from timeit import repeat

from app.domain.edtf import DateError, EventDate
from tests.domain.test_edtf import EXAMPLES, REFUSED

READS = 20_000


def _microseconds(text: str) -> float:
    def read() -> None:
        with contextlib.suppress(DateError):
            EventDate.parse(text)

    return min(repeat(read, number=READS, repeat=3)) / READS * 1e6


if __name__ == "__main__":
    for name, texts in (("taken", EXAMPLES), ("refused", REFUSED)):
        costs = {text: _microseconds(text) for text in texts}
        slowest = max(costs, key=costs.__getitem__)
        mean = sum(costs.values()) / len(costs)
        print(f"{name}: mean {mean:.1f} µs, slowest {costs[slowest]:.1f} µs ({slowest!r})")
