"""Search queries as terms."""

import re
from collections.abc import Iterator

from app.domain.text import GERSHAYIM, PUNCTUATION, words

MAX_TERMS = 8

_TERM = re.compile(r'(?<!\w)["«]([^"»]*)["»](?!\w)|([^\s"«»]+)')


def parse_terms(query: str) -> Iterator[list[str]]:
    """Read a query as terms, each the words that must stand together.

    A "quoted phrase" is one term, and so is a word with punctuation inside, as `O'Brien`.
    """
    plain = GERSHAYIM.sub("'", query.translate(PUNCTUATION))
    for phrase, word in _TERM.findall(plain):
        if term := words(phrase or word):
            yield term
