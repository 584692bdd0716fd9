"""The closed vocabularies: the words that a record or a query may use, and their meanings.

Each is a named schema in the OpenAPI document, so that generated clients have one type for it.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field
from typing_extensions import TypeAliasType

_DATE_FORM = Field(
    description="The form of a date. `date`: it happened on that date; `interval`: it lasted from "
    "the first date to the last; `set`: it happened at some time between the two."
)
DateForm = TypeAliasType("DateForm", Annotated[Literal["date", "interval", "set"], _DATE_FORM])

_DATE_PRECISION = Field(
    description="The precision of a date: a day, a month or a year; `range` for intervals and sets."
)
DatePrecision = TypeAliasType(
    "DatePrecision", Annotated[Literal["day", "month", "year", "range"], _DATE_PRECISION]
)

_ACTOR_KIND = Field(
    description="The kind of an actor. A part of a government is also `government`."
)
ActorKind = TypeAliasType(
    "ActorKind",
    Annotated[Literal["person", "company", "government", "media", "organization"], _ACTOR_KIND],
)

_ALIAS_KIND = Field(description="`alias`: a name in use; `misspelling`: an error found in print.")
AliasKind = TypeAliasType("AliasKind", Annotated[Literal["alias", "misspelling"], _ALIAS_KIND])

_EVENT_STATUS = Field(
    description="How well an event is established. `confirmed`: by the party itself, on record; "
    "`reported`: by the publisher, in its own voice; `alleged`: attributed to others; `disputed`: "
    "denied by some citation."
)
EventStatus = TypeAliasType(
    "EventStatus", Annotated[Literal["confirmed", "reported", "alleged", "disputed"], _EVENT_STATUS]
)

_ROLE = Field(
    description="The role of an actor in an event. `agent`: acts; `target`: is acted on; "
    "`speaker`: says something; `addressee`: is spoken to; `participant`: takes part; "
    "`beneficiary`: benefits; `reporter`: reports it; `subject`: is the topic of it."
)
Role = TypeAliasType(
    "Role",
    Annotated[
        Literal[
            "agent",
            "target",
            "speaker",
            "addressee",
            "participant",
            "beneficiary",
            "reporter",
            "subject",
        ],
        _ROLE,
    ],
)

_SUPPORTS = Field(description="The part of an event that a quote supports; `event` is the whole.")
Supports = TypeAliasType(
    "Supports", Annotated[Literal["event", "date", "actors", "amount"], _SUPPORTS]
)

_STANCE = Field(description="`asserts`: the source says that it is so; `denies`: that it is not.")
Stance = TypeAliasType("Stance", Annotated[Literal["asserts", "denies"], _STANCE])

_ACTOR_MATCH = Field(
    description="`any`: at least one of the actors takes part; `all`: every one does."
)
ActorMatch = TypeAliasType("ActorMatch", Annotated[Literal["any", "all"], _ACTOR_MATCH])

_ACTOR_SCOPE = Field(
    description="`self`: the actor alone; `tree`: with all its parts, at any depth."
)
ActorScope = TypeAliasType("ActorScope", Annotated[Literal["self", "tree"], _ACTOR_SCOPE])

_DATE_MATCH = Field(
    description="`overlap`: possibly overlaps the date range; `within`: is certainly and "
    "completely inside it."
)
DateMatch = TypeAliasType("DateMatch", Annotated[Literal["overlap", "within"], _DATE_MATCH])

_SORT_BY = Field(description="`date`: when it happened; `updated`: when the record last changed.")
SortBy = TypeAliasType("SortBy", Annotated[Literal["date", "updated"], _SORT_BY])

_SORT_ORDER = Field(description="`asc`: earliest first; `desc`: the exact reverse.")
SortOrder = TypeAliasType("SortOrder", Annotated[Literal["asc", "desc"], _SORT_ORDER])

_FACET_NAME = Field(description="A property to count events by: the name of its filter.")
FacetName = TypeAliasType(
    "FacetName",
    Annotated[Literal["actor", "kind", "status", "topic", "timeline", "source"], _FACET_NAME],
)

_INTERVAL = Field(description="The length of a bucket. Weeks begin on Monday (ISO 8601).")
Interval = TypeAliasType(
    "Interval", Annotated[Literal["day", "week", "month", "quarter", "year"], _INTERVAL]
)

_TOTAL_RELATION = Field(description="`eq`: the count is exact; `gte`: it is a lower bound.")
TotalRelation = TypeAliasType("TotalRelation", Annotated[Literal["eq", "gte"], _TOTAL_RELATION])


def choices(vocabulary: TypeAliasType) -> tuple[Any, ...]:
    """Return the words of a vocabulary, in order."""
    words, *_ = get_args(vocabulary.__value__)
    return get_args(words)
