"""Endpoints that count the matching events: by value, and over time."""

from fastapi import APIRouter

from app.api.dependencies import DatabaseDep, FacetParams, HistogramParams
from app.api.routing import StrictRoute
from app.query.facets import count_facets
from app.query.histogram import read_histogram
from app.query.names import build_filter
from app.schemas import responses

router = APIRouter(route_class=StrictRoute, tags=["events"])


@router.get("/facets", summary="Count events by value")
def get_facets(query: FacetParams, database: DatabaseDep) -> responses.EventFacets:
    """Count the matching events by actor, kind, status, topic, timeline and source.

    Pass a value to the filter of the same name to list the events that it counts.
    """
    with database.read() as connection:
        where = build_filter(query, connection)
        return count_facets(connection, where, query.facet, query.facet_limit)


@router.get("/histogram", summary="Count events over time")
def get_histogram(query: HistogramParams, database: DatabaseDep) -> responses.Histogram:
    """Count the matching events in each day, week, month, quarter or year.

    Each bucket has two counts: `possible`, the events that `/events` returns for the bucket as date
    range with `date_match=overlap`, and `certain`, those with `date_match=within`. The parameter
    `date_match` changes nothing here. More than 1,000 buckets are an error, whose message says how
    to get fewer.
    """
    with database.read() as connection:
        return read_histogram(connection, build_filter(query, connection), query.interval)
