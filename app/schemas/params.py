"""The query string of each endpoint: its parameters and their syntax."""

import re
from datetime import date, timedelta
from typing import Annotated, TypeVar

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

# Every string, list and integer from a client has a limit.
# An unknown name is compared with all stored names, to suggest the nearest, for each repetition.
MAX_REPEATS = 50
MAX_TEXT = 200
MAX_CURSOR = 1_000
CURSOR_PATTERN = "^[A-Za-z0-9_-]+$"
# From 2**63, the SQLite driver raises OverflowError: a 500 without this limit.
MAX_COUNT = 2**31 - 1
MAX_FORMAT_EVENTS = 10_000

Value = TypeVar("Value")

_ONE_DAY = timedelta(days=1)
_SECOND_DAY = date.min + _ONE_DAY
_TIMESTAMP = re.compile(
    r"((?P<sign>[+ -])[0-9]{2})?(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
    # An unencoded "+" arrives as a space.
    r"(Z|[+ -][0-9]{2}:?[0-9]{2})?)?"
)


def _date_bound(value: str) -> str:
    """Reject intervals, sets and qualifiers, which are dates but not bounds."""
    if not re.fullmatch("[0-9-]+", value):
        raise ValueError(f"{quote(value)} is not a day, a month or a year. {DATE_HINT}")
    return validate_date(value)


def _local_date(value: str) -> str:
    """Return the day of a timestamp in its own time zone; in UTC it may be another day.

    FullCalendar sends timestamps such as `2022-07-01T00:00:00-05:00`.
    """
    match = _TIMESTAMP.fullmatch(value)
    if not match:
        raise ValueError(f"{quote(value)} is not a day or a timestamp. Write it as 2022-07-01.")
    # A widget at an end of the calendar shows days beyond it: years with a sign, or the year 0000.
    if match["sign"]:
        return (date.min if match["sign"] == "-" else date.max).isoformat()
    return date.min.isoformat() if match["day"][:4] == "0000" else validate_date(match["day"])


