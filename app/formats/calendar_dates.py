"""How a date is drawn by what knows days only, so that nothing imprecise looks precise."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, Self

from app.domain.edtf import EventDate, Point

Shape = Literal["day", "period", "span", "set", "open-start", "open-end"]
"""`day`: on it. `period`: at some time in a month or a year. `span`: from one end to the other.
`set`: at some time between the two. `open-start`, `open-end`: one end alone is known."""

_ONE_DAY = timedelta(days=1)
_CACHE_SIZE = 16_384
"""So many dates are kept; many events share one."""


@dataclass(frozen=True)
class CalendarDate:
    """The days that a date takes on a calendar, and what must be told beside them."""

    when: EventDate
    shape: Shape
    first: date
    last: date
    """Inclusive."""

    @classmethod
    @lru_cache(_CACHE_SIZE)
    def from_edtf(cls, edtf: str) -> Self:
        """Draw a date."""
        when = EventDate.parse(edtf)
        shape = _shape(when)
        if shape in ("open-start", "open-end"):
            return cls(when, shape, when.sort_day, when.sort_day)
        return cls(when, shape, when.earliest, when.latest)

    @property
    def end(self) -> date:
        """The day after the last, or the last that there is."""
        return min(self.last, date.max - _ONE_DAY) + _ONE_DAY

    @property
    def anchor(self) -> Point:
        """The end that is known, the start if both are."""
        known = self.when.start or self.when.end
        assert known  # noqa: S101 - no date is without any end
        return known

    @property
    def is_exact(self) -> bool:
        """Whether it happened on just these days, and that is certain."""
        ends = (self.when.start, self.when.end)
        exact = all(end and end.precision == "day" and not end.qualifier for end in ends)
        return exact and self.shape in ("day", "span")

    @property
    def css_classes(self) -> tuple[str, ...]:
        """What a stylesheet can tell it by."""
        flags = {
            self.shape: self.shape.startswith("open-"),
            "approximate": self.when.approximate,
            "uncertain": self.when.uncertain,
            "inexact": not self.is_exact,
        }
        told = (name for name, holds in flags.items() if holds)
        return f"date-{self.when.form}", f"precision-{self.when.precision}", *told


def _shape(when: EventDate) -> Shape:
    if not when.start:
        return "open-start"
    if not when.end:
        return "open-end"
    if when.form == "date":
        return "day" if when.precision == "day" else "period"
    return "span" if when.form == "interval" else "set"
