"""How often Python looks for cycles of objects that nothing else refers to."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RELAXED_THRESHOLDS = (20_000, 10, 1_000)
"""Of objects made since, of looks at the youngest, of looks at the younger."""


@contextmanager
def relaxed_gc() -> Iterator[None]:
    """Let Python look for cycles more rarely: records make none, and ten thousand of them are many.

    To look at all of them again and again takes longer than to read them, and no other thread has
    its turn meanwhile. https://docs.python.org/3/library/gc.html#gc.set_threshold
    """
    before = gc.get_threshold()
    gc.set_threshold(*RELAXED_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
