"""The words of the advice for dates."""

WORDS = "Write the date in digits, as precisely as it is known: 2021, 2021-11 or 2021-11-03."
EXAMPLES = "Write 2021, 2021-11 or 2021-11-03."
NO_YEAR = "It has no year. Write the year with four digits."
NO_CENTURY = "The year has two digits, so the century is unknown. Write all four digits."
BEFORE_YEAR_ONE = "Years before 1 cannot be written yet."
YEARS = "Years run from 0001 to 9999."
SERIAL = (
    f"{YEARS} If it is the number that a spreadsheet stores for a day, format the cell as "
    "yyyy-mm-dd, and copy it again."
)
CLOCK = "Times of day are not supported."
ZEROS = "Leave out an unknown month or day."
SET_MARK = "A set cannot contain '?', '~' or '%'."
DIGITS = "X digits are not supported."
NO_SIDE = "At least one side needs a date."


def between(first: str, last: str) -> str:
    """Return the advice for a range."""
    interval = f"{first}/{last}"
    return f"Write {interval}, or [{first}..{last}] if it happened at some time between."


def since(first: str) -> str:
    """Return the advice for a range without an end."""
    happened = f"[{first}..] if it happened then or later"
    return f"Write {happened}, or {first}/.. if it has lasted since then."


def until(last: str) -> str:
    """Return the advice for a range without a beginning."""
    happened = f"[..{last}] if it happened then or earlier"
    return f"Write {happened}, or ../{last} if it lasted until then."


def period(first: str, last: str, name: str) -> str:
    """Return the advice for a period with a name."""
    return f"Write [{first}..{last}], or {first}/{last} if it lasted all of {name}."


def part(whole: str, first: str, last: str, when: str) -> str:
    """Return the advice for a part of a year or a month."""
    return f"Write {whole}, or [{first}..{last}] if it happened {when}."


def third(first: str, last: str, name: str, number: str, start: str, end: str) -> str:
    """Return the advice for a third of a decade or a century."""
    lasted = f"{first}/{last} if it lasted all of {name}"
    return (
        f"Write [{first}..{last}], {lasted}, or [{start}..{end}] if it happened in its {number} "
        "third."
    )


def season(name: str, first: str, last: str, southern: str) -> str:
    """Return the advice for a season that does not cross the year."""
    return (
        f"In the southern hemisphere, {name} is {southern}. Write [{first}..{last}] if it happened "
        f"in the northern {name}, or {first}/{last} if it lasted all of it."
    )


def day_or_month(day_first: str, month_first: str) -> str:
    """Return the advice for numbers whose order is not known."""
    return f"Write {day_first} if the day is first, or {month_first} if the month is first."


def unknown(word: str) -> str:
    """Return the advice for a text with an unknown word."""
    return f"'{word}' is not understood. {WORDS}"
