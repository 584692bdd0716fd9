"""Messages for the validation errors of dossiers: what is wrong, and the fix."""

import re
from collections.abc import Callable

from pydantic import BaseModel
from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process

from app.domain.analyzer import words
from app.domain.limits import SLUG_PATTERN
from app.domain.text import quote
from app.dossiers.document import DossierEnvelope
from app.schemas import entries, fields
from app.schemas.validation import validation_message

_MODELS: dict[str, type[entries.Entry]] = {
    "a dossier": DossierEnvelope,
    "a timeline": entries.TimelineEntry,
    "a source": entries.SourceEntry,
    "an actor": entries.ActorEntry,
    "an alias": entries.AliasEntry,
    "an event": entries.EventEntry,
    "an amount": entries.AmountEntry,
    "a topic": entries.TopicEntry,
    "a participant": entries.ParticipantEntry,
    "a citation": entries.CitationEntry,
}
_NESTED_MODELS: dict[str | int, type[entries.Entry]] = {
    "aliases": entries.AliasEntry,
    "amount": entries.AmountEntry,
    "topics": entries.TopicEntry,
    "participants": entries.ParticipantEntry,
    "citations": entries.CitationEntry,
}
MIN_SIMILARITY = 75
"""Of 100: the least similarity of a key to a known one that counts as a misspelling of it."""

# Our message for error types that occur in dossiers only; see also `app.schemas.validation`.
_MESSAGES = {
    "string_unicode": "It contains half of a surrogate pair. Write the whole character.",
    "too_long": "The list has {actual_length:,} items. Write at most {max_length:,}.",
}


def error_message(model: type[BaseModel], error: ErrorDetails) -> str:
    """Return the message for an error that Pydantic found in a record of this model."""
    kind, loc, value = error["type"], error["loc"], error["input"]
    owner, key = _owning_model(model, loc[:-1]), str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return _unknown_key(owner, key, value)
    if key == "citations" and kind in ("missing", "too_short"):
        return "There are none. An event needs at least one quote with its source."
    if kind in _MESSAGES:
        return _MESSAGES[kind].format(**error.get("ctx", {}))
    if kind == "string_pattern_mismatch":
        return _MISMATCHES[error["ctx"]["pattern"]](value)
    # In YAML, an empty value is null, whatever type the model expects.
    if value is None or kind == "string_too_short":
        required = key in owner.model_fields and owner.model_fields[key].is_required()
        return f"It is empty. Write a value{'' if required else ' or leave it out'}."
    if kind in ("model_type", "model_attributes_type"):
        return f"It is not a record. Write {_required_keys(_owning_model(model, loc))}."
    if kind == "string_type":
        return fields.not_a_string_message(value)
    return validation_message(error)


def _owning_model(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """Return the model of the record at a place, or of the record that contains the place."""
    for key in loc:
        model = _NESTED_MODELS.get(key, model)
    return model


def _required_keys(model: type[BaseModel]) -> str:
    keys = [key for key, field in model.model_fields.items() if field.is_required()]
    return f"{{{', '.join(f'{key}: …' for key in keys)}}}"


def _unknown_key(owner: type[BaseModel], key: str, value: object) -> str:
    # Without `$schema`, the only alias, which is for editors.
    known = [name for name, field in owner.model_fields.items() if not field.alias]
    nearest = process.extractOne(
        key, known, scorer=fuzz.ratio, processor=str.lower, score_cutoff=MIN_SIMILARITY
    )
    if nearest:
        return f"The key is unknown here. The nearest is {quote(nearest[0])}."
    if value is None:
        # In braces, `{actor:nso}` has a key `actor:nso`.
        if ":" in key:
            return "The key is unknown here. Write a space after the colon."
        # In braces, `{capacity: chair, acting}` has a key `acting`.
        return "The key has no value. In braces, put a text that contains a comma in quotes."
    return f"The key is unknown here. {_suggest_place(owner, key, known)}"


def _suggest_place(owner: type[BaseModel], key: str, known: list[str]) -> str:
    owners = [name for name, model in _MODELS.items() if key in model.model_fields]
    if owner is DossierEnvelope and owners:
        return "Indent it, to make it a key of a record."
    if "a dossier" in owners:
        return "Move it to the left margin, to make it a key of the dossier."
    if owners:
        return f"It is a key of {' and '.join(owners)}."
    return f"The keys are {', '.join(known)}."


def _not_an_id(value: str) -> str:
    example = _rewrite(value, "-") or "nso-group"
    return f"{quote(value)} is not an id. Write lower-case letters, digits and hyphens: {example}."


def _not_a_keyword(value: str) -> str:
    example = _rewrite(value, "_") or "lobbying"
    fix = f"Write lower-case letters, digits, hyphens and underscores: {example}."
    return f"{quote(value)} is not a keyword. {fix}"


def _rewrite(value: str, separator: str) -> str | None:
    """Return the words of a text as an id or a keyword, or None if they cannot be one."""
    near = separator.join(words(value))
    return near if re.fullmatch(fields.KEYWORD_PATTERN, near) else None


def _invalid_characters(value: str) -> str:
    control = re.search(r"[\x00-\x1f\x7f-\x9f]", value.replace("\n", ""))
    if control:
        return f"It contains the control character {control[0]!r}. Remove it."
    return f"{quote(value)} contains a line break. Write it on one line."


_MISMATCHES: dict[str, Callable[[str], str]] = {
    SLUG_PATTERN: _not_an_id,
    fields.PROSE_PATTERN: _invalid_characters,
    fields.LINE_PATTERN: _invalid_characters,
    fields.KEYWORD_PATTERN: _not_a_keyword,
    fields.LINK_PATTERN: lambda value: (
        f"{quote(value)} is not a link. Write a complete URL that begins with http:// or https://, "
        "with a host name, without spaces and without a user name."
    ),
    fields.SHA256_PATTERN: lambda value: (
        f"{quote(value)} is not a SHA-256 digest. Write 64 characters of 0–9 and a–f."
    ),
}
