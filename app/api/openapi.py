"""The contract: the OpenAPI document, made of the routes.

FastAPI describes what each route takes and gives; here stands what all of them have in common, said
once and shared, so that documents and generated clients are short and their names are ours.
https://spec.openapis.org/oas/v3.1.1.html
"""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from app.api.examples import REQUESTS, read_answer, read_problems
from app.api.headers import ALLOWED_METHODS, CACHE_CONTROL, MAX_URL_LENGTH
from app.errors import RETRY_AFTER
from app.schemas.problem import MEDIA_TYPE, Problem
from app.settings import Settings

JsonSchema = dict[str, Any]

EXAMPLE_TAG = '"5f0c2a1e9d3b47c8a6e2f101"'

TITLE = "Timeline API"
SUMMARY = "Dated, sourced, attributed event records, honest about their dates."
DESCRIPTION = """\
Every record says who says so, in their words, and its date is as precise as its source and no more:
“last November” is `2021-11`, never the first of November. Ask for what *could* have happened in a
window, or for what *certainly* did.

What is not there is absent, never null. A parameter that is not known is refused. Every error is
`application/problem+json`, in one shape. Pages for people are laxer: they ignore what they do not
know, and tell a browser of its error on a page. `HEAD` and `OPTIONS` work wherever `GET` does. Any
origin may ask for everything, without credentials.
"""
TAGS = {
    "events": "What happened, when, and who says so: as records, as counts, and in other formats.",
    "actors": "Who takes part, publishes or is spoken of.",
    "sources": "What the records rest on.",
    "timelines": "The dossiers: events told together.",
    "health": "What probes ask.",
}
HEALTH_TAG = "health"
"""The tag of what is never kept."""

HEADERS: Mapping[str, JsonSchema] = {
    "Allow": {
        "description": "The methods that the path takes.",
        "schema": {"type": "string"},
        "example": ALLOWED_METHODS,
    },
    "Cache-Control": {
        "description": "How long the answer may be kept: a minute, and ten more while it is asked "
        "for anew; `no-store` where it may not.",
        "schema": {"type": "string"},
        "example": CACHE_CONTROL,
    },
    "ETag": {
        "description": "Names this very answer; sent back in `If-None-Match`, it is answered by "
        "304 as long as nothing has changed. Absent where the answer is sent as it is read.",
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
        "example": EXAMPLE_TAG,
    },
    "Link": {
        "description": 'The URL of the next page, `rel="next"`, unless this is the last; on '
        '`/events` also that of the same selection in each other format, `rel="alternate"`, '
        "unless these grow too long.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which it is worth asking again.",
        "schema": {"type": "integer", "minimum": 0},
        "example": RETRY_AFTER,
    },
    "Timeline-Truncated": {
        "description": "How many events of how many are here, where not all are; `;relation=gte` "
        "says that there are more than that.",
        "schema": {"type": "string", "pattern": "^shown=[0-9]+, total=[0-9]+(;relation=gte)?$"},
        "example": "shown=300, total=1204",
    },
    "X-Request-ID": {
        "description": "Names the request, on every answer; what is reported by it is found in the "
        "log. One that a client sends is kept if it is well-formed.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        "example": "9f86d081884c7d65",
    },
}


class ErrorResponse(NamedTuple):
    """An answer that is an error, the same on every path."""

    name: str
    description: str
    headers: tuple[str, ...] = ()


ERROR_RESPONSES: Mapping[str, ErrorResponse] = {
    "400": ErrorResponse("BadRequest", "It is not HTTP, its URL not UTF-8, or its `Host` no host."),
    "404": ErrorResponse("NotFound", "There is no record of this id."),
    "405": ErrorResponse("MethodNotAllowed", "The path is only read.", ("Allow",)),
    "414": ErrorResponse("UriTooLong", f"The URL has more than {MAX_URL_LENGTH:,} bytes."),
    "422": ErrorResponse(
        "Unprocessable", "A parameter is wrong; it is named, with what would be right."
    ),
    "500": ErrorResponse("InternalServerError", "Something failed on our side.", ("X-Request-ID",)),
    "503": ErrorResponse(
        "ServiceUnavailable", "The database is busy or out of reach.", ("Retry-After",)
    ),
}
HTML_ERROR_STATUSES = {"404", "422", "503"}
NOT_MODIFIED = "The client has this very answer, by its `ETag`; there is no body."
IF_NONE_MATCH: JsonSchema = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of the answer that the client has.",
    "schema": {"type": "string", "examples": [EXAMPLE_TAG]},
}


def header_refs(*names: str) -> JsonSchema:
    """Refer to headers that an answer has."""
    return {name: _ref("headers", name) for name in names}


