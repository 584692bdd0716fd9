"""Thresholds of the garbage collector, and of the allocator of the C library."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

RELAXED_THRESHOLDS = (20_000, 10, 1_000)
"""`gc.set_threshold` for generations 0, 1 and 2."""
# https://man7.org/linux/man-pages/man3/mallopt.3.html
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
LARGE_BLOCK = 2**17
"""Bytes from which a block of memory is returned to the system when it is freed, glibc's default.
Glibc increases it to 32 MB when it meets large blocks, and then keeps what large responses took."""
ARENAS = 2
"""Heaps of the C library. Its default is eight for each processor, and what one thread has freed
is not available to threads that use another heap."""
_C_LIBRARY = ctypes.CDLL(None)


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


def configure_allocator() -> None:
    """Set the C library to return large blocks to the system, if it is glibc.

    The memory of a server would otherwise stay at the size of its largest responses.
    """
    if mallopt := getattr(_C_LIBRARY, "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK)
        mallopt(M_ARENA_MAX, ARENAS)


def return_freed_memory() -> None:
    """Return freed memory between blocks that are in use, too. Takes a few milliseconds.

    https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    if malloc_trim := getattr(_C_LIBRARY, "malloc_trim", None):
        malloc_trim(0)
