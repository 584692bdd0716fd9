"""JSON Lines: a record on each line, for programs that process a stream.

https://jsonlines.org
"""

from app.query.batches import EventBatch

# JSON allows these line separators in strings, but some readers end a line at them.
_SEPARATORS = {0x2028: r"\u2028", 0x2029: r"\u2029"}


def render(batch: EventBatch) -> str:
    """Render each record on a line of its own."""
    return "".join(f"{record}\n" for record in batch.records).translate(_SEPARATORS)
