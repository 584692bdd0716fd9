"""The OpenAPI document, built from the routes.

FastAPI describes the parameters and the response of each route. This module adds what all routes
have in common, as shared components: so the document and generated clients stay short, and types
have the names chosen here. https://spec.openapis.org/oas/v3.1.1.html
"""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from app.api.examples import REQUESTS, read_example, read_problems
from app.api.headers import ALLOWED_METHODS, CACHE_CONTROL, MAX_URL_LENGTH, REVISION_HEADER
from app.db.revision import MAX_REVISION
from app.errors import RETRY_AFTER
from app.schemas.problem import MEDIA_TYPE, Problem
from app.settings import Settings

JsonSchema = dict[str, Any]

EXAMPLE_TAG = '"5f0c2a1e9d3b47c8a6e2f101"'

TITLE = "Timeline API"
SUMMARY = "Dated, sourced, attributed event records, honest about their dates."
DESCRIPTION = """\
Every event names its sources and quotes them, and its date is exactly as precise as they are:
“last November” is `2021-11`, never the first of November. Filter by what *could* have happened in a
date range, or by what *certainly* did.

A property without a value is absent, never null. An unknown parameter is an error. Every error is
`application/problem+json`, in one shape. Feeds, calendars and pages for readers are more lenient:
they ignore unknown parameters. Pages return errors as HTML to browsers. `HEAD` and `OPTIONS` work
wherever `GET` does. Every origin can read every response, without credentials.
"""
TAGS = {
    "events": "Dated and sourced events: as records, as counts, and in other formats.",
    "actors": "People and organisations that take part in events, or publish sources.",
    "sources": "Publications that events cite.",
    "timelines": "Events about one subject.",
    "health": "Checks for load balancers and monitoring.",
}
HEALTH_TAG = "health"
"""The tag of operations that are never cached."""


def _ref(kind: str, name: str) -> JsonSchema:
    return {"$ref": f"#/components/{kind}/{name}"}


def header_refs(*names: str) -> JsonSchema:
    """Return references to the declarations of headers."""
    return {name: _ref("headers", name) for name in names}


def _header(description: str, example: str | int | None = None, **schema: str | int) -> JsonSchema:
    """Build the declaration of a header, a text if its schema has no other type."""
    header = {"description": description, "schema": {"type": "string", **schema}}
    return header if example is None else {**header, "example": example}


REVISION_SCHEMA: Mapping[str, str | int] = {
    "type": "integer",
    "format": "int64",
    "minimum": 0,
    "maximum": MAX_REVISION,
}
HEADERS: Mapping[str, JsonSchema] = {
    "Allow": _header("The methods that the path supports.", ALLOWED_METHODS),
    "Cache-Control": _header(
        "How long the response can be cached: a minute, and ten more while a cache fetches it "
        "again. `no-store` if it must not be cached.",
        CACHE_CONTROL,
    ),
    "ETag": _header(
        "Identifies this exact response. Send it in `If-None-Match` to get a 304 while nothing has "
        "changed. Absent if the response is streamed.",
        EXAMPLE_TAG,
        pattern='^"[^"]+"$',
    ),
    "Link": _header(
        'The URL of the next page, `rel="next"`, if there is one. On `/events` also the URL of the '
        'same selection in each other format, `rel="alternate"`, unless these URLs are too long.'
    ),
    "Retry-After": _header(
        "Seconds to wait before the next request.", RETRY_AFTER, type="integer", minimum=0
    ),
    REVISION_HEADER: _header(
        "The revision of the data that the response was made from. It increases with every change. "
        "Send it back to get a response that is at least as new.",
        42,
        **REVISION_SCHEMA,
    ),
    "Timeline-Truncated": _header(
        "The number of events in the response, and of those that match, if it does not contain all "
        "of them. `;relation=gte` means that even more match.",
        "shown=300, total=1204",
        pattern="^shown=[0-9]+, total=[0-9]+(;relation=gte)?$",
    ),
    "X-Request-ID": _header(
        "The id of the request in the log of the server, on every response. A well-formed id of "
        "the client is kept.",
        "9f86d081884c7d65",
        pattern="^[A-Za-z0-9._-]{1,64}$",
    ),
}
# Not `responses={404: {"model": Problem}}`: FastAPI would declare the media type of the route, such
# as `text/csv`.
PROBLEM = {"schema": _ref("schemas", Problem.__name__)}