def _integer(value: object) -> object:
    """Reject `5.0`, `1_0` and the like, which Pydantic accepts as integers."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        raise ValueError(f"{quote(value)} is not a whole number. Write digits only.")
    return value


def _search_terms(value: str) -> str:
    terms = parse_terms(value)
    if not terms:
        raise ValueError(f"{quote(value)} contains no word. Write a word or a “quoted phrase”.")
    if len(terms) > MAX_TERMS:
        raise ValueError(
            f"It has {len(terms)} words. Write at most {MAX_TERMS}, or put a phrase in quotes."
        )
    return value


# A validator explains an error better than a pattern, so the patterns below are documentation only,
# in `json_schema_extra`.
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
    AfterValidator(_date_bound),
]
Timestamp = Annotated[
    Text,
    Field(
        examples=["2022-07-01", "2022-07-01T00:00:00-05:00"],
        json_schema_extra={"pattern": re.sub(r"\?P<\w+>", "", f"^{_TIMESTAMP.pattern}$")},
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
    Text, Field(examples=['blacklist "members of Congress"']), AfterValidator(_search_terms)
]
Cursor = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CURSOR, json_schema_extra={"pattern": CURSOR_PATTERN}),
    AfterValidator(normalize),
]
Repeatable = Annotated[list[Value], Field(max_length=MAX_REPEATS)]
"""A parameter that a request may repeat."""


class Params(BaseModel):
    """The parameters of one endpoint. An unknown parameter is an error."""

    # A misspelled filter that is ignored would return all events as if they matched.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Paging(Params):
    """Pagination."""

    # `Field` precedes the validator. Otherwise the bounds are missing in the OpenAPI document.
    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(_integer)] = 50
    """Maximum number of items on the page. Of very large items, a page has fewer."""
    cursor: Cursor | MISSING = MISSING
    """`next` of the previous page, with the same filters, `sort` and `order`."""


class EventQuery(Params):
    """Filters of events, which are combined with AND."""

    actor: Repeatable[Text] = Field(default=[], examples=[["nso-group"], ["NSO", "Candiru"]])
    """Events in which this actor takes part: an id, a name or an alias, in any case and with or
    without accents. If repeated: any of them, or each of them if `actor_match` is `all`."""
    actor_match: ActorMatch = "any"
    """Whether any or all of several actors must take part."""
    actor_scope: ActorScope = "self"
    """Whether `actor` includes only the actor itself or, with `tree`, also all its parts."""
    role: Repeatable[Role] = []
    """Events in which the actor has this role; without `actor`, in which any actor has it. If
    repeated: any of the roles."""
    exclude_actor: Repeatable[Text] = Field(default=[], examples=[["joe-biden"]])
    """Events in which this actor itself does not take part, in any role. If repeated: none of
    the actors."""
    from_: DateBound | MISSING = Field(default=MISSING, alias="from")
    """First day of the date range, inclusive: `2021`, `2021-11` or `2021-11-03`."""
    to: DateBound | MISSING = MISSING
    """Last day of the date range, inclusive: `2021` extends to 31 December."""
    date: Edtf | MISSING = MISSING
    """Date range as one EDTF date, instead of `from` and `to`. `?` and `~` are ignored."""
    date_match: DateMatch = "overlap"
    """Whether events possibly overlap the date range, or are certainly and completely inside it.
    Without a date range, it has no effect."""
    kind: Repeatable[Text] = Field(default=[], examples=[["sanction"]])
    """Events of this kind. If repeated: of any of the kinds."""
    status: Repeatable[EventStatus] = []
    """Events with this status. If repeated: with any of the statuses."""
    topic: Repeatable[Text] = []
    """Events with this keyword. If repeated: with any of the keywords."""
    source: Repeatable[Text] = Field(default=[], examples=[["shomrim-2022-07-19-nso-blacklist"]])
    """Events that cite the source with this id. If repeated: any of the sources."""
    timeline: Text | MISSING = Field(default=MISSING, examples=["nso-blacklist"])
    """Events in the timeline with this id."""
    q: SearchTerms | MISSING = MISSING
    """Events that contain every word and “quoted phrase”, at most eight, in the title, summary,
    place, quotes, or names and aliases of their actors. Only whole words match. Case, accents,
    vowel points and the form of apostrophes are ignored."""
    min_sources: Annotated[int, Field(ge=0, le=MAX_COUNT), BeforeValidator(_integer)] | MISSING = (
        Field(default=MISSING, examples=[2])
    )
    """Events that cite at least this number of distinct sources."""

    @property
    def visible_days(self) -> DateRange:
        """First and last day that a widget shows. Events outside are left out."""
        return None, None


class Sorting(Params):
    """The order of events."""

    # Two parameters: generators cannot name a value `-date`.
    sort: SortBy = "date"
    """Sort by the date of the event or by the last change of its record."""
    order: SortOrder = "asc"
    """Earliest first or, with `desc`, the exact reverse."""


class EventPageQuery(Paging, Sorting, EventQuery):
    """Filters of events, their order and pagination."""


class FormatQuery(Sorting, EventQuery):
    """Filters of events, their order, and their maximum number in a format."""

    limit: (
        Annotated[int, Field(ge=1, le=MAX_FORMAT_EVENTS), BeforeValidator(_integer)] | MISSING
    ) = Field(default=MISSING, examples=[100])
    """Maximum number of events. By default, the limit of the format applies."""


class FeedQuery(FormatQuery):
    """Filters of events for a feed, which lists the latest changes first."""

    sort: SortBy = "updated"
    """Sort by the last change of the record or by the date of the event."""
    order: SortOrder = "desc"
    """Newest first or, with `asc`, the exact reverse."""


class CalendarQuery(FormatQuery):
    """Filters of events, and the visible days of a calendar."""

    start: Timestamp | MISSING = MISSING
    """First visible day. Of a timestamp, the day in its own time zone counts."""
    end: Timestamp | MISSING = MISSING
    """Day after the last visible day."""
    # FullCalendar sends this parameter and the next one by itself.
    time_zone: Text | MISSING = Field(
        default=MISSING, alias="timeZone", examples=["America/New_York"]
    )
    """Ignored: no event has a time of day. Calendars send it."""
    cache_buster: Text | MISSING = Field(default=MISSING, alias="_")
    """Ignored. Calendars send it to bypass caches."""

    @property
    def visible_days(self) -> DateRange:
        """First and last visible day. If the first is after the last, no event matches."""
        first = None if self.start is MISSING else date.fromisoformat(self.start)
        last = None if self.end is MISSING else date.fromisoformat(self.end)
        # `end` is exclusive, but no day precedes the first of the calendar.
        return first, last and max(last, _SECOND_DAY) - _ONE_DAY


class FacetQuery(EventQuery):
    """Filters of events, and the facets to count them by."""

    facet: Repeatable[FacetName] = []
    """Property to count by. If repeated: each of them; by default, all six."""
    facet_limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(_integer)] = 20
    """Maximum number of values of each facet."""


class HistogramQuery(EventQuery):
    """Filters of events, and the length of a bucket."""

    interval: Interval = "month"
    """Length of a bucket. Weeks begin on Monday (ISO 8601)."""


class ActorQuery(Paging):
    """Filters of actors."""

    q: SearchTerms | MISSING = Field(default=MISSING, examples=["blinken"])
    """Actors that have every word, at most eight, in the name or an alias. Parts of words also
    match."""
    kind: Repeatable[ActorKind] = []
    """Actors of this kind. If repeated: of any of the kinds."""
