"""Search queries as terms."""

import re
from functools import lru_cache
from typing import NamedTuple

from app.domain.analyzer import GERSHAYIM, PUNCTUATION, is_without_spaces, words

# On a prototype, a query of 4,000 terms took 15 seconds.
MAX_TERMS = 8
MIN_PREFIX = 2
"""Letters of the shortest prefix. A single letter begins a tenth of all words."""

# A phrase contains no quotation mark. If it could contain `«`, each `«` of a text without an end of
# a phrase would be searched for one up to the end of the text.
_TERM = re.compile(r'(?<!\w)["«]([^"«»]*)["»](?!\w)|([^\s"«»]+)')


class Term(NamedTuple):
    """Words that must occur together, in this order."""

    words: tuple[str, ...]
    is_prefix: bool
    """Whether the last word only needs to begin so."""


# A request parses its query twice: to validate it and to run it.
@lru_cache(1_024)
def parse_terms(query: str) -> tuple[Term, ...]:
    """Parse a query into terms.

    A word of two letters or more matches the words that begin with it, and a single letter matches
    only itself. A "quoted phrase" is one term, and so is a word with punctuation inside, such as
    `O'Brien`, or a word in a script without spaces.
    """
    plain = GERSHAYIM.sub("'", query.translate(PUNCTUATION))
    terms = (_term(phrase or word, is_phrase=bool(phrase)) for phrase, word in _TERM.findall(plain))
    return tuple(term for term in terms if term.words)


def _term(text: str, *, is_phrase: bool) -> Term:
    found = tuple(words(text))
    last = found[-1] if found else ""
    # The last letter of `AT&T` is a whole word, but marks can follow that of `เขาก`.
    may_continue = len(last) >= MIN_PREFIX or (len(found) > 1 and is_without_spaces(last))
    return Term(found, not is_phrase and may_continue)
