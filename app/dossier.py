"""Dossier files: what people write by hand, and what is wrong with it if something is."""

import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from app.dates import EventDate, check_date
from app.errors import shown, worded
from app.models import (
    MAX_QUOTE_LENGTH,
    MAX_SLUG_LENGTH,
    MAX_TITLE_LENGTH,
    SLUG_PATTERN,
    ActorKind,
    AliasKind,
    Role,
    Stance,
    Status,
    Supports,
)
from app.text import clean, words


class DossierError(Exception):
    """Dossiers cannot be loaded; `problems` says why, each with its place and its cure."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def _prose(value: str) -> str:
    return clean(value, allowed="\n")


def _line(value: str) -> str:
    if "\n" in value:
        raise ValueError(f"{shown(value)} has a line break in it; write it on one line")
    return value


def _id(value: str) -> str:
    if not re.fullmatch(SLUG_PATTERN, value):
        near = "-".join(words(value))
        example = near if re.fullmatch(SLUG_PATTERN, near) else "nso-group"
        raise ValueError(
            f"{shown(value)} is not an id; write small letters, digits and hyphens, as {example}"
        )
    return value


def _link(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
        raise ValueError(
            f"{shown(value)} is not a link; write http:// or https://, and no user name"
        )
    return value


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("it is not a day; write it as 2021-11-03")  # noqa: TRY004 - for Pydantic
    when = EventDate.parse(value)
    if when.edtf != when.earliest.isoformat():
        raise ValueError(f"{shown(value)} is not a day; write it as 2021-11-03, or leave it out")
    return when.earliest


def _alias(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Prose = Annotated[str, Field(min_length=1), AfterValidator(_prose)]
Line = Annotated[Prose, AfterValidator(_line)]
Title = Annotated[
    str,
    Field(min_length=1, max_length=MAX_TITLE_LENGTH),
    AfterValidator(_prose),
    AfterValidator(_line),
]
Quote = Annotated[str, Field(min_length=1, max_length=MAX_QUOTE_LENGTH), AfterValidator(_prose)]
Id = Annotated[str, Field(max_length=MAX_SLUG_LENGTH), AfterValidator(_id)]
Link = Annotated[Line, AfterValidator(_link)]


class Entry(BaseModel):
    """A record as it is written; keys that it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class TimelineEntry(Entry):
    """What the dossier is about."""

    id: Id
    title: Line
    description: Prose | None = None
    language: Line | None = None


class AliasEntry(Entry):
    """Another name of an actor; a plain text is an alias of kind `alias`."""

    name: Line
    kind: AliasKind = "alias"


class ActorEntry(Entry):
    """Who takes part, publishes or is spoken of."""

    id: Id
    name: Line
    kind: ActorKind
    parent: Id | None = None
    aliases: list[Annotated[AliasEntry, BeforeValidator(_alias)]] = []
    note: Prose | None = None


class SourceEntry(Entry):
    """What records rest on."""

    id: Id
    title: Line
    publisher: Id
    author: Line | None = None
    published: Annotated[date, BeforeValidator(_day)] | None = None
    url: Link | None = None
    archived_url: Link | None = None
    language: Line | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    note: Prose | None = None


class AmountEntry(Entry):
    """How much, in the source's words, with the numbers read from them."""

    text: Line
    min: Annotated[float, Field(allow_inf_nan=False)] | None = None
    max: Annotated[float, Field(allow_inf_nan=False)] | None = None
    unit: Line | None = None

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is more than max {self.max:g}; swap them")
        return self


class ParticipantEntry(Entry):
    """Who took part, and as what."""

    actor: Id
    role: Role
    capacity: Line | None = None


class CitationEntry(Entry):
    """A source's own words."""

    source: Id
    quote: Quote
    locator: Line | None = None
    supports: Supports = "event"
    stance: Stance = "asserts"
    attributed_to: Line | None = None


class EventEntry(Entry):
    """What happened, when as far as it is known, and who says so."""

    id: Id
    title: Title
    summary: Prose | None = None
    kind: Annotated[str, Field(pattern="^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=MAX_SLUG_LENGTH)]
    status: Status
    date: Annotated[str, AfterValidator(check_date)]
    date_text: Line | None = None
    date_note: Prose | None = None
    place: Line | None = None
    amount: AmountEntry | None = None
    topics: list[Id] = []
    participants: list[ParticipantEntry] = []
    citations: Annotated[list[CitationEntry], Field(min_length=1)]


class Dossier(Entry):
    """One file: a timeline, and the records that it tells of."""

    timeline: TimelineEntry
    sources: list[SourceEntry] = []
    actors: list[ActorEntry] = []
    events: list[EventEntry] = []


class _Loader(yaml.CSafeLoader):
    """Reads every scalar as the text that stands there, so that `2021` stays a date.

    The models know what is a number. A key written twice is refused, and so is an explicit tag.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to say it
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012
        tag: construct
        for tag, construct in yaml.CSafeLoader.yaml_constructors.items()
        if tag is None or tag.endswith((":null", ":str", ":seq", ":map"))
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _marked("a key is not a text; write `key: value`", key)
            if key.value in seen:
                raise _marked(_written_twice(key.value), key)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _marked(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _written_twice(key: str) -> str:
    return f"the key {shown(key)} is written twice; remove one"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(_written_twice(key))
    return dict(pairs)


def read_dossier(path: Path) -> Dossier:
    """Read a YAML or JSON file; raise DossierError with all that is wrong in it."""
    try:
        return Dossier.model_validate(_parse(path))
    except ValidationError as error:
        problems = [f"{path}: {_place(one['loc'])}: {worded(one)}" for one in error.errors()]
    except RecursionError:
        problems = [f"{path}: it is nested too deeply"]
    raise DossierError(problems)


def _parse(path: Path) -> Any:  # noqa: ANN401 - what it is, the models tell
    """Read every scalar as it is written; raise DossierError on what is neither YAML nor JSON."""
    try:
        content = path.read_text("utf-8")
        if path.suffix != ".json":
            return yaml.load(content, _Loader)  # noqa: S506 - derived from a safe one
        # Not as YAML, which does not know JSON's surrogate pairs.
        return json.loads(
            content, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_object
        )
    except OSError as error:
        problem = f": it cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = ": it cannot be read: it is not in UTF-8"
    except yaml.MarkedYAMLError as error:
        problem = f":{error.problem_mark.line + 1 if error.problem_mark else 1}: {error.problem}"
    except json.JSONDecodeError as error:
        problem = f":{error.lineno}: it is not JSON: {error.msg}"
    except (yaml.YAMLError, ValueError) as error:
        problem = f": {error}"
    raise DossierError([f"{path}{problem}"])


def _place(path: Iterable[int | str]) -> str:
    """Write a path as `events[3].date`."""
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return place.removeprefix(".") or "the file"
