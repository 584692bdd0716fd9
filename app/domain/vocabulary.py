"""The closed vocabularies: the words that a record or a query may use, and what they mean.

Each has a name of its own in the contract, so that generated clients have one type for it.
"""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field
from typing_extensions import TypeAliasType

DateForm = TypeAliasType(
    "DateForm",
    Annotated[
        Literal["date", "interval", "set"],
        Field(
            description="`date`: it happened then; `interval`: it lasted from one end to the "
            "other; `set`: it happened at some time between the two."
        ),
    ],
)
DatePrecision = TypeAliasType(
    "DatePrecision",
    Annotated[
        Literal["day", "month", "year", "range"],
        Field(
            description="How much of a date is known: a day, a month, a year; `range` for "
            "intervals and sets."
        ),
    ],
)
ActorKind = TypeAliasType(
    "ActorKind",
    Annotated[
        Literal["person", "company", "government", "media", "organization"],
        Field(description="What an actor is; a part of a government is `government` too."),
    ],
)
AliasKind = TypeAliasType(
    "AliasKind",
    Annotated[
        Literal["alias", "misspelling"],
        Field(description="Whether another name is in use, or an error found in print."),
    ],
)
EventStatus = TypeAliasType(
    "EventStatus",
    Annotated[
        Literal["confirmed", "reported", "alleged", "disputed"],
        Field(
            description="`confirmed`: on record from the party itself; `reported`: the "
            "publisher's own voice; `alleged`: attributed to others; `disputed`: some citation "
            "denies it."
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
            description="`agent`: does it; `target`: has it done to them; `speaker`: says it; "
            "`addressee`: is told; `participant`: takes part; `beneficiary`: gains by it; "
            "`reporter`: makes it known; `subject`: is whom it is about."
        ),
    ],
)
Supports = TypeAliasType(
    "Supports",
    Annotated[
        Literal["event", "date", "actors", "amount"],
        Field(description="Which part of a record a quote bears on; `event` is the whole."),
    ],
)
Stance = TypeAliasType(
    "Stance",
    Annotated[
        Literal["asserts", "denies"],
        Field(description="Whether a source says that it is so, or that it is not."),
    ],
)
ActorMatch = TypeAliasType(
    "ActorMatch",
    Annotated[
        Literal["any", "all"],
        Field(description="Whether any of several actors is enough, or all must take part."),
    ],
)
ActorScope = TypeAliasType(
    "ActorScope",
    Annotated[
        Literal["self", "tree"],
        Field(description="An actor alone, or with all that it is parent of."),
    ],
)
DateMatch = TypeAliasType(
    "DateMatch",
    Annotated[
        Literal["overlap", "within"],
        Field(
            description="`overlap`: could touch the window; `within`: lies certainly and wholly "
            "in it."
        ),
    ],
)
SortBy = TypeAliasType(
    "SortBy",
    Annotated[
        Literal["date", "updated"],
        Field(description="By when it happened, or by when the record last changed."),
    ],
)
SortOrder = TypeAliasType(
    "SortOrder",
    Annotated[
        Literal["asc", "desc"],
        Field(description="The earliest first, or the exact reverse."),
    ],
)
FacetName = TypeAliasType(
    "FacetName",
    Annotated[
        Literal["actor", "kind", "status", "topic", "timeline", "source"],
        Field(description="What events are counted by: the name of a filter."),
    ],
)
Interval = TypeAliasType(
    "Interval",
    Annotated[
        Literal["day", "week", "month", "quarter", "year"],
        Field(description="How wide a bucket is. Weeks begin on Monday (ISO 8601)."),
    ],
)
TotalRelation = TypeAliasType(
    "TotalRelation",
    Annotated[
        Literal["eq", "gte"],
        Field(description="`eq`: exactly so many; `gte`: so many or more."),
    ],
)


def choices(vocabulary: TypeAliasType) -> tuple[Any, ...]:
    """List the words of a vocabulary, in order."""
    words, *_ = get_args(vocabulary.__value__)
    return get_args(words)