def operation_id(route: APIRoute) -> str:
    """Name an operation as clients do: `listEvents`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), route.name)


def build_openapi(routes: Sequence[BaseRoute], settings: Settings) -> JsonSchema:
    """Describe the API as an OpenAPI document; of the same settings, always the same."""
    drawn = get_openapi(title=TITLE, version=version("timeline-api"), routes=routes)
    _, problem = models_json_schema(
        [(Problem, "serialization")], ref_template=_ref("schemas", "{model}")["$ref"]
    )
    schemas = {**drawn["components"]["schemas"], **problem["$defs"]}
    for default in ("HTTPValidationError", "ValidationError"):
        del schemas[default]
    parameters: dict[str, JsonSchema] = {}
    operations = {
        path: _normalize_schema(methods["get"]) for path, methods in drawn["paths"].items()
    }
    tags = [*TAGS]
    in_order = sorted(operations.items(), key=lambda one: (tags.index(one[1]["tags"][0]), one[0]))
    paths = {path: {"get": _operation(one, parameters)} for path, one in in_order}
    info = {"summary": SUMMARY, "description": DESCRIPTION, **_contact_and_license(settings)}
    return {
        "openapi": drawn["openapi"],
        "info": {**drawn["info"], **info},
        "servers": [{"url": settings.root_path or "/"}],
        "security": [],
        "tags": [{"name": name, "description": told} for name, told in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": {name: _normalize_schema(schemas[name]) for name in sorted(schemas)},
            "parameters": parameters,
            "headers": {name: _normalize_schema(header) for name, header in HEADERS.items()},
            "responses": _error_responses(),
        },
    }


def _contact_and_license(settings: Settings) -> JsonSchema:
    """Tell who runs the API and on which terms its data may be used, if that is said."""
    told = {
        "contact": {
            "name": settings.contact_name,
            "url": settings.contact_url,
            "email": settings.contact_email,
        },
        "license": {"name": settings.license_name, "url": settings.license_url},
    }
    known = {
        part: {name: value for name, value in members.items() if value}
        for part, members in told.items()
    }
    return {part: members for part, members in known.items() if members}


def _normalize_schema(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Leave out the titles that Pydantic makes of names, and say how large numbers may be."""
    if isinstance(node, list):
        return [*map(_normalize_schema, node)]
    if not isinstance(node, dict):
        return node
    # A member that is called title is no text.
    kept = {
        name: _normalize_schema(value)
        for name, value in node.items()
        if not (name == "title" and isinstance(value, str))
    }
    match kept.get("type"):
        case "integer":
            kept |= {name: int(kept[name]) for name in ("minimum", "maximum") if name in kept}
            bounded = kept.get("maximum", 2**31) < 2**31
            kept.setdefault("format", "int32" if bounded else "int64")
        case "number":
            kept.setdefault("format", "double")
    return kept


def _operation(operation: JsonSchema, shared: dict[str, JsonSchema]) -> JsonSchema:
    """Complete an operation, and put its parameters among those that are shared."""
    taken = [
        _parameter(parameter)
        for parameter in operation.pop("parameters", [])
        # "_" is no name that every language has, and a model cannot hide one of its fields.
        if parameter["name"] != "_"
    ]
    name, given = operation["operationId"], operation.pop("responses")["200"]
    is_one = any(parameter["in"] == "path" for parameter in taken)
    refusals = sorted(ERROR_RESPONSES if is_one else ERROR_RESPONSES.keys() - {"404"})
    declared = {**given.get("headers", {}), **header_refs("Cache-Control")}
    unchanged: JsonSchema = {}
    if HEALTH_TAG not in operation["tags"]:
        taken.append(IF_NONE_MATCH)
        declared |= header_refs("ETag")
        unchanged = {"304": {"description": NOT_MODIFIED, "headers": declared}}
    if name in REQUESTS:
        (content,) = given["content"].values()
        asked = {"summary": f"GET {REQUESTS[name]}", "value": read_answer(name)}
        content["examples"] = {"dossier": asked}
    on_page = "text/html" in given["content"]
    errors = {status: _error_response(status, on_page=on_page) for status in refusals}
    return {
        **operation,
        "parameters": [_share_parameter(parameter, shared) for parameter in taken],
        "responses": {"200": {**given, "headers": declared}, **unchanged, **errors},
    }


def _parameter(parameter: JsonSchema) -> JsonSchema:
    """Say of a parameter what it is and, in words too, what it is unless told.

    A named choice stands bare: beside anything else, generators do not see its name.
    """
    schema, description = parameter["schema"], parameter["description"]
    default = schema.get("default")
    if default:
        description += f" Unless told, `{default}`."
    if schema.get("type") == "array":
        parameter = {**parameter, "style": "form", "explode": True}
    if "$ref" in schema:
        bare = {"$ref": schema["$ref"]}
        # An extension, so that a change of it does not go unseen.
        return {**parameter, "description": description, "schema": bare, "x-default": default}
    # Some generators read one description, some the other.
    schema = {**schema, "description": description}
    return {**parameter, "description": description, "schema": schema}


def _share_parameter(parameter: JsonSchema, shared: dict[str, JsonSchema]) -> JsonSchema:
    """Refer to a parameter; where the first of its name is another, give it as it is."""
    name = parameter["name"]
    known = shared.setdefault(name, parameter)
    return _ref("parameters", name) if known == parameter else parameter


def _error_response(status: str, *, on_page: bool) -> JsonSchema:
    """Refer to an answer that is an error; what a page's endpoint refuses may be a page too."""
    refusal = ERROR_RESPONSES[status]
    if not on_page or status not in HTML_ERROR_STATUSES:
        return _ref("responses", refusal.name)
    page = {"schema": {"type": "string"}}
    return _response_object(refusal, {MEDIA_TYPE: _problem_content(), "text/html": page})


def _error_responses() -> dict[str, JsonSchema]:
    """Describe the answers that are errors, each with one from the first dossier."""
    problems = read_problems()
    return {
        refusal.name: _response_object(
            refusal,
            {MEDIA_TYPE: _problem_content(examples={refusal.name: {"value": problems[status]}})},
        )
        for status, refusal in ERROR_RESPONSES.items()
    }


def _problem_content(**shown: JsonSchema) -> JsonSchema:
    return {"schema": _ref("schemas", Problem.__name__), **shown}


def _response_object(refusal: ErrorResponse, content: JsonSchema) -> JsonSchema:
    declared = {"headers": header_refs(*refusal.headers)} if refusal.headers else {}
    return {"description": refusal.description, **declared, "content": content}


def _ref(kind: str, name: str) -> JsonSchema:
    return {"$ref": f"#/components/{kind}/{name}"}
