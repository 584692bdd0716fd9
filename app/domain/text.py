"""Text: which characters it may hold, and how it is folded so that spellings compare."""

import re
import unicodedata

# Curly, modifier and prime signs, the grave and acute accents, and the Hebrew geresh; then double
# quotation marks, and dashes.
PUNCTUATION = str.maketrans(
    dict.fromkeys("‘’‛ʹʻʼʽˈ′`´׳＇", "'")
    | dict.fromkeys("“”„‟″״", '"')
    | dict.fromkeys("‐‑‒–—―−־", "-")
)
GERSHAYIM = re.compile(r'(?<=\w)"(?=\w)')
# Letters whose stroke or ligature Unicode does not decompose; Arabic's alef wasla, and its tatweel,
# which only stretches a word.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i"}
    | {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ٱ": "ا", "ـ": ""}
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_SEPARATORS = {code: " " for code in range(128) if not chr(code).isalnum()}
_WORD = re.compile(r"[^\W_]+")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
"""Control characters, and those that break lines or turn text around."""
# Marks above and below letters, and characters that only join, part or turn them.
_INVISIBLE = ("Mn", "Cf")


def normalize(value: str) -> str:
    """Normalise to NFC; raise ValueError on a control character."""
    for char in value:
        if unicodedata.category(char) in ("Cc", "Cs"):
            raise ValueError(f"it has the control character {char!r} in it; remove it")
    return unicodedata.normalize("NFC", value)


def casefold_text(value: str) -> str:
    """Fold case, diacritics, Hebrew and Arabic vowel points, apostrophes and spaces.

    `NSO’s Café` and `nso's  cafe` fold alike.
    """
    if value.isascii():  # as most are, which takes a tenth of the time
        bare = value.replace("`", "'").lower()
    else:
        bare = value.translate(PUNCTUATION).casefold()
    if not bare.isascii():
        # Some letters decompose to capitals, so they are folded again.
        plain = unicodedata.normalize("NFKD", bare).casefold()
        decomposed = unicodedata.normalize("NFKD", plain)
        bare = _NOT_ASCII.sub(_visible, decomposed).translate(_LETTERS)
    if '"' in bare:
        bare = GERSHAYIM.sub("'", bare)
    return " ".join(bare.split())


def _visible(match: re.Match[str]) -> str:
    return "" if unicodedata.category(match[0]) in _INVISIBLE else match[0]


def words(value: str) -> list[str]:
    """List the words of a text, folded: its runs of letters and digits."""
    return split_words(casefold_text(value))


def split_words(folded: str) -> list[str]:
    """List the words of a text that is folded already."""
    # Twice as fast, and most texts are ASCII once they are folded.
    return folded.translate(_SEPARATORS).split() if folded.isascii() else _WORD.findall(folded)


MAX_QUOTED = 100


def quote(value: object) -> str:
    """Quote what a client sent: escaped, and at most a hundred characters of it."""
    return f"'{escape(value)}'"


def escape(value: object) -> str:
    """Write what a client sent without control characters, and at most a hundred of it."""
    given = str(value)
    return repr(given[:MAX_QUOTED])[1:-1] + ("…" if len(given) > MAX_QUOTED else "")
