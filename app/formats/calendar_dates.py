"""The days that show a date in widgets and calendars.

These know whole days only. Nothing imprecise may look precise in them.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

from app.domain.edtf import EventDate, Point

Shape = Literal["day", "period", "span", "set", "open-start", "open-end"]
"""`day`: on that day. `period`: at some time in a month or a year. `span`: from the first day to
the last. `set`: at some time between two days. `open-start`, `open-end`: only the other end is
known."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CalendarDate:
    """The days that show a date, and what readers must know about its precision."""

    when: EventDate
    shape: Shape
    first: date
    last: date
    """The last day, inclusive."""

    @classmethod
    def from_edtf(cls, edtf: str) -> Self:
        """Parse a date, and choose its days. Raises DateError."""
        when = EventDate.parse(edtf)
        shape = _shape(when)
        if shape in ("open-start", "open-end"):
            # One end is missing, so that there is no range to show.
            return cls(when, shape, when.sort_day, when.sort_day)
        return cls(when, shape, when.earliest, when.latest)

    @property
    def end(self) -> date:
        """The day after the last or, if the calendar ends there, the last itself."""
        return min(self.last, date.max - _ONE_DAY) + _ONE_DAY

    @property
    def anchor(self) -> Point:
        """The start or, if the start is not known, the end."""
        anchor = self.when.start or self.when.end
        assert anchor  # noqa: S101 - every date has at least one end
        return anchor

    @property
    def is_exact(self) -> bool:
        """Whether the event happened on exactly these days, for certain."""
        ends = (self.when.start, self.when.end)
        exact = all(end and end.precision == "day" and not end.qualifier for end in ends)
        return exact and self.shape in ("day", "span")

    @property
    def css_classes(self) -> tuple[str, ...]:
        """CSS classes that state how precise and how certain the date is."""
        flags = {
            self.shape: self.shape.startswith("open-"),
            "approximate": self.when.approximate,
            "uncertain": self.when.uncertain,
            "inexact": not self.is_exact,
        }
        flag_classes = (name for name, is_set in flags.items() if is_set)
        return f"date-{self.when.form}", f"precision-{self.when.precision}", *flag_classes


def _shape(when: EventDate) -> Shape:
    if not when.start:
        return "open-start"
    if not when.end:
        return "open-end"
    if when.form == "date":
        return "day" if when.precision == "day" else "period"
    return "span" if when.form == "interval" else "set"
