"""The names in a query string: those that an endpoint knows, and a route that refuses any other."""

from collections.abc import Callable, Coroutine
from typing import Any, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from rapidfuzz import fuzz, process

from app.domain.text import escape
from app.errors import parameter_error, validation_problem
from app.schemas.params import Params
from app.schemas.problem import Fault

MAX_UNKNOWN = 10
"""So many unknown parameters are named at once."""


def known_parameters(endpoint: Callable[..., Any]) -> dict[str, bool]:
    """List the parameters that an endpoint takes, and whether each may be repeated.

    The model that owns the query string is the endpoint's argument `query`.
    """
    model = get_type_hints(endpoint).get("query", Params)
    return {
        field.alias or name: get_origin(field.annotation) is list
        for name, field in model.model_fields.items()
    }


class StrictRoute(APIRoute):
    """A route that refuses unknown parameters, and repeats of those that take one value.

    FastAPI by itself ignores the first where an endpoint takes no query, and of the second keeps
    the last.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check the names in the query string before FastAPI reads the values."""
        answer = super().get_route_handler()
        repeatable = known_parameters(self.endpoint)

        async def strict(request: Request) -> Response:
            given = [name for name, _ in request.query_params.multi_items()]
            unknown = [name for name in dict.fromkeys(given) if name not in repeatable]
            single = [name for name, more in repeatable.items() if not more]
            repeated = [name for name in single if given.count(name) > 1]
            if unknown or repeated:
                faults = [_unknown(name, list(repeatable)) for name in unknown[:MAX_UNKNOWN]]
                raise validation_problem(*faults, *map(_repeated, repeated))
            return await answer(request)

        return strict


def _repeated(name: str) -> Fault:
    return parameter_error(name, "it is given more than once; give it once")


def _unknown(name: str, known: list[str]) -> Fault:
    parameter = escape(name) or "''"
    detail = "there is no such parameter here"
    if not known:
        return parameter_error(parameter, f"{detail}; this path takes none")
    similar = process.extract(name, known, scorer=fuzz.ratio, limit=3, score_cutoff=65)
    nearest = [match for match, *_ in similar]
    cure = f"did you mean {' or '.join(nearest)}?" if nearest else "remove it"
    return parameter_error(parameter, f"{detail}; {cure}", nearest)
