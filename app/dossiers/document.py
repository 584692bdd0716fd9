"""The structure of a dossier, and its JSON Schema."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from app.schemas.entries import ActorEntry, Entry, EventEntry, SourceEntry, TimelineEntry


class Dossier(Entry):
    """A timeline with its records."""

    json_schema: Annotated[str | None, Field(alias="$schema")] = None
    """Where an editor finds this schema."""
    timeline: TimelineEntry
    sources: list[SourceEntry] = Field(default=[])
    actors: list[ActorEntry] = Field(default=[])
    events: list[EventEntry] = Field(default=[])


def _required(value: object) -> object:
    if value is None:
        raise ValueError("It is empty. Write a value.")
    return value


class DossierEnvelope(Entry):
    """The sections of a dossier. The reader validates each record of a section on its own."""

    json_schema: Annotated[Any, Field(alias="$schema")] = None
    # `timeline:` without a value would otherwise load the events into no timeline.
    timeline: Annotated[Any, AfterValidator(_required)]
    sources: list[Any] = Field(default=[])
    actors: list[Any] = Field(default=[])
    events: list[Any] = Field(default=[])


def dossier_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a dossier, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Dossier.model_json_schema(),
    }
