"""The query string of each endpoint: what may be asked, and how it must be written."""

import re
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_origin, get_type_hints

from fastapi import Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import MISSING, AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from rapidfuzz import fuzz, process

from app.dates import MAX_LENGTH, WRITE_A_DAY, check_date
from app.errors import Fault, escaped, fault, shown, unprocessable
from app.models import ActorKind, Role, Status
from app.schemas import Interval
from app.search import MAX_TERMS, terms
from app.text import clean
from app.windows import Days

MAX_REPEATS = 50
MAX_UNKNOWN = 10
"""So many unknown parameters are named at once."""
MAX_TEXT = 200
MAX_CURSOR = 1_000
MAX_COUNT = 2**31 - 1
MAX_EXCERPT = 10_000

_ONE_DAY = timedelta(days=1)
_SECOND_DAY = date.min + _ONE_DAY
_MOMENT = re.compile(
    r"((?P<sign>[+ -])[0-9]{2})?(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
    # A "+" that was not encoded arrives as a space.
    r"(Z|[+ -][0-9]{2}:?[0-9]{2})?)?"
)

FacetName = Literal["actor", "kind", "status", "topic", "timeline", "source"]


def _day(value: str) -> str:
    if not re.fullmatch("[0-9-]+", value):
        raise ValueError(f"{shown(value)} is not a day, a month or a year; {WRITE_A_DAY}")
    return check_date(value)


def _wall_day(value: str) -> str:
    """Give the day of a moment where its clock hangs: in UTC it may be another."""
    found = _MOMENT.fullmatch(value)
    if not found:
        raise ValueError(f"{shown(value)} is not a day or a moment; write it as 2022-07-01")
    # At the ends of the calendar, a view reaches beyond them.
    if found["sign"]:
        return (date.min if found["sign"] == "-" else date.max).isoformat()
    return date.min.isoformat() if found["day"][:4] == "0000" else check_date(found["day"])


def _whole(value: object) -> object:
    """Refuse `5.0`, `1_0` and the like, which Pydantic would take for whole numbers."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        raise ValueError(f"{shown(value)} is not a whole number; write it in digits alone")
    return value


def _query(value: str) -> str:
    found = list(terms(value))
    if not found:
        raise ValueError(f"{shown(value)} has no word in it; give a word or a “quoted phrase”")
    if len(found) > MAX_TERMS:
        raise ValueError(
            f"it has {len(found)} words; give at most {MAX_TERMS}, or put a phrase in quotes"
        )
    return value


Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(clean)]
Day = Annotated[Text, Field(examples=["2021", "2021-11", "2021-11-03"]), AfterValidator(_day)]
Moment = Annotated[
    Text,
    Field(examples=["2022-07-01", "2022-07-01T00:00:00-05:00"]),
    AfterValidator(_wall_day),
]
Edtf = Annotated[
    str,
    Field(min_length=1, max_length=MAX_LENGTH, examples=["2021-11", "2021-11/2022-07"]),
    AfterValidator(clean),
    AfterValidator(check_date),
]
Words = Annotated[Text, Field(examples=['blacklist "members of Congress"']), AfterValidator(_query)]
Cursor = Annotated[str, Field(min_length=1, max_length=MAX_CURSOR), AfterValidator(clean)]


class Params(BaseModel):
    """Parameters of one endpoint; one that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paging(Params):
    """Where in a list to read."""

    limit: Annotated[int, Field(ge=1, le=500), BeforeValidator(_whole)] = Field(
        default=50, description="How many at most. 50 unless told."
    )
    cursor: Cursor | MISSING = Field(
        default=MISSING,
        description="The `next` of the page before, with the same filters and sort.",
    )


