"""The query string of each endpoint: its parameters and their syntax."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import (
    MISSING,
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from app.domain.edtf import DAY_PATTERN, MAX_LENGTH, PATTERN, DateError, DateRange, EventDate
from app.domain.human_dates.advice import parse_date, suggest_dates, suggest_day, validate_date
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
_MOMENT = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}"
    r"([Tt ](?P<time>([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)([.][0-9]+)?"
    r"(?P<zone>[Zz]|[+ -]([01][0-9]|2[0-3]):?[0-5][0-9])?)?)?)?"
)


def _date_bound(value: str, info: ValidationInfo) -> str:
    """Reject intervals, sets and qualifiers, which are dates but not bounds."""
    with suppress(DateError):
        if EventDate.parse(value).precision != "range" and value[-1].isdecimal():
            return value
    advice = suggest_dates(value).bound("end" if info.field_name == "to" else "start")
    kind = "date" if re.fullmatch("[0-9-]+", value) else "day, a month or a year"
    raise ValueError(f"{quote(value)} is not a {kind}. {advice.message}")


def _local_date(value: str) -> str:
    """Return the day of a timestamp in its own time zone; in UTC it may be another day.

    FullCalendar sends timestamps such as `2022-07-01T00:00:00-05:00`.
    """
    match = _TIMESTAMP.fullmatch(value)
    if not match:
        fix = suggest_day(value, "Write it as 2022-07-01.")
        raise ValueError(f"{quote(value)} is not a day or a timestamp. {fix}")
    # A widget at an end of the calendar shows days beyond it: years with a sign, or the year 0000.
    if match["sign"]:
        return (date.min if match["sign"] == "-" else date.max).isoformat()
    return date.min.isoformat() if match["day"][:4] == "0000" else validate_date(match["day"])


def _moment(value: str) -> str:
    """Return the beginning of a second, a day, a month or a year in UTC, as timestamps are stored.

    A time without a zone is UTC.
    """
    match = _MOMENT.fullmatch(value)
    if not match:
        day = suggest_dates(value).days()
        # The note may be that dates have no time of day, but moments do.
        is_day = day.readings and not day.note
        fix = day.message if is_day else "Write 2026-11-27 or 2026-11-27T12:00:00Z."
        raise ValueError(f"{quote(value)} is not a day or a moment. {fix}")
    first = parse_date(value[: len("2026-11-27")]).earliest
    zone = (match["zone"] or "Z").upper().replace(" ", "+")
    moment = datetime.fromisoformat(f"{first}T{match['time'] or '00:00'}{zone}")
    # On the first or the last day of the calendar, the moment in UTC may be beyond it.
    with suppress(OverflowError):
        moment = moment.astimezone(UTC)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def _integer(value: object) -> object:
    """Reject `5.0`, `1_0` and the like, which Pydantic accepts as integers."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        raise ValueError(f"{quote(value)} is not a whole number. Write digits only.")
    return value


def _boolean(value: object) -> object:
    """Reject `1`, `yes` and the like, which Pydantic accepts as booleans."""
    if isinstance(value, str) and value.lower() not in ("true", "false"):
        raise ValueError(f"{quote(value)} is neither true nor false. Write true or false.")
    return value