class ErrorResponse(NamedTuple):
    """An error response, the same on every path."""

    name: str
    description: str
    header: str | None = None

    def declaration(self, content: JsonSchema) -> JsonSchema:
        """Build the OpenAPI response with some content."""
        headers = {"headers": header_refs(self.header)} if self.header else {}
        return {"description": self.description, **headers, "content": content}


# 408 and 431 are not declared: no request of a generated client gets them.
ERROR_RESPONSES: Mapping[str, ErrorResponse] = {
    "400": ErrorResponse(
        "BadRequest",
        "The request is not HTTP, its URL is not UTF-8, its `Host` is not a host, or its "
        "`Timeline-Revision` is not a revision.",
    ),
    "404": ErrorResponse("NotFound", "No record has this id."),
    "405": ErrorResponse(
        "MethodNotAllowed", "The method is not `GET`, `HEAD` or `OPTIONS`.", "Allow"
    ),
    "414": ErrorResponse("UriTooLong", f"The URL has more than {MAX_URL_LENGTH:,} bytes."),
    "422": ErrorResponse(
        "Unprocessable", "A parameter is wrong. `errors` names it, and says what is allowed."
    ),
    "500": ErrorResponse("InternalServerError", "The server failed.", "X-Request-ID"),
    "503": ErrorResponse(
        "ServiceUnavailable",
        "The database is busy or unreachable, or the query takes too long.",
        "Retry-After",
    ),
}
HTML_ERROR_STATUSES = {"404", "422", "503"}
"""The errors that a page returns as HTML, if the client requests HTML."""
NOT_MODIFIED = "The response that the client has, by its `ETag`, is current. There is no body."
# The middleware reads these headers, so no endpoint has an argument that FastAPI could describe.
REQUEST_HEADERS: Sequence[JsonSchema] = [
    {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the response that the client has.",
        "schema": {"type": "string", "examples": [EXAMPLE_TAG]},
    },
    {
        "name": REVISION_HEADER,
        "in": "header",
        "description": "The oldest revision of the data that the response may be made from: that "
        "of an earlier response, whichever server sent it.",
        "schema": {**REVISION_SCHEMA, "examples": [42]},
    },
]


def operation_id(route: APIRoute) -> str:
    """Return the operation id of a route: `listEvents` for `list_events`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), route.name)


def build_openapi(routes: Sequence[BaseRoute], settings: Settings) -> JsonSchema:
    """Build the OpenAPI document. The same settings always result in the same document."""
    generated = get_openapi(title=TITLE, version=version("timeline-api"), routes=routes)
    _, problem = models_json_schema(
        [(Problem, "serialization")], ref_template=_ref("schemas", "{model}")["$ref"]
    )
    schemas = {**generated["components"]["schemas"], **problem["$defs"]}
    # FastAPI adds the schemas of its own 422, which is replaced by a problem.
    for default in ("HTTPValidationError", "ValidationError"):
        del schemas[default]
    parameters: dict[str, JsonSchema] = {}
    operations = {
        path: _normalize_schema(methods["get"]) for path, methods in generated["paths"].items()
    }
    # Routes are in the order of matching, which puts the pages first. Readers look for a tag.
    tags = [*TAGS]
    paths = sorted(operations, key=lambda path: (tags.index(operations[path]["tags"][0]), path))
    info = {"summary": SUMMARY, "description": DESCRIPTION, **_contact_and_license(settings)}
    return {
        "openapi": generated["openapi"],
        "info": {**generated["info"], **info},
        "servers": [{"url": settings.root_path or "/"}],
        "security": [],  # without it, linters report that the security is undefined
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {
            path: {"get": _operation(operations[path], parameters, schemas)} for path in paths
        },
        "components": {
            "schemas": {name: _normalize_schema(schemas[name]) for name in sorted(schemas)},
            "parameters": parameters,
            "headers": {name: _normalize_schema(header) for name, header in HEADERS.items()},
            "responses": _error_responses(),
        },
    }


def _contact_and_license(settings: Settings) -> JsonSchema:
    """Return the contact and the licence of the data, as far as they are set.

    The setting `contact_email` is the property `email` of `contact`.
    """
    info: JsonSchema = {}
    for setting, value in settings:
        part, _, name = setting.partition("_")
        if part in ("contact", "license") and value:
            info.setdefault(part, {})[name] = value
    return info


def _normalize_schema(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Remove the titles that Pydantic derives from names, and add formats to numbers.

    openapi-python-client names its classes after titles. Generators choose the type of a number by
    its format: without one, Go clients use 32 bits.
    """
    if isinstance(node, list):
        return [*map(_normalize_schema, node)]
    if not isinstance(node, dict):
        return node
    # A property with the name `title` is an object, not a string.
    schema = {
        name: _normalize_schema(value)
        for name, value in node.items()
        if not (name == "title" and isinstance(value, str))
    }
    match schema.get("type"):
        case "integer":
            # The bounds of response models are floats: 1.0.
            schema |= {key: int(schema[key]) for key in ("minimum", "maximum") if key in schema}
            is_int32 = schema.get("maximum", 2**31) < 2**31
            schema.setdefault("format", "int32" if is_int32 else "int64")
        case "number":
            schema.setdefault("format", "double")
    return schema


