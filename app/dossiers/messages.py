"""What Pydantic finds wrong in a dossier, in our words and with the cure."""

import re
from collections.abc import Callable

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process

from app.domain.limits import SLUG_PATTERN
from app.domain.text import quote, words
from app.dossiers.document import DossierEnvelope
from app.schemas.entries import (
    ActorEntry,
    AliasEntry,
    AmountEntry,
    CitationEntry,
    Entry,
    EventEntry,
    ParticipantEntry,
    SourceEntry,
    TimelineEntry,
)
from app.schemas.fields import (
    KEYWORD_PATTERN,
    LINE_PATTERN,
    LINK_PATTERN,
    PROSE_PATTERN,
    SHA256_PATTERN,
    not_a_string_message,
)
from app.schemas.validation import validation_message

_RECORDS: dict[str, type[Entry]] = {
    "a dossier": DossierEnvelope,
    "a timeline": TimelineEntry,
    "a source": SourceEntry,
    "an actor": ActorEntry,
    "an alias": AliasEntry,
    "an event": EventEntry,
    "an amount": AmountEntry,
    "a participant": ParticipantEntry,
    "a citation": CitationEntry,
}
_INSIDE: dict[str | int, type[Entry]] = {
    "aliases": AliasEntry,
    "amount": AmountEntry,
    "participants": ParticipantEntry,
    "citations": CitationEntry,
}
MIN_SIMILARITY = 75
"""Of 100: a key that is less like one than this is not taken for a misspelling of it."""

_DETAILS = {
    "string_unicode": "it has half of a surrogate pair in it; write the whole character",
    "too_long": "it has {actual_length:,}; give at most {max_length:,}",
}


def error_message(model: type[BaseModel], error: ErrorDetails) -> str:
    """Say what Pydantic found wrong with a value in a record, and what to write instead."""
    kind, loc, given = error["type"], error["loc"], error["input"]
    holder, key = _owning_model(model, loc[:-1]), str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return _unknown_key(holder, key, given)
    if key == "citations" and kind in ("missing", "too_short"):
        return "there is none; no event stands without a quote and its source"
    if kind in _DETAILS:
        return _DETAILS[kind].format(**error.get("ctx", {}))
    if kind == "string_pattern_mismatch":
        return _MISMATCHES[error["ctx"]["pattern"]](given)
    if given is None or kind == "string_too_short":
        required = key in holder.model_fields and holder.model_fields[key].is_required()
        return f"it is empty; {'write it' if required else 'give a value or leave it out'}"
    if kind in ("model_type", "model_attributes_type"):
        return f"it is not a record; write {_required_keys(_owning_model(model, loc))}"
    if kind == "string_type":
        return not_a_string_message(given)
    return validation_message(error)


def _owning_model(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """Give the model of the record at a place, or of that which holds the value there."""
    for key in loc:
        model = _INSIDE.get(key, model)
    return model


def _required_keys(model: type[BaseModel]) -> str:
    keys = [key for key, field in model.model_fields.items() if field.is_required()]
    return f"{{{', '.join(f'{key}: …' for key in keys)}}}"


def _unknown_key(holder: type[BaseModel], key: str, value: object) -> str:
    known = [name for name, field in holder.model_fields.items() if not field.alias]
    likely = process.extractOne(
        key, known, scorer=fuzz.ratio, processor=str.lower, score_cutoff=MIN_SIMILARITY
    )
    if likely:
        return f"it is not known here; remove it, or correct it: the nearest key is {likely[0]}"
    if value is None:
        if ":" in key:
            return "it is not known here; write a space behind the colon"
        return "it has no value; within braces put a text with a comma in quotes"
    return f"it is not known here; {_suggest_place(holder, key, known)}"


def _suggest_place(holder: type[BaseModel], key: str, known: list[str]) -> str:
    owners = [owner for owner, model in _RECORDS.items() if key in model.model_fields]
    if holder is DossierEnvelope and owners:
        return "indent it, as a key of a record"
    if "a dossier" in owners:
        return "move it to the left margin, as a key of the dossier"
    return (
        f"it is a key of {' and '.join(owners)}" if owners else f"the keys are {', '.join(known)}"
    )


def _not_an_id(given: str) -> str:
    near = "-".join(words(given))
    example = near if re.fullmatch(SLUG_PATTERN, near) else "nso-group"
    return f"{quote(given)} is not an id; write small letters, digits and hyphens, as {example}"


def _invalid_characters(given: str) -> str:
    control = re.search(r"[\x00-\x1f\x7f-\x9f]", given.replace("\n", ""))
    if control:
        return f"it has the control character {control[0]!r} in it; remove it"
    return f"{quote(given)} has a line break in it; write it on one line"


def _not_a_keyword(given: str) -> str:
    near = "_".join(words(given))
    example = near if re.fullmatch(KEYWORD_PATTERN, near) else "lobbying"
    return (
        f"{quote(given)} is not a keyword; "
        f"write small letters, digits, hyphens and underscores, as {example}"
    )


_MISMATCHES: dict[str, Callable[[str], str]] = {
    SLUG_PATTERN: _not_an_id,
    PROSE_PATTERN: _invalid_characters,
    LINE_PATTERN: _invalid_characters,
    KEYWORD_PATTERN: _not_a_keyword,
    LINK_PATTERN: lambda given: (
        f"{quote(given)} is not a link; write it whole, from http:// or https:// on, with the name "
        "of a host, without spaces and without a user name"
    ),
    SHA256_PATTERN: lambda given: f"{quote(given)} is not a digest; write 64 of 0–9 and a–f",
}
