"""The analyzer of the search: it folds texts and splits them into words.

It is independent of the database: every full-text index contains the words that it returns. Names
of actors are compared by their folded form.

Scripts and properties of characters: https://www.unicode.org/reports/tr24/
"""

import re
import unicodedata

import regex

from app.domain.text import normal_form

# Apostrophes: curly, modifier and prime signs, grave and acute accents, the Hebrew geresh. Then
# double quotation marks, and dashes.
PUNCTUATION = str.maketrans(
    dict.fromkeys("‘’‛ʹʻʼʽˈ′`´׳＇", "'")
    | dict.fromkeys("“”„‟″״", '"')
    | dict.fromkeys("‐‑‒–—―−־", "-")
)
GERSHAYIM = re.compile(r'(?<=\w)"(?=\w)')
"""A quotation mark inside a word, as in Hebrew acronyms. It ends no phrase."""

# Some punctuation only appears by decomposition.
_LETTERS = PUNCTUATION | str.maketrans(
    # Letters whose stroke or ligature Unicode does not decompose.
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i"}
    | {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
    # Arabic letters that keyboards and languages exchange: forms of alef, yeh, kaf and heh. The
    # tatweel only stretches a word.
    | {"ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ڪ": "ك", "ـ": ""}
    | dict.fromkeys("ةہۃھە", "ه")
)
_WITH_DIACRITICS = (r"\p{Latin}", r"\p{Greek}", r"\p{Cyrillic}", r"\p{Hebrew}", r"\p{Arabic}")
"""Scripts whose words are found without their diacritics. In other scripts, such as Devanagari or
Katakana, a mark is part of the letter: `ガス` and `カス` are two words."""
_WITHOUT_SPACES = (
    *(r"\p{scx=Han}", r"\p{scx=Hiragana}", r"\p{scx=Katakana}", r"\p{scx=Bopomofo}"),
    *(r"\p{Thai}", r"\p{Lao}", r"\p{Khmer}", r"\p{Myanmar}", r"\p{Tai_Tham}", r"\p{Javanese}"),
)
"""Scripts that write no spaces between words. Each letter is a word, and a word is a phrase."""
_WITH_SPACES = (*_WITH_DIACRITICS, r"\p{Hangul}")
"""Scripts that meet without a space, as in `NSO그룹은`. A word ends where another one begins."""

# All repetitions are possessive (`*+`, `++`), so that no expression backtracks.


def _letters(scripts: tuple[str, ...]) -> str:
    return rf"[\p{{L}}&&[{''.join(scripts)}]]"


def _word(letter: str) -> str:
    return rf"\p{{N}}*+{letter}(?:{letter}|[\p{{N}}\p{{M}}])*+"


_LETTER_WORD = rf"{_letters(_WITHOUT_SPACES)}\p{{M}}*+"
_OTHER_LETTER = rf"[\p{{L}}--[{''.join(_WITHOUT_SPACES + _WITH_SPACES)}]]"
_WORD = regex.compile(
    "|".join(
        [
            _LETTER_WORD,
            *(_word(_letters((script,))) for script in _WITH_SPACES),
            _word(_OTHER_LETTER),
            r"\p{N}++",
        ]
    ),
    regex.V1,
)
_WORD_OF_ONE_LETTER = regex.compile(_LETTER_WORD, regex.V1)
_RUN = regex.compile(r"[\p{L}\p{N}\p{M}]++")
_SEPARATORS = {code: " " for code in range(128) if not chr(code).isalnum()}
# Joiners, direction marks, soft hyphens, variation selectors.
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Default_Ignorable_Code_Point}]")
# Marks after a letter of these scripts, or after a character that is no letter.
_DIACRITICS = regex.compile(
    rf"(?<=[{''.join(_WITH_DIACRITICS)}]|[\P{{L}}--\p{{M}}])\p{{M}}++", regex.V1
)
_DIGIT = regex.compile(r"[\p{Nd}--[0-9]]", regex.V1)


def casefold_text(value: str) -> str:
    """Fold case, diacritics, vowel points, Arabic letters, digits, apostrophes and spaces.

    `NSO’s Café` and `nso's  cafe` fold alike. Folding is idempotent.
    """
    if value.isascii():  # most texts are; this takes a tenth of the time
        bare = value.replace("`", "'").lower()
    else:
        bare = value.translate(PUNCTUATION).casefold()
    if not bare.isascii():
        bare = _fold_letters(bare)
    if '"' in bare:
        bare = GERSHAYIM.sub("'", bare)
    return " ".join(bare.split())


def _fold_letters(value: str) -> str:
    # Some letters decompose to capitals, so fold again.
    plain = normal_form("NFKD", value).casefold().translate(_LETTERS)
    # Marks between which a character is removed may change their order.
    visible = normal_form("NFKD", _INVISIBLE.sub("", plain))
    # `regex` may know digits that Python does not know yet.
    digits = _DIGIT.sub(lambda match: str(unicodedata.decimal(match[0], match[0])), visible)
    # Marks that are part of a letter are composed with it again.
    return normal_form("NFC", _DIACRITICS.sub("", digits))


def is_without_spaces(word: str) -> bool:
    """Return whether a folded word is a letter of a script that writes no spaces between words."""
    return _WORD_OF_ONE_LETTER.fullmatch(word) is not None


def word_parts(value: str) -> list[str]:
    """Return the folded runs of letters, digits and marks of a text, to find them inside words."""
    return _RUN.findall(casefold_text(value))


def words(value: str) -> list[str]:
    """Return the folded words of a text."""
    return split_words(casefold_text(value))


def split_words(folded: str) -> list[str]:
    """Return the words of a text that is already folded.

    A word is a run of letters, digits and marks of one script or, in a script without spaces, a
    letter with its marks.
    """
    # `translate` is twice as fast as the pattern, and most folded texts are ASCII.
    return folded.translate(_SEPARATORS).split() if folded.isascii() else _WORD.findall(folded)
