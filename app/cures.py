"""What Pydantic finds wrong in a dossier, in our words and with the cure."""

import re
from collections.abc import Callable

from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process

from app.dossier import (
    KEYWORD_PATTERN,
    LINE_PATTERN,
    LINK_PATTERN,
    PROSE_PATTERN,
    SHA256_PATTERN,
    ActorEntry,
    AmountEntry,
    CitationEntry,
    Dossier,
    Entry,
    EventEntry,
    ParticipantEntry,
    SourceEntry,
    TimelineEntry,
)
from app.errors import shown, worded
from app.models import SLUG_PATTERN
from app.text import words

_OWNERS: dict[str, type[Entry]] = {
    "a dossier": Dossier,
    "a timeline": TimelineEntry,
    "a source": SourceEntry,
    "an actor": ActorEntry,
    "an event": EventEntry,
    "an amount": AmountEntry,
    "a participant": ParticipantEntry,
    "a citation": CitationEntry,
}


def cure(error: ErrorDetails) -> str:
    """Say what Pydantic found wrong with a value of a dossier, and what to write instead."""
    if error["type"] == "extra_forbidden":
        return _unknown_key(str(error["loc"][-1]))
    if error["loc"][-1:] == ("citations",) and error["type"] in ("missing", "too_short"):
        return "there is none; no event stands without a quote and its source"
    if error["type"] == "string_unicode":
        return "it has half of a surrogate pair in it; write the whole character"
    if error["type"] == "string_pattern_mismatch":
        return _MISMATCHES[error["ctx"]["pattern"]](error["input"])
    return worded(error)


def _unknown_key(key: str) -> str:
    owners = [owner for owner, model in _OWNERS.items() if key in model.model_fields]
    if owners:
        return f"it is not known here; it is a key of {' and '.join(owners)}"
    known = {key for model in _OWNERS.values() for key in model.model_fields}
    nearest, *_ = process.extractOne(key, sorted(known), scorer=fuzz.ratio)
    return f"it is not known here; remove it, or correct it: the nearest key is {nearest}"


def _not_an_id(given: str) -> str:
    near = "-".join(words(given))
    example = near if re.fullmatch(SLUG_PATTERN, near) else "nso-group"
    return f"{shown(given)} is not an id; write small letters, digits and hyphens, as {example}"


def _not_a_text(given: str) -> str:
    control = re.search(r"[\x00-\x1f\x7f-\x9f]", given.replace("\n", ""))
    if control:
        return f"it has the control character {control[0]!r} in it; remove it"
    return f"{shown(given)} has a line break in it; write it on one line"


_MISMATCHES: dict[str, Callable[[str], str]] = {
    SLUG_PATTERN: _not_an_id,
    PROSE_PATTERN: _not_a_text,
    LINE_PATTERN: _not_a_text,
    KEYWORD_PATTERN: lambda given: (
        f"{shown(given)} is not a keyword; write small letters, digits, hyphens and underscores"
    ),
    LINK_PATTERN: lambda given: (
        f"{shown(given)} is not a link; write http:// or https://, and no user name"
    ),
    SHA256_PATTERN: lambda given: f"{shown(given)} is not a digest; write 64 of 0–9 and a–f",
}