def _operation(
    operation: JsonSchema, shared: dict[str, JsonSchema], schemas: JsonSchema
) -> JsonSchema:
    """Complete an operation, and add its parameters to the shared ones."""
    parameters = [*map(_parameter, operation.pop("parameters", []))]
    name, ok = operation["operationId"], operation.pop("responses")["200"]
    has_id = any(parameter["in"] == "path" for parameter in parameters)
    statuses = sorted(ERROR_RESPONSES if has_id else ERROR_RESPONSES.keys() - {"404"})
    headers = {**ok.get("headers", {}), **header_refs("Cache-Control")}
    not_modified: JsonSchema = {}
    if HEALTH_TAG not in operation["tags"]:
        parameters += REQUEST_HEADERS
        headers |= header_refs("ETag", REVISION_HEADER)
        not_modified = {"304": {"description": NOT_MODIFIED, "headers": headers}}
    if name in REQUESTS:
        (content,) = ok["content"].values()
        example = {"summary": f"GET {REQUESTS[name]}", "value": read_example(name)}
        content["examples"] = {"dossier": example}
    # FastAPI describes each JSON response as "Successful Response". The model says what it is.
    for content in ok["content"].values():
        model = schemas.get(content["schema"].get("$ref", "").rpartition("/")[2], {})
        ok["description"] = model.get("description", ok["description"])
    is_page = "text/html" in ok["content"]
    errors = {status: _error_response(status, is_page=is_page) for status in statuses}
    return {
        **operation,
        "parameters": [_share_parameter(parameter, shared) for parameter in parameters],
        "responses": {"200": {**ok, "headers": headers}, **not_modified, **errors},
    }


def _parameter(parameter: JsonSchema) -> JsonSchema:
    """Complete the description of a parameter, with its default in words.

    A reference to a named enum has no siblings: with any, generators ignore its name.
    """
    schema, description = parameter["schema"], parameter["description"]
    default = schema.get("default")
    if default:
        description += f" Default: `{default}`."
    if schema.get("type") == "array":
        parameter = {**parameter, "style": "form", "explode": True}
    if "$ref" in schema:
        reference = {"$ref": schema["$ref"]}
        # The default as an extension, so that the snapshot test notices a change.
        return {**parameter, "description": description, "schema": reference, "x-default": default}
    # Some generators read the description of the parameter, others that of its schema.
    schema = {**schema, "description": description}
    return {**parameter, "description": description, "schema": schema}


def _share_parameter(parameter: JsonSchema, shared: dict[str, JsonSchema]) -> JsonSchema:
    """Return a reference to a parameter, or itself if the shared one of its name differs.

    The place is part of the component's name, such as `queryActor`: as `actor`, it would differ
    from the schema `Actor` in case only. Generators that write a file for each component would
    overwrite one of them on macOS and Windows.
    """
    words = parameter["name"].replace("-", "_").split("_")
    name = parameter["in"] + "".join(word[:1].upper() + word[1:] for word in words)
    first = shared.setdefault(name, parameter)
    return _ref("parameters", name) if first == parameter else parameter


def _error_response(status: str, *, is_page: bool) -> JsonSchema:
    """Return a reference to an error response. That of a page can be HTML too."""
    error = ERROR_RESPONSES[status]
    if is_page and status in HTML_ERROR_STATUSES:
        html = {"schema": {"type": "string"}}
        return error.declaration({MEDIA_TYPE: PROBLEM, "text/html": html})
    return _ref("responses", error.name)


def _error_responses() -> dict[str, JsonSchema]:
    """Build the shared error responses, each with an example."""
    problems, responses = read_problems(), {}
    for status, error in ERROR_RESPONSES.items():
        examples = {error.name: {"value": problems[status]}}
        responses[error.name] = error.declaration({MEDIA_TYPE: {**PROBLEM, "examples": examples}})
    return responses
