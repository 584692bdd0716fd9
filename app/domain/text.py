"""Text: normal forms, and quoting of untrusted input."""

import re
import unicodedata
from itertools import groupby
from typing import Literal

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
"""Control characters, line separators, and characters that change the text direction."""

# A run of marks (accents, vowel points), or of characters that decompose into marks.
_MARKS = re.compile(r"(?:[^\w\s]|[ﾞﾟ]){32}")


def normal_form(form: Literal["NFC", "NFKD"], value: str) -> str:
    """Return a normal form of Unicode, as `unicodedata.normalize` does, but in linear time.

    That function sorts the marks of a letter by insertion: 100,000 marks take it ten seconds.
    https://www.unicode.org/reports/tr15/#Description_Norm
    """
    if not _MARKS.search(value):
        return unicodedata.normalize(form, value)
    decomposition: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else "NFKD"
    decomposed = "".join(unicodedata.normalize(decomposition, char) for char in value)
    # `sorted` keeps the order of letters, whose class is 0, and of marks of the same class.
    runs = groupby(decomposed, key=lambda char: unicodedata.combining(char) > 0)
    ordered = "".join("".join(sorted(run, key=unicodedata.combining)) for _, run in runs)
    return unicodedata.normalize(form, ordered)


def normalize(value: str) -> str:
    """Normalise to NFC; raise ValueError for a control character or half a surrogate pair."""
    for char in value:
        if unicodedata.category(char) in ("Cc", "Cs"):
            raise ValueError(f"It contains the control character {char!r}. Remove it.")
    return normal_form("NFC", value)


# Messages and logs quote untrusted input: it must not flood them or forge their lines.
MAX_QUOTED = 100


def quote(value: object) -> str:
    """Return untrusted input in quotes, escaped and truncated to `MAX_QUOTED` characters."""
    return f"'{escape(value)}'"


def escape(value: object) -> str:
    """Escape the control characters of untrusted input, and truncate it to `MAX_QUOTED`."""
    # `repr` escapes what a terminal or a log could interpret, and keeps the letters of all scripts.
    text = str(value)
    return repr(text[:MAX_QUOTED])[1:-1] + ("…" if len(text) > MAX_QUOTED else "")


def printable(path: object) -> str:
    """Return a path for messages: as it is, but with invisible characters escaped.

    A file name may contain line breaks and escape sequences, which would forge lines of a log or
    reach the terminal, and bytes that are not UTF-8, which cannot be written to it.
    """
    text = str(path)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    # GitHub runs a line of a log that begins with `::` as a command. The prefix names the same
    # file.
    # https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    return f"./{text}" if text.lstrip().startswith("::") else text