class EventQuery(Params):
    """Filters of events; each that is given must hold."""

    actor: list[Text] = Field(
        default=[],
        max_length=MAX_REPEATS,
        description="Takes part: an id, a name or an alias, whatever its case and accents. "
        "Repeated: any of them.",
        examples=[["nso-group"], ["NSO", "Candiru"]],
    )
    actor_match: Literal["any", "all"] = Field(
        default="any", description="Whether any actor is enough or all must take part."
    )
    actor_scope: Literal["self", "tree"] = Field(
        default="self", description="`tree` takes an actor with all it is parent of."
    )
    role: list[Role] = Field(
        default=[],
        max_length=MAX_REPEATS,
        description="As what the actor takes part or, without `actor`, any participant. "
        "Repeated: any of them.",
    )
    exclude_actor: list[Text] = Field(
        default=[], max_length=MAX_REPEATS, description="Takes no part itself, in whatever role."
    )
    from_: Day | MISSING = Field(
        default=MISSING,
        alias="from",
        description="The first day of the window, inclusive: `2021`, `2021-11` or `2021-11-03`.",
    )
    to: Day | MISSING = Field(
        default=MISSING,
        description="The last day of the window, inclusive: `2021` reaches 31 December.",
    )
    date: Edtf | MISSING = Field(
        default=MISSING,
        description="One EDTF date instead of `from` and `to`. Its bounds count, not `?` or `~`.",
    )
    date_match: Literal["overlap", "within"] = Field(
        default="overlap",
        description="`overlap`: could touch the window; `within`: lies certainly and wholly in it.",
    )
    kind: list[Text] = Field(
        default=[], max_length=MAX_REPEATS, description="Is of this kind, as `sanction`."
    )
    status: list[Status] = Field(default=[], max_length=MAX_REPEATS, description="Is on record so.")
    topic: list[Text] = Field(default=[], max_length=MAX_REPEATS, description="Bears this keyword.")
    source: list[Text] = Field(
        default=[], max_length=MAX_REPEATS, description="Rests on this source, an id."
    )
    timeline: Text | MISSING = Field(
        default=MISSING, description="Belongs to this timeline, an id."
    )
    q: Words | MISSING = Field(
        default=MISSING,
        description="Every word and “quoted phrase”, of which there are at most eight, occurs in "
        "title, summary, place, quotes, or the names and aliases of its actors. Whole words count; "
        "case, accents, vowel points and the shape of apostrophes do not.",
    )
    min_sources: Annotated[int, Field(ge=0, le=MAX_COUNT), BeforeValidator(_whole)] | MISSING = (
        Field(
            default=MISSING,
            description="Rests on at least so many distinct sources.",
        )
    )

    @property
    def view(self) -> Days:
        """Days beside which nothing is asked for, whatever the window."""
        return None, None


class Sorting(Params):
    """In which order events are given."""

    sort: Literal["date", "updated"] = Field(
        default="date", description="By when it happened or by when the record last changed."
    )
    order: Literal["asc", "desc"] = Field(
        default="asc", description="Earliest first, or its exact reverse."
    )


class EventPageQuery(Paging, Sorting, EventQuery):
    """Filters of events, their order and the page."""


class ExcerptQuery(Sorting, EventQuery):
    """Filters of events, their order, and how many of them are written in another format."""

    limit: Annotated[int, Field(ge=1, le=MAX_EXCERPT), BeforeValidator(_whole)] | MISSING = Field(
        default=MISSING,
        description="How many at most; what the format takes if that is less. "
        "An answer that is cut says so, in itself and in the header `Timeline-Truncated`.",
    )


class FeedQuery(ExcerptQuery):
    """Filters of events, of which a feed gives those that changed last."""

    sort: Literal["date", "updated"] = Field(
        default="updated", description="By when the record last changed or by when it happened."
    )
    order: Literal["asc", "desc"] = Field(
        default="desc", description="Newest first, or its exact reverse."
    )