def _fold_case(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Validate a word in small letters. An error has the word as it is written."""
    if isinstance(value, str):
        with suppress(ValidationError):
            return validate(value.strip().lower())
    return validate(value)


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
Moment = Annotated[
    Text,
    Field(
        examples=["2026-11-27", "2026-11-27T12:00:00Z"],
        json_schema_extra={"pattern": re.sub(r"\?P<\w+>", "", f"^{_MOMENT.pattern}$")},
    ),
    AfterValidator(_moment),
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
Word = Annotated[Text, AfterValidator(lambda value: value.strip().lower())]
"""An id or a keyword. Both consist of small letters."""
AnyCase = Annotated[Value, WrapValidator(_fold_case)]
"""A word of a closed vocabulary, which consists of small letters."""
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
    actor_match: AnyCase[ActorMatch] = "any"
    """Whether any or all of several actors must take part."""
    actor_scope: AnyCase[ActorScope] = "self"
    """Whether `actor` includes only the actor itself or, with `tree`, also all its parts."""
    role: Repeatable[AnyCase[Role]] = []
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
    date_match: AnyCase[DateMatch] = "overlap"
    """Whether events possibly overlap the date range, or are certainly and completely inside it.
    Without a date range, it has no effect."""
    kind: Repeatable[Word] = Field(default=[], examples=[["sanction"]])
    """Events of this kind. If repeated: of any of the kinds."""
    status: Repeatable[AnyCase[EventStatus]] = []
    """Events with this status. If repeated: with any of the statuses."""
    topic: Repeatable[Text] = []
    """Events with this keyword. If repeated: with any of the keywords."""
    source: Repeatable[Word] = Field(default=[], examples=[["shomrim-2022-07-19-nso-blacklist"]])
    """Events that cite the source with this id. If repeated: any of the sources."""
    timeline: Word | MISSING = Field(default=MISSING, examples=["nso-blacklist"])
    """Events in the timeline with this id."""
    q: SearchTerms | MISSING = MISSING
    """Events that contain every word and “quoted phrase”, at most eight, in the title, summary,
    place, kind, topics, quotes, or names and aliases of their actors. A word of two letters or more
    also matches longer words that begin with it; a phrase matches whole words only. Case, accents,
    vowel points and the form of apostrophes are ignored."""
    min_sources: Annotated[int, Field(ge=0, le=MAX_COUNT), BeforeValidator(_integer)] | MISSING = (
        Field(default=MISSING, examples=[2])
    )
    """Events that cite at least this number of distinct sources."""
    updated_since: Moment | MISSING = MISSING
    """Events whose record was created or changed at this moment or later: a day, from 00:00 UTC, or
    a time, in UTC unless it has an offset. To update a copy, set it to the latest `updated_at` in
    the copy, with `sort=updated` and `order=asc`. Removed events are not listed."""

    @property
    def visible_days(self) -> DateRange:
        """First and last day that a widget shows. Events outside are left out."""
        return None, None


class Sorting(Params):
    """The order of events."""

    # Two parameters: generators cannot name a value `-date`.
    sort: AnyCase[SortBy] = "date"
    """Sort by the date of the event or by the last change of its record, `updated_at`."""
    order: AnyCase[SortOrder] = "asc"
    """Earliest first or, with `desc`, the exact reverse. To walk through the pages of
    `sort=updated` while records change, use `asc`: an event that changes moves to the end and is
    still found. With `desc` it moves to an earlier page and is missed."""


class EventPageQuery(Paging, Sorting, EventQuery):
    """Filters of events, their order and pagination."""


class FormatQuery(Sorting, EventQuery):
    """Filters of events, their order, and their maximum number in a format."""

    limit: (
        Annotated[int, Field(ge=1, le=MAX_FORMAT_EVENTS), BeforeValidator(_integer)] | MISSING
    ) = Field(default=MISSING, examples=[100])
    """Maximum number of events. By default, the limit of the format applies."""

    @property
    def is_for_excel(self) -> bool:
        """Whether a table is opened in Excel."""
        return False


class TableQuery(FormatQuery):
    """Filters of events for a table, and the program that opens it."""

    excel: Annotated[bool, BeforeValidator(_boolean)] = Field(default=False, examples=[True])
    """Whether Excel opens the table. With `true`, it has a byte order mark, columns for the year,
    month and day of the date, formulas such as `="2021-11"` for texts that Excel would change, and
    no cell that is longer than Excel allows."""

    @property
    def is_for_excel(self) -> bool:
        """Whether a table is opened in Excel."""
        return self.excel


class FeedQuery(FormatQuery):
    """Filters of events for a feed, which lists the latest changes first."""

    sort: AnyCase[SortBy] = "updated"
    """Sort by the last change of the record or by the date of the event."""
    order: AnyCase[SortOrder] = "desc"
    """Newest first or, with `asc`, the exact reverse."""


class CalendarQuery(FormatQuery):
    """Filters of events, and the visible days of a calendar."""

    start: Timestamp | MISSING = MISSING
    """First visible day. Of a timestamp, the day in its own time zone counts."""
    end: Timestamp | MISSING = MISSING
    """Day after the last visible day."""
    time_zone: Text | MISSING = Field(
        default=MISSING, alias="timeZone", examples=["America/New_York"]
    )
    """Ignored: no event has a time of day. Calendars send it."""

    @property
    def visible_days(self) -> DateRange:
        """First and last visible day. If the first is after the last, no event matches."""
        first = None if self.start is MISSING else date.fromisoformat(self.start)
        last = None if self.end is MISSING else date.fromisoformat(self.end)
        # `end` is exclusive, but no day precedes the first of the calendar.
        return first, last and max(last, _SECOND_DAY) - _ONE_DAY


class FacetQuery(EventQuery):
    """Filters of events, and the facets to count them by."""

    facet: Repeatable[AnyCase[FacetName]] = []
    """Property to count by. If repeated: each of them; by default, all six."""
    facet_limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(_integer)] = 20
    """Maximum number of values of each facet."""


class HistogramQuery(EventQuery):
    """Filters of events, and the length of a bucket."""

    interval: AnyCase[Interval] = "month"
    """Length of a bucket. Weeks begin on Monday (ISO 8601)."""


class ActorQuery(Paging):
    """Filters of actors."""

    q: SearchTerms | MISSING = Field(default=MISSING, examples=["blinken"])
    """Actors that have every word, at most eight, in the name or an alias. Parts of words also
    match."""
    kind: Repeatable[AnyCase[ActorKind]] = []
    """Actors of this kind. If repeated: of any of the kinds."""


def _names(model: type[Params]) -> set[str]:
    """Return the names of the parameters of a model, and of all models that extend it."""
    own = {field.alias or name for name, field in model.model_fields.items()}
    return own.union(*map(_names, model.__subclasses__()))


PARAMETER_NAMES = frozenset(_names(Params))
"""The names of the parameters of all endpoints."""
