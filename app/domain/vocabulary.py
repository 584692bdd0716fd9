"""The closed vocabularies: the words that a record or a query may use, and their meanings.

Each is a named schema in the OpenAPI document, so that generated clients have one type for it.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field
from typing_extensions import TypeAliasType

DateForm = TypeAliasType(
    "DateForm",
    Annotated[
        Literal["date", "interval", "set"],
        Field(
            description="The form of a date. `date`: it happened on that date; `interval`: it "
            "lasted from the first date to the last; `set`: it happened at some time between the "
            "two."
        ),
    ],
)
DatePrecision = TypeAliasType(
    "DatePrecision",
    Annotated[
        Literal["day", "month", "year", "range"],
        Field(
            description="The precision of a date: a day, a month or a year; `range` for intervals "
            "and sets."
        ),
    ],
)
ActorKind = TypeAliasType(
    "ActorKind",
    Annotated[
        Literal["person", "company", "government", "media", "organization"],
        Field(description="The kind of an actor. A part of a government is also `government`."),
    ],
)
AliasKind = TypeAliasType(
    "AliasKind",
    Annotated[
        Literal["alias", "misspelling"],
        Field(description="`alias`: a name in use; `misspelling`: an error found in print."),
    ],
)
EventStatus = TypeAliasType(
    "EventStatus",
    Annotated[
        Literal["confirmed", "reported", "alleged", "disputed"],
        Field(
            description="How well an event is established. `confirmed`: by the party itself, on "
            "record; `reported`: by the publisher, in its own voice; `alleged`: attributed to "
            "others; `disputed`: denied by some citation."
        ),
    ],
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
        Field(
            description="The role of an actor in an event. `agent`: acts; `target`: is acted on; "
            "`speaker`: says something; `addressee`: is spoken to; `participant`: takes part; "
            "`beneficiary`: benefits; `reporter`: reports it; `subject`: is the topic of it."
        ),
    ],
)
Supports = TypeAliasType(
    "Supports",
    Annotated[
        Literal["event", "date", "actors", "amount"],
        Field(description="The part of an event that a quote supports; `event` is the whole."),
    ],
)
Stance = TypeAliasType(
    "Stance",
    Annotated[
        Literal["asserts", "denies"],
        Field(description="`asserts`: the source says that it is so; `denies`: that it is not."),
    ],
)
ActorMatch = TypeAliasType(
    "ActorMatch",
    Annotated[
        Literal["any", "all"],
        Field(description="`any`: at least one of the actors takes part; `all`: every one does."),
    ],
)
ActorScope = TypeAliasType(
    "ActorScope",
    Annotated[
        Literal["self", "tree"],
        Field(description="`self`: the actor alone; `tree`: with all its parts, at any depth."),
    ],
)
DateMatch = TypeAliasType(
    "DateMatch",
    Annotated[
        Literal["overlap", "within"],
        Field(
            description="`overlap`: possibly overlaps the date range; `within`: is certainly and "
            "completely inside it."
        ),
    ],
)
SortBy = TypeAliasType(
    "SortBy",
    Annotated[
        Literal["date", "updated"],
        Field(description="`date`: when it happened; `updated`: when the record last changed."),
    ],
)
SortOrder = TypeAliasType(
    "SortOrder",
    Annotated[
        Literal["asc", "desc"],
        Field(description="`asc`: earliest first; `desc`: the exact reverse."),
    ],
)
FacetName = TypeAliasType(
    "FacetName",
    Annotated[
        Literal["actor", "kind", "status", "topic", "timeline", "source"],
        Field(description="A property to count events by: the name of its filter."),
    ],
)
Interval = TypeAliasType(
    "Interval",
    Annotated[
        Literal["day", "week", "month", "quarter", "year"],
        Field(description="The length of a bucket. Weeks begin on Monday (ISO 8601)."),
    ],
)
TotalRelation = TypeAliasType(
    "TotalRelation",
    Annotated[
        Literal["eq", "gte"],
        Field(description="`eq`: the count is exact; `gte`: it is a lower bound."),
    ],
)


def choices(vocabulary: TypeAliasType) -> tuple[Any, ...]:
    """Return the words of a vocabulary, in order."""
    words, *_ = get_args(vocabulary.__value__)
    return get_args(words)