class CalendarQuery(ExcerptQuery):
    """Filters of events, and the days that a calendar shows."""

    start: Moment | MISSING = Field(
        default=MISSING,
        description="The first day that is shown; of a moment its day, as its clock has it.",
    )
    end: Moment | MISSING = Field(
        default=MISSING, description="The day after the last that is shown."
    )
    time_zone: Text | MISSING = Field(
        default=MISSING,
        alias="timeZone",
        description="Changes nothing: no event has a clock time. Calendars send it.",
    )
    buster: Text | MISSING = Field(
        default=MISSING, alias="_", description="Changes nothing. Sent past caches."
    )

    @property
    def view(self) -> Days:
        """The days that are shown, of which there may be none."""
        first = None if self.start is MISSING else date.fromisoformat(self.start)
        last = None if self.end is MISSING else date.fromisoformat(self.end)
        return first, last and max(last, _SECOND_DAY) - _ONE_DAY


class FacetQuery(EventQuery):
    """Filters of events, and what to count them by."""

    facet: list[FacetName] = Field(
        default=[],
        max_length=MAX_REPEATS,
        description="What to count by. Repeated: each of them; absent: all six.",
    )
    facet_limit: Annotated[int, Field(ge=1, le=200), BeforeValidator(_whole)] = Field(
        default=20, description="How many values of each facet. 20 unless told."
    )


class HistogramQuery(EventQuery):
    """Filters of events, and how wide a bucket is."""

    interval: Interval = Field(
        default="month", description="How wide a bucket is. Weeks begin on Monday (ISO 8601)."
    )


class ActorQuery(Paging):
    """Filters of actors."""

    q: Words | MISSING = Field(
        default=MISSING,
        description="Every word occurs, whole or in part, in its name or in one of its aliases.",
    )
    kind: list[ActorKind] = Field(
        default=[], max_length=MAX_REPEATS, description="Is of this kind. Repeated: any of them."
    )


EventPageParams = Annotated[EventPageQuery, Query()]
FacetParams = Annotated[FacetQuery, Query()]
HistogramParams = Annotated[HistogramQuery, Query()]
ActorParams = Annotated[ActorQuery, Query()]
PagingParams = Annotated[Paging, Query()]


def parameters_of(endpoint: Callable[..., Any]) -> dict[str, bool]:
    """List the parameters that an endpoint takes, and whether each may be repeated.

    The model that owns the query string is the endpoint's argument `query`.
    """
    model = get_type_hints(endpoint).get("query", Params)
    return {
        field.alias or name: get_origin(field.annotation) is list
        for name, field in model.model_fields.items()
    }


class StrictRoute(APIRoute):
    """A route that refuses unknown parameters, and repeats of those that take one value.

    FastAPI by itself ignores the first where an endpoint takes no query, and of the second keeps
    the last.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check the names in the query string before FastAPI reads the values."""
        answer = super().get_route_handler()
        repeatable = parameters_of(self.endpoint)

        async def strict(request: Request) -> Response:
            given = [name for name, _ in request.query_params.multi_items()]
            unknown = [name for name in dict.fromkeys(given) if name not in repeatable]
            single = [name for name, more in repeatable.items() if not more]
            repeated = [name for name in single if given.count(name) > 1]
            if unknown or repeated:
                faults = [_unknown(name, list(repeatable)) for name in unknown[:MAX_UNKNOWN]]
                raise unprocessable(*faults, *map(_repeated, repeated))
            return await answer(request)

        return strict


def _repeated(name: str) -> Fault:
    return fault(name, "it is given more than once; give it once")


def _unknown(name: str, known: list[str]) -> Fault:
    parameter = escaped(name) or "''"
    detail = "there is no such parameter here"
    if not known:
        return fault(parameter, f"{detail}; this path takes none")
    similar = process.extract(name, known, scorer=fuzz.ratio, limit=3, score_cutoff=65)
    nearest = [match for match, *_ in similar]
    cure = f"did you mean {' or '.join(nearest)}?" if nearest else "remove it"
    return fault(parameter, f"{detail}; {cure}", nearest)
