"""Cells of a CSV table that Excel opens by double click, and shows as they are.

Excel reads the text `2021-11` as 1 November, and the id `1-2` as 2 January or 1 February.
"""

from collections.abc import Iterable
from datetime import date

from app.domain.edtf import EventDate, Point

Cell = str | float | date | None

BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel does not read UTF-8: a ž becomes two other letters."""
DATE_COLUMNS = ("year", "month", "day", "end_year", "end_month", "end_day")
"""The parts of a date that are known, as numbers."""
MAX_CELL = 32_767
"""Characters that a cell can contain, in UTF-16 code units. A longer one breaks the table apart.
https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3"""
TRUNCATED = "… [truncated]"
"""The end of a truncated text."""
MAX_CONVERTED = 60
"""Characters of the longest text that Excel may read as a number or a date: with a weekday, a month
in words and a time. Longer texts, such as most titles, stay plain."""


def as_shown(cell: Cell) -> Cell:
    """Convert a text so that Excel shows it as it is. Numbers and days are shown as such anyway.

    A short text with a digit becomes the formula `="2021-11"`, whose value is this text. An
    apostrophe before it would be visible.
    """
    if not isinstance(cell, str):
        return cell
    text = _truncate(cell)
    if _length(text) <= MAX_CONVERTED and any(map(str.isdigit, text)):
        return '="{}"'.format(text.replace('"', '""'))
    return text


def date_cells(edtf: str) -> Iterable[Cell]:
    """Return the cells of DATE_COLUMNS for a date. Only an interval or a set has an end."""
    when = EventDate.parse(edtf)
    return [*_parts(when.start), *_parts(None if when.form == "date" else when.end)]


def _parts(point: Point | None) -> list[int | None]:
    known = map(int, point.iso.split("-")) if point else ()
    return [*known, None, None, None][:3]


def _truncate(text: str) -> str:
    if _length(text) <= MAX_CELL:
        return text
    units = text.encode("utf-16-le")[: 2 * (MAX_CELL - len(TRUNCATED))]
    # A character of two units whose second one is cut off is left out.
    return units.decode("utf-16-le", "ignore") + TRUNCATED


def _length(text: str) -> int:
    """Return the number of UTF-16 code units, as Excel counts characters."""
    return len(text.encode("utf-16-le")) // 2
