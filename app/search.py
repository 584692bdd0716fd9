"""Full-text search: how text is folded, and all that the application knows of SQLite's FTS5.

https://www.sqlite.org/fts5.html
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, column, select, table, text

MAX_TERMS = 8

# Curly, modifier and prime signs, the grave and acute accents, and the Hebrew geresh; then double
# quotation marks, and dashes.
_PUNCTUATION = str.maketrans(
    dict.fromkeys("‘’‛ʹʻʼʽˈ′`´׳＇", "'")
    | dict.fromkeys("“”„‟″״", '"')
    | dict.fromkeys("‐‑‒–—―−־", "-")
)
_GERSHAYIM = re.compile(r'(?<=\w)"(?=\w)')
# Letters whose stroke or ligature Unicode does not decompose; Arabic's alef wasla, and its tatweel,
# which only stretches a word.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i"}
    | {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ٱ": "ا", "ـ": ""}
)
_WORD = re.compile(r"[^\W_]+")
_TERM = re.compile(r'(?<!\w)["«]([^"»]*)["»](?!\w)|([^\s"«»]+)')
# Marks above and below letters, and characters that only join, part or turn them.
_UNSEEN = ("Mn", "Cf")

# A private-use character stands between two texts of one event, so that no phrase spans both.
_BOUNDARY = " \ue000 "

# Words come folded and separated, so the tokenizer has to add no opinion of its own.
CREATE_EVENT_SEARCH = "CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii')"
_event_search = table("event_search", column("rowid"), column("content"))


def fold(value: str) -> str:
    """Fold case, diacritics, Hebrew and Arabic vowel points, apostrophes and spaces.

    `NSO’s Café` and `nso's  cafe` fold alike.
    """
    plain = unicodedata.normalize("NFKD", value.translate(_PUNCTUATION).casefold())
    # Some letters decompose to capitals, so they are folded again.
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    bare = "".join(char for char in decomposed if unicodedata.category(char) not in _UNSEEN)
    return " ".join(_GERSHAYIM.sub("'", bare.translate(_LETTERS)).split())


def words(value: str) -> list[str]:
    """List the words of a text, folded: its runs of letters and digits."""
    return _WORD.findall(fold(value))


def terms(query: str) -> Iterator[list[str]]:
    """Read a query as terms, each the words that must stand together.

    A "quoted phrase" is one term, and so is a word with punctuation inside, as `O'Brien`.
    """
    plain = _GERSHAYIM.sub("'", query.translate(_PUNCTUATION))
    for phrase, word in _TERM.findall(plain):
        if term := words(phrase or word):
            yield term


def rowids_matching(query: Iterable[Sequence[str]]) -> Select[Any]:
    """Select the ids of events in which every term occurs."""
    expression = " AND ".join(f'"{" ".join(term)}"' for term in query)
    match: ColumnElement[bool] = _event_search.c.content.op("MATCH", is_comparison=True)(expression)
    return select(_event_search.c.rowid).where(match)


def searchable(texts: Iterable[str]) -> str:
    """Give the content under which an event is found, from the texts that describe it."""
    return _BOUNDARY.join(" ".join(words(value)) for value in texts if value)


INSERT = text("INSERT INTO event_search (rowid, content) VALUES (:rowid, :content)")
DELETE = text("DELETE FROM event_search WHERE rowid = :rowid")
