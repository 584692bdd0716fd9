"""Thresholds of the garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RELAXED_THRESHOLDS = (20_000, 10, 1_000)
"""`gc.set_threshold` for generations 0, 1 and 2."""


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Raise the thresholds of the garbage collector inside the context.

    Records contain no reference cycles. With the default thresholds, collections over ten thousand
    records take longer than reading them, and block all other threads.
    https://docs.python.org/3/library/gc.html#gc.set_threshold
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(*RELAXED_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
