"""The numbers, symbols and words of a date that people write."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from app.domain.analyzer import casefold_text
from app.domain.human_dates.words import (
    DECADE_SUFFIXES,
    LANGUAGES,
    ORDINAL_SUFFIXES,
    OTHER_MONTHS,
    REGIONS,
    WORDS,
)


class Token(NamedTuple):
    """A number, a symbol, or the words of one meaning."""

    kind: str
    """`number`, `symbol`, a meaning of `WORDS`, `month`, `weekday`, or `unknown`."""
    text: str
    """The text as written; of a symbol, its usual form."""
    number: int = 0
    """The value of a number, or the number of a month, season, part or ordinal."""
    glued: bool = False
    """Whether no space precedes it."""
    suffix: str = ""
    """The letters that end a number, as in `3rd` and `1990s`."""

    @property
    def name(self) -> str:
        """The symbol or, of anything else, the kind."""
        return self.text if self.kind == "symbol" else self.kind

    @property
    def is_year(self) -> bool:
        """Whether it is a number that can only be a year."""
        return self.kind == "number" and len(self.text) > 2


_SYMBOLS = (
    dict.fromkeys("-‐‑−־", "-")
    | dict.fromkeys("–—―", "–")
    | dict.fromkeys("~≈∼±", "~")
    | dict.fromkeys("/⁄", "/")
    | dict.fromkeys("?؟", "?")
    | dict.fromkeys(",،;؛、，", ",")
    | {"…": ".."}
)
_IGNORED = frozenset("'’‘ʼ`´\"“”„«»״׳年月日년월일")
"""Apostrophes and quotation marks, and the signs after each number of a Chinese, Japanese or Korean
date. They separate words, but mean nothing."""
MAX_PHRASE = 4
"""The largest number of words that have one meaning."""
_ROMAN = {"I": 1, "V": 5, "X": 10}
"""The Roman digits of months and centuries. In small letters, they are words of some languages."""


def read_tokens(text: str) -> list[Token]:
    """Return the numbers, symbols and meanings of a text, without words that mean nothing."""
    tokens, at = list(_split(text)), 0
    meanings, read = _meanings(), list[Token]()
    while at < len(tokens):
        length, token = 1, tokens[at]
        if token.kind == "unknown" and _is_week(tokens[at : at + 2]):
            token = token._replace(kind="week")
        elif token.kind == "unknown":
            length, token = _longest_phrase(tokens, at, meanings)
        if token.kind not in ("filler", "weekday"):
            read.append(token)
        at += length
    return read


def _is_week(tokens: Sequence[Token]) -> bool:
    """Return whether tokens begin with an ISO 8601 week: `W30`. In Polish, `w` is "in"."""
    return tokens[0].text in ("w", "W") and tokens[-1].kind == "number" and tokens[-1].glued


def _split(text: str) -> Iterator[Token]:
    """Yield the numbers, words and symbols of a text; no word has a meaning yet."""
    at, glued = 0, False
    while at < len(text):
        char, start = text[at], at
        kind = _kind_of(char)
        at += 1
        while kind in ("number", "unknown") and at < len(text) and _kind_of(text[at]) == kind:
            at += 1
        at += text[start : at + 1] == ".."
        if kind == "number":
            digits = "".join(str(unicodedata.decimal(digit)) for digit in text[start:at])
            suffix, at = _suffix(text, at)
            yield Token(kind, digits, int(digits), glued, suffix)
        elif kind == "unknown":
            yield Token(kind, text[start:at], glued=glued)
        elif kind == "symbol":
            yield Token(kind, _SYMBOLS.get(text[start:at], text[start:at]), glued=glued)
        if kind != "ignored":
            glued = kind != "space"


def _kind_of(char: str) -> str:
    if char.isdecimal():
        return "number"
    category = unicodedata.category(char)
    if category == "Cf" or char in _IGNORED:
        return "ignored"
    if category[0] in "LM":
        return "unknown"
    return "space" if char.isspace() else "symbol"


def _suffix(text: str, at: int) -> tuple[str, int]:
    """Return the letters that end a number, as in `1st`, `1990's` and `1990-е`, and their end."""
    start = at + (text[at : at + 1] in ("-", "'", "’", "־"))
    end = start
    while end < len(text) and _kind_of(text[end]) == "unknown" and end - start <= MAX_PHRASE:
        end += 1
    suffix = casefold_text(text[start:end])
    return (suffix, end) if suffix in ORDINAL_SUFFIXES | DECADE_SUFFIXES else ("", at)


def _longest_phrase(
    tokens: Sequence[Token], at: int, meanings: dict[str, tuple[str, int]]
) -> tuple[int, Token]:
    """Return the number of tokens that have one meaning, and a token with this meaning."""
    words, longest = list[str](), (1, _single_word(tokens[at], meanings))
    for length, token in enumerate(tokens[at : at + 2 * MAX_PHRASE], 1):
        if token.kind == "unknown":
            words.append(casefold_text(token.text))
            if meaning := meanings.get(" ".join(words)):
                longest = length, tokens[at]._replace(kind=meaning[0], number=meaning[1])
        elif token.text not in (".", "-"):
            break
    return longest


def _single_word(token: Token, meanings: dict[str, tuple[str, int]]) -> Token:
    """Return a word with its meaning: a Roman number, or a word after a prefix like Hebrew `ב`."""
    word = casefold_text(token.text)
    if roman := _roman(token.text):
        return token._replace(kind="roman", number=roman)
    for prefix in ("ב", "ה", "ال"):
        if word.startswith(prefix) and (meaning := meanings.get(word.removeprefix(prefix))):
            return token._replace(kind=meaning[0], number=meaning[1])
    return token


def _roman(word: str) -> int:
    """Return the value of a Roman number up to 39, which can have an ending as in `XIXe`."""
    digits = [_ROMAN.get(char, 0) for char in word.rstrip("eèmth")]
    if not all(digits):
        return 0
    pairs = zip(digits, [*digits[1:], 0], strict=False)
    value = sum(-digit if digit < after else digit for digit, after in pairs)
    return value if value < 40 else 0


@lru_cache(1)
def _meanings() -> dict[str, tuple[str, int]]:
    """Return the meaning of each phrase. Of several, the first in `WORDS` wins, after months."""
    meanings: dict[str, tuple[str, int]] = {}
    for (kind, number), names in (*_calendar_names(), *_listed_words()):
        for name in names:
            phrase = [
                casefold_text(token.text) for token in _split(name) if token.kind == "unknown"
            ]
            meanings.setdefault(" ".join(phrase), (kind, number))
    return meanings


def _listed_words() -> Iterator[tuple[tuple[str, int], list[str]]]:
    for meaning, lines in WORDS.items():
        for line in lines.split("\n"):
            yield meaning, [word for word in line.split(", ") if word.strip(" -")]


def _calendar_names() -> Iterator[tuple[tuple[str, int], list[str]]]:
    # Here, because a server that gets no invalid date needs neither the library nor its memory.
    from babel.dates import get_day_names, get_month_names  # noqa: PLC0415

    for locale in (*LANGUAGES, *REGIONS):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, name in get_month_names(width, context, locale).items():
                    yield ("month", month), [name]
        yield ("weekday", 0), [*get_day_names("wide", "format", locale).values()]
    # Not in other languages: `mar.` and `mi` have other meanings.
    yield ("weekday", 0), [*get_day_names("abbreviated", "format", "en").values()]
    for month, names in OTHER_MONTHS.items():
        yield ("month", month), names.split(", ")
