"""The id of a topic, which is derived from its label."""

import re

from app.domain.analyzer import words
from app.domain.limits import MAX_SLUG_LENGTH, SLUG_PATTERN

_ID = re.compile(SLUG_PATTERN)


def is_topic_id(text: str) -> bool:
    """Return whether a text is the id of a topic, and so no label."""
    return _ID.fullmatch(text) is not None


def topic_id(label: str) -> str | None:
    """Return the id of a label: `Members of Congress` becomes `members-of-congress`.

    Return None if the label has no such id, because it contains letters that an id cannot contain.
    """
    id_ = "-".join(words(label))
    return id_ if is_topic_id(id_) and len(id_) <= MAX_SLUG_LENGTH else None
