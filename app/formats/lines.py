"""JSON Lines: a record a line, for programs that take what there is as it comes.

https://jsonlines.org
"""

from app.excerpt import Excerpt


def render(excerpt: Excerpt) -> str:
    """Write each record on a line of its own."""
    return "".join(f"{record}\n" for record in excerpt.records)
