"""Routes that try again on another server, and that reject unknown and repeated parameters."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from rapidfuzz import fuzz, process
from sqlalchemy.exc import DBAPIError

from app.api.other_names import names_here, reason_without
from app.domain.text import escape
from app.errors import parameter_error, validation_problem
from app.schemas.params import Params
from app.schemas.problem import Fault

MAX_UNKNOWN = 10
"""Unknown parameters that one response names."""


def known_parameters(endpoint: Callable[..., Any]) -> dict[str, bool]:
    """Return the query parameters of an endpoint, and whether each can be repeated.

    Their model is the annotation of the endpoint's argument `query`.
    """
    model = get_type_hints(endpoint).get("query", Params)
    return {
        field.alias or name: get_origin(field.annotation) is list
        for name, field in model.model_fields.items()
    }


class RetryingRoute(APIRoute):
    """A route that handles a request again, once, if it loses the connection to the database.

    The server of the database may have failed, and another may have the data. Requests only read.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that tries twice."""
        handle = super().get_route_handler()

        async def retrying(request: Request) -> Response:
            try:
                return await handle(request)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return await handle(request)

        return retrying


class StrictRoute(RetryingRoute):
    """A route that rejects unknown parameters, and repeated ones that take one value.

    FastAPI ignores unknown parameters of an endpoint without a query model, and uses the last
    value of a repeated one.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that checks the names before FastAPI validates the values."""
        handle = super().get_route_handler()
        # Read once for each route, because it evaluates the annotations of the endpoint.
        repeatable = known_parameters(self.endpoint)

        async def strict(request: Request) -> Response:
            names = [name for name, _ in request.query_params.multi_items()]
            unknown = [name for name in dict.fromkeys(names) if name not in repeatable]
            single = [name for name, is_list in repeatable.items() if not is_list]
            repeated = [name for name in single if names.count(name) > 1]
            if unknown or repeated:
                errors = [_unknown(name, repeatable, self.path) for name in unknown[:MAX_UNKNOWN]]
                raise validation_problem(*errors, *map(_repeated, repeated))
            return await handle(request)

        return strict


def _repeated(name: str) -> Fault:
    return parameter_error(name, "The parameter occurs more than once. Send it once.")


def _unknown(name: str, repeatable: Mapping[str, bool], path: str) -> Fault:
    parameter = escape(name) or "''"
    detail = "There is no such parameter."
    if not repeatable:
        return parameter_error(parameter, f"{detail} This path has none.")
    names = names_here(name, repeatable)
    if names:
        fix = f"Use {' or '.join(names)}{_usage(name, names[0], repeatable)}."
    elif not (fix := reason_without(name, path)):
        similar = process.extract(name, [*repeatable], scorer=fuzz.ratio, limit=3, score_cutoff=65)
        names = [match for match, *_ in similar]
        fix = f"Did you mean {' or '.join(names)}?" if names else "Remove it."
    return parameter_error(parameter, f"{detail} {fix}", names)


def _usage(name: str, here: str, repeatable: Mapping[str, bool]) -> str:
    """Return how to use a parameter where that differs from other APIs."""
    if here == "cursor":
        return ", with `next` of the previous page"
    # PHP and others write `actor[]=a&actor[]=b`.
    is_list = name.endswith("[]") and repeatable[here]
    return f", and repeat it for several values: {here}=…&{here}=…" if is_list else ""
