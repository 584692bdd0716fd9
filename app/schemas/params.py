"""The query string of each endpoint: what may be asked, and how it must be written."""

import re
from datetime import date, timedelta
from typing import Annotated

from pydantic import MISSING, AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.domain.edtf import DATE_HINT, DAY_PATTERN, MAX_LENGTH, PATTERN, DateRange, validate_date
from app.domain.search_terms import MAX_TERMS, parse_terms
from app.domain.text import normalize, quote
from app.domain.vocabulary import (
    ActorKind,
    ActorMatch,
    ActorScope,
    DateMatch,
    EventStatus,
    FacetName,
    Interval,
    Role,
    SortBy,
    SortOrder,
)

MAX_REPEATS = 50
MAX_TEXT = 200
MAX_CURSOR = 1_000
CURSOR_PATTERN = "^[A-Za-z0-9_-]+$"
MAX_COUNT = 2**31 - 1
MAX_FORMAT_EVENTS = 10_000

_ONE_DAY = timedelta(days=1)
_SECOND_DAY = date.min + _ONE_DAY
_MOMENT = re.compile(
    r"((?P<sign>[+ -])[0-9]{2})?(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
    # A "+" that was not encoded arrives as a space.
    r"(Z|[+ -][0-9]{2}:?[0-9]{2})?)?"
)


def _day(value: str) -> str:
    if not re.fullmatch("[0-9-]+", value):
        raise ValueError(f"{quote(value)} is not a day, a month or a year; {DATE_HINT}")
    return validate_date(value)


def _local_date(value: str) -> str:
    """Give the day of a moment where its clock hangs: in UTC it may be another."""
    found = _MOMENT.fullmatch(value)
    if not found:
        raise ValueError(f"{quote(value)} is not a day or a moment; write it as 2022-07-01")
    # At the ends of the calendar, a view reaches beyond them.
    if found["sign"]:
        return (date.min if found["sign"] == "-" else date.max).isoformat()
    return date.min.isoformat() if found["day"][:4] == "0000" else validate_date(found["day"])


def _integer(value: object) -> object:
    """Refuse `5.0`, `1_0` and the like, which Pydantic would take for whole numbers."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        raise ValueError(f"{quote(value)} is not a whole number; write it in digits alone")
    return value


def _query(value: str) -> str:
    found = list(parse_terms(value))
    if not found:
        raise ValueError(f"{quote(value)} has no word in it; give a word or a “quoted phrase”")
    if len(found) > MAX_TERMS:
        raise ValueError(
            f"it has {len(found)} words; give at most {MAX_TERMS}, or put a phrase in quotes"
        )
    return value


# What reads a text tells better than a pattern what is wrong with it, so patterns only describe.
Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TEXT,
        json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f-\x9f]+$"},
    ),
    AfterValidator(normalize),
]
DateBound = Annotated[
    Text,
    Field(
        examples=["2021", "2021-11", "2021-11-03"],
        json_schema_extra={"pattern": f"^{DAY_PATTERN}$", "maxLength": len("2021-11-03")},
    ),
    AfterValidator(_day),
]
Timestamp = Annotated[
    Text,
    Field(
        examples=["2022-07-01", "2022-07-01T00:00:00-05:00"],
        json_schema_extra={"pattern": re.sub(r"\?P<\w+>", "", f"^{_MOMENT.pattern}$")},
    ),
    AfterValidator(_local_date),
]
Edtf = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_LENGTH,
        examples=["2021-11", "2021-11/2022-07", "[2022-07-10..2022-07-16]"],
        json_schema_extra={"pattern": PATTERN},
    ),
    AfterValidator(normalize),
    AfterValidator(validate_date),
]
SearchTerms = Annotated[
    Text, Field(examples=['blacklist "members of Congress"']), AfterValidator(_query)
]
Cursor = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_CURSOR,
        json_schema_extra={"pattern": CURSOR_PATTERN},
    ),
    AfterValidator(normalize),
]
REPEATABLE = Field(max_length=MAX_REPEATS)


class Params(BaseModel):
    """Parameters of one endpoint; one that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Paging(Params):
    """Where in a list to read."""

    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(_integer)] = 50
    """How many at most."""
    cursor: Cursor | MISSING = MISSING
    """The `next` of the page before, with the same filters, sort and order."""


