"""What an error of the database means, whichever engine reports it."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from app.db.postgresql import errors as postgresql
from app.db.sqlite import errors as sqlite

FailureKind = Literal["timeout", "corrupt", "unavailable", "bug"]
"""A query took too long; the data is damaged; the database is busy or cannot be reached, which is
temporary or the operator can fix; or the statement is wrong, which is a bug."""


class Failure(NamedTuple):
    """What an error means, and the message for an operator."""

    kind: FailureKind
    message: str


def describe_failure(error: BaseException | None) -> Failure:
    """Describe an error of a driver, or of the system."""
    if isinstance(error, OSError) and error.strerror:
        return Failure("unavailable", f"{error.strerror}.")
    if (code := sqlite.error_code(error)) is not None:
        kinds: dict[FailureKind, set[int]] = {
            "timeout": {sqlite.INTERRUPTED},
            "corrupt": sqlite.CORRUPT,
            "unavailable": sqlite.UNAVAILABLE,
        }
        found: Iterator[FailureKind] = (kind for kind, codes in kinds.items() if code in codes)
        return Failure(next(found, "bug"), sqlite.describe_error(error))
    return Failure(postgresql.failure_kind(error), postgresql.describe_error(error))
