"""A whole dossier, and its JSON Schema."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
)

from app.schemas.entries import ActorEntry, Entry, EventEntry, SourceEntry, TimelineEntry


class Dossier(Entry):
    """A timeline, and the records that it tells of."""

    json_schema: Annotated[str | None, Field(alias="$schema")] = None
    """Where an editor finds this schema."""
    timeline: TimelineEntry
    sources: list[SourceEntry] = []
    actors: list[ActorEntry] = []
    events: list[EventEntry] = []


def _required(value: object) -> object:
    if value is None:
        raise ValueError("it is empty; write it")
    return value


class DossierEnvelope(Entry):
    """A dossier whose records are yet to be read."""

    json_schema: Annotated[Any, Field(alias="$schema")] = None
    timeline: Annotated[Any, AfterValidator(_required)]
    sources: list[Any] = []
    actors: list[Any] = []
    events: list[Any] = []


def dossier_json_schema() -> dict[str, Any]:
    """Give the JSON Schema of a dossier, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Dossier.model_json_schema(),
    }