class EventQuery(Params):
    """Filters of events; each that is given must hold."""

    actor: Annotated[list[Text], REPEATABLE] = Field(
        default=[], examples=[["nso-group"], ["NSO", "Candiru"]]
    )
    """Only events in which this actor takes part: an id, a name or an alias, whatever its case and
    accents. Repeated: any of them, unless `actor_match` is `all`."""
    actor_match: ActorMatch = "any"
    """Whether any of several actors is enough, or all must take part."""
    actor_scope: ActorScope = "self"
    """Whether an actor stands for itself or, by `tree`, for all that it is parent of too."""
    role: Annotated[list[Role], REPEATABLE] = []
    """Only events in which the actor or, without `actor`, anybody takes part as this. Repeated: as
    any of them."""
    exclude_actor: Annotated[list[Text], REPEATABLE] = Field(default=[], examples=[["joe-biden"]])
    """Only events in which this actor takes no part itself, in whatever role. Repeated: none of
    them."""
    from_: DateBound | MISSING = Field(default=MISSING, alias="from")
    """The first day of the window, inclusive: `2021`, `2021-11` or `2021-11-03`."""
    to: DateBound | MISSING = MISSING
    """The last day of the window, inclusive: `2021` reaches 31 December."""
    date: Edtf | MISSING = MISSING
    """One EDTF date instead of `from` and `to`. Its bounds count, not `?` or `~`."""
    date_match: DateMatch = "overlap"
    """Whether it could touch the window, or lies certainly and wholly in it. Without a window,
    nothing is left out."""
    kind: Annotated[list[Text], REPEATABLE] = Field(default=[], examples=[["sanction"]])
    """Only events of this kind. Repeated: of any of them."""
    status: Annotated[list[EventStatus], REPEATABLE] = []
    """Only events of this status. Repeated: of any of them."""
    topic: Annotated[list[Text], REPEATABLE] = []
    """Only events that bear this keyword. Repeated: any of them."""
    source: Annotated[list[Text], REPEATABLE] = Field(
        default=[], examples=[["shomrim-2022-07-19-nso-blacklist"]]
    )
    """Only events that rest on this source, an id. Repeated: on any of them."""
    timeline: Text | MISSING = Field(default=MISSING, examples=["nso-blacklist"])
    """Only events of this timeline, an id."""
    q: SearchTerms | MISSING = MISSING
    """Only events in which every word and “quoted phrase”, of which there are at most eight,
    occurs: in title, summary, place, quotes, or the names and aliases of its actors. Whole words
    count; case, accents, vowel points and the shape of apostrophes do not."""
    min_sources: Annotated[int, Field(ge=0, le=MAX_COUNT), BeforeValidator(_integer)] | MISSING = (
        Field(default=MISSING, examples=[2])
    )
    """Only events that rest on at least so many distinct sources."""

    @property
    def visible_days(self) -> DateRange:
        """Days beside which nothing is asked for, whatever the window."""
        return None, None


class Sorting(Params):
    """In which order events are given."""

    sort: SortBy = "date"
    """By when it happened or by when the record last changed."""
    order: SortOrder = "asc"
    """The earliest first or, by `desc`, the exact reverse."""


class EventPageQuery(Paging, Sorting, EventQuery):
    """Filters of events, their order and the page."""


class FormatQuery(Sorting, EventQuery):
    """Filters of events, their order, and how many of them are written in another format."""

    limit: (
        Annotated[int, Field(ge=1, le=MAX_FORMAT_EVENTS), BeforeValidator(_integer)] | MISSING
    ) = Field(default=MISSING, examples=[100])
    """How many events at most; without it, as many as the format takes."""


class FeedQuery(FormatQuery):
    """Filters of events, of which a feed gives those that changed last."""

    sort: SortBy = "updated"
    """By when the record last changed or by when it happened."""
    order: SortOrder = "desc"
    """The newest first or, by `asc`, the exact reverse."""


class CalendarQuery(FormatQuery):
    """Filters of events, and the days that a calendar shows."""

    start: Timestamp | MISSING = MISSING
    """The first day that is shown; of a moment its day, as its clock has it."""
    end: Timestamp | MISSING = MISSING
    """The day after the last that is shown."""
    time_zone: Text | MISSING = Field(
        default=MISSING, alias="timeZone", examples=["America/New_York"]
    )
    """Changes nothing: no event has a clock time. Calendars send it."""
    cache_buster: Text | MISSING = Field(default=MISSING, alias="_")
    """Changes nothing. Calendars send it past caches."""

    @property
    def visible_days(self) -> DateRange:
        """The days that are shown, of which there may be none."""
        first = None if self.start is MISSING else date.fromisoformat(self.start)
        last = None if self.end is MISSING else date.fromisoformat(self.end)
        return first, last and max(last, _SECOND_DAY) - _ONE_DAY


class FacetQuery(EventQuery):
    """Filters of events, and what to count them by."""

    facet: Annotated[list[FacetName], REPEATABLE] = []
    """What to count by. Repeated: each of them; absent: all six."""
    facet_limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(_integer)] = 20
    """How many values of each facet at most."""


class HistogramQuery(EventQuery):
    """Filters of events, and how wide a bucket is."""

    interval: Interval = "month"
    """How wide a bucket is. Weeks begin on Monday (ISO 8601)."""


class ActorQuery(Paging):
    """Filters of actors."""

    q: SearchTerms | MISSING = Field(default=MISSING, examples=["blinken"])
    """Only actors of whom every word, of which there are at most eight, occurs, whole or in part,
    in the name or in one alias."""
    kind: Annotated[list[ActorKind], REPEATABLE] = []
    """Only actors of this kind. Repeated: of any of them."""
