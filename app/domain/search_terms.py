"""Search queries as terms."""

import re
from functools import lru_cache

from app.domain.text import GERSHAYIM, PUNCTUATION, words

# On a prototype, a query of 4,000 terms took 15 seconds.
MAX_TERMS = 8

# A phrase contains no quotation mark. If it could contain `«`, each `«` of a text without an end of
# a phrase would be searched for one up to the end of the text.
_TERM = re.compile(r'(?<!\w)["«]([^"«»]*)["»](?!\w)|([^\s"«»]+)')


# A request parses its query twice: to validate it and to run it.
@lru_cache(1_024)
def parse_terms(query: str) -> tuple[tuple[str, ...], ...]:
    """Parse a query into terms. Each is a sequence of words that must occur together.

    A "quoted phrase" is one term, and so is a word with punctuation inside, such as `O'Brien`.
    """
    plain = GERSHAYIM.sub("'", query.translate(PUNCTUATION))
    terms = (tuple(words(phrase or word)) for phrase, word in _TERM.findall(plain))
    return tuple(term for term in terms if term)
