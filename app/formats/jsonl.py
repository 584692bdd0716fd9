"""JSON Lines: a record a line, for programs that take what there is as it comes.

https://jsonlines.org
"""

from app.query.batches import EventBatch

# What some readers end a line at, though JSON does not.
_SEPARATORS = {0x2028: r"\u2028", 0x2029: r"\u2029"}


def render(excerpt: EventBatch) -> str:
    """Write each record on a line of its own."""
    return "".join(f"{record}\n" for record in excerpt.records).translate(_SEPARATORS)
