"""The numbers and words of one date that people write, or of one end of a range."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.human_dates.tokens import Token

WORDS_HINT = "Write the date in digits, as precisely as it is known: 2021, 2021-11 or 2021-11-03."


class UnreadableError(ValueError):
    """A text has no reading. The message says why."""


@dataclass
class Part:
    """The numbers and words of one date."""

    numbers: list[Token] = field(default_factory=list)
    separators: list[str] = field(default_factory=list)
    """The symbols between two numbers each; "word" where a word is between them."""
    values: dict[str, int] = field(default_factory=dict)
    """The month, season, part, ordinal and Roman number, and the units, such as `century`."""
    approximate: bool = False
    uncertain: bool = False
    is_ad: bool = False

    @property
    def mark(self) -> str:
        """The qualifier in EDTF."""
        return {(True, True): "%", (True, False): "~", (False, True): "?"}.get(
            (self.approximate, self.uncertain), ""
        )

    def add(self, *numbers: Token, separators: Sequence[str] = ("word",)) -> None:
        """Add numbers that are not written, but known, and separate all numbers alike."""
        self.numbers += numbers
        self.separators = [*separators[:1]] * (len(self.numbers) - 1)

    @property
    def years(self) -> list[Token]:
        """The numbers that can only be years."""
        return [number for number in self.numbers if number.is_year]

    @property
    def is_empty(self) -> bool:
        """Whether it has neither a number nor a word."""
        return not (self.numbers or self.values)

    @property
    def is_bare_year(self) -> bool:
        """Whether it is only a year."""
        return len(self.numbers) == len(self.years) == 1 and not self.values

    @property
    def short_numbers(self) -> list[Token]:
        """The numbers of one or two digits."""
        return [number for number in self.numbers if not number.is_year]


_VALUES = frozenset(
    ("month", "season", "part", "ordinal", "roman", "quarter", "half", "century", "decade", "week")
)
_SEPARATORS = frozenset("-–/.,")
_MARKS = {"about": "~", "uncertain": "?", "~": "~", "?": "?", "%": "%"}
_ARABIC_OF = "من"
"""Also means "since", if it is the first word."""
# Words and symbols that mean nothing where no range follows.
_SILENT = {"at", "(", ")", "[", "]", "{", "}"}


def read_part(tokens: Sequence[Token]) -> Part:
    """Sort the tokens of one date; raise UnreadableError at one that cannot be in it."""
    part, between, after_mark = Part(), "", False
    for token in tokens:
        if token.kind == "number":
            if part.numbers:
                part.separators.append(between)
            part.numbers.append(token)
            between = ""
        else:
            _add_word(part, token)
            # The dot in `3.–5.` does not separate, nor does the qualifier in `2021?-11`.
            can_separate = between in ("", ".") or after_mark
            between = token.name if token.name in _SEPARATORS and can_separate else "word"
            after_mark = token.name in ("~", "?", "%")
    return part


def _add_word(part: Part, token: Token) -> None:
    name = token.name
    if name == "about" and _is_century(token, part):
        name = "century"
    if name in _VALUES:
        if name in part.values:
            raise UnreadableError(WORDS_HINT)
        part.values[name] = token.number
    elif name in _MARKS:
        part.approximate |= _MARKS[name] in "~%"
        part.uncertain |= _MARKS[name] in "?%"
    elif name == "ad":
        part.is_ad = True
    elif name not in _SEPARATORS | _SILENT and token.text != _ARABIC_OF:
        raise UnreadableError(WORDS_HINT)


def _is_century(token: Token, part: Part) -> bool:
    """Return whether `c` is not "circa", as in `19th c.`."""
    return token.text in ("c", "C") and bool(part.numbers) and part.numbers[-1].suffix == "th"
