"""A date, or two dates that words or symbols join to a range: the periods that they may mean."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import product

from app.domain.edtf import DateError, EventDate
from app.domain.human_dates.parts import WORDS_HINT, Part, UnreadableError, read_part
from app.domain.human_dates.spans import FIRST_IS_DAY, FIRST_IS_MONTH, YEARS, Span, Style, resolve
from app.domain.human_dates.tokens import Token

_SLASHES = "An interval has one '/'. Write 2021-11/2022-07."
_REVERSED = "It ends before it starts."
_IF_SWAPPED = "if the dates are in the wrong order"
_JOINERS: dict[str, Style] = {
    **dict.fromkeys(("to", "until", "open", "at", "–", "-", "/"), "range"),
    **dict.fromkeys(("and", "&", ".."), "either"),
    **dict.fromkeys(("or", ","), "list"),
}
"""What can join two dates, and what they may mean."""
_STRONG = {"to", "until", "open", "–", ".."}
"""Joiners that are no part of a date. A hyphen with spaces is one too."""


def find_spans(tokens: Sequence[Token], *, in_brackets: bool) -> list[Span]:
    """Return the periods that a date or a range may mean; raise UnreadableError if there are none.

    `in_brackets`: whether it is written as a set.
    """
    errors = []
    for at in _joiners(tokens, in_brackets=in_brackets):
        try:
            if at is None:
                return resolve(read_part(tokens))
            name = tokens[at].name
            style = "set" if name == ".." and in_brackets else _JOINERS[name]
            return _join(tokens[:at], tokens[at:], style)
        except UnreadableError as error:
            errors.append(str(error))
    slashes = sum(token.name == "/" for token in tokens)
    hint = _SLASHES if slashes > 1 else WORDS_HINT
    raise UnreadableError(next((error for error in errors if error != WORDS_HINT), hint))


def has_joiner(tokens: Sequence[Token]) -> bool:
    """Return whether a word or a dash joins two dates, as after "from"."""
    return any(_is_strong(tokens, at) or tokens[at].name == "at" for at in range(1, len(tokens)))


def _joiners(tokens: Sequence[Token], *, in_brackets: bool) -> Iterator[int | None]:
    """Yield the indexes of the joiners to try, in their order; None is the text as one date."""
    indexes = [at for at, token in enumerate(tokens) if at and token.name in _JOINERS]
    if not in_brackets:
        indexes = [at for at in indexes if tokens[at].name != ","]
    strong = [at for at in indexes if _is_strong(tokens, at)]
    yield from strong
    yield None
    # In `2019-11-10/11`, the slash joins.
    weak = [at for at in indexes if at not in strong]
    yield from sorted(weak, key=lambda at: tokens[at].name != "/")


def _is_strong(tokens: Sequence[Token], at: int) -> bool:
    is_spaced = not all(token.glued for token in tokens[at : at + 2])
    return tokens[at].name in _STRONG or (tokens[at].name == "-" and is_spaced)


def _join(before: Sequence[Token], after: Sequence[Token], style: Style) -> list[Span]:
    """Return what two dates may mean; `after` begins with the joiner."""
    left = read_part(before)
    if "open" in [token.name for token in after]:
        if len(after) > 2 or after[-1].name != "open":
            raise UnreadableError(WORDS_HINT)
        return [span._replace(style="open") for span in _ends(left)]
    right = read_part(after[1:])
    # To be swapped, it must have a year that is certainly one: `2019-001` is a day in ISO 8601.
    is_complete = any(year.number > 999 for year in right.years)
    is_one_date = not left.years and right.is_bare_year  # "1 May – 2020"
    if is_one_date or left.is_empty or right.is_empty:
        raise UnreadableError(WORDS_HINT)
    _inherit(left, right)
    if before[0].name in ("about", "uncertain"):  # "circa 1872–1873" applies to both
        right.approximate |= left.approximate
        right.uncertain |= left.uncertain
    pairs = [pair for pair in product(_ends(left), _ends(right)) if _agree(*pair)]
    if joined := [_pair(*pair, style) for pair in pairs if _is_in_order(*pair)]:
        return joined
    swapped = [_pair(end, start, style) for start, end in pairs if _is_in_order(end, start)]
    if not swapped or not is_complete:
        raise UnreadableError(WORDS_HINT)
    return [span._replace(condition=_IF_SWAPPED, note=_REVERSED) for span in swapped]


def _ends(part: Part) -> list[Span]:
    return [span for span in resolve(part) if span.style in ("point", "period")]


def _agree(start: Span, end: Span) -> bool:
    """Return whether both ends have the day and the month in the same order."""
    return {start.condition, end.condition} != {FIRST_IS_DAY, FIRST_IS_MONTH}


def _is_in_order(start: Span, end: Span) -> bool:
    with suppress(DateError):
        return bool(EventDate.parse(f"{start.first}/{end.last}"))
    return False


def _pair(start: Span, end: Span, style: Style) -> Span:
    """Return the period from one date to another."""
    if start[:2] == end[:2] and start.style == "point":  # "mid to late 2019"
        return start
    if style == "list" and neighbour(start.last, 1) == end.first:
        style = "set"
    conditions = dict.fromkeys(filter(None, (start.condition, end.condition)))
    notes = dict.fromkeys(filter(None, (start.note, end.note)))
    return Span(
        start.first,
        end.last,
        style,
        condition=" and ".join(conditions).replace(" and if ", " and "),
        note=" ".join(notes),
        marks=(start.marks[0], end.marks[1]),
    )


def neighbour(text: str, step: int) -> str:
    """Return the year, month or day before (-1) or after (1) another one."""
    when = EventDate.parse(text)
    try:
        day = (when.latest if step > 0 else when.earliest) + timedelta(days=step)
    except OverflowError:
        raise UnreadableError(YEARS) from None
    return day.isoformat()[: len(text)]


# --- What one date takes over from the other


def _inherit(left: Part, right: Part) -> None:
    """Add to each date what only the other one states, such as the year in "12–15 May 2020"."""
    for part, other in ((left, right), (right, left)):
        # A day, but not a year, belongs to the month of the other date.
        month = other.values.get("month")
        if month and other.short_numbers and part.short_numbers and not part.values:
            part.values["month"] = month
    is_named = bool(left.values or right.values)
    if is_named and right.years and not left.years:
        left.add(right.years[0])
    elif is_named and left.years and not right.years:
        right.add(left.years[0])
    elif right.years and not left.years:
        left.add(*right.numbers[len(left.numbers) :], separators=right.separators)
    elif left.years and not right.years:
        _complete(left, right)


def _complete(left: Part, right: Part) -> None:
    """Add to digits such as `10/11` or `1872–75` those that precede them in the other date."""
    length = len(left.numbers) - len(right.numbers)
    if length > 0:
        right.numbers = [*left.numbers[:length], *right.numbers]
        right.separators = left.separators
    elif len(right.numbers) == 1:
        (year,), (ending,) = left.numbers, right.numbers
        number = year.number - year.number % 100 + ending.number
        right.numbers = [ending._replace(text=f"{number:04}", number=number)]
