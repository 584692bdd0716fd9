"""Counts of the matching events."""

from fastapi import APIRouter

from app.api.dependencies import DatabaseDep, FacetParams, HistogramParams
from app.api.routing import StrictRoute
from app.query.facets import count_facets
from app.query.histogram import read_histogram
from app.query.names import build_filter
from app.schemas import responses

router = APIRouter(route_class=StrictRoute)


@router.get(
    "/facets", summary="Count events by value", response_description="The counts.", tags=["events"]
)
def get_facets(query: FacetParams, database: DatabaseDep) -> responses.EventFacets:
    """Count the matching events by actor, kind, status, topic, timeline and source.

    Each value is one that the filter of that name takes, so it leads to the events that bear it.
    """
    with database.read() as connection:
        where = build_filter(query, connection)
        return count_facets(connection, where, query.facet, query.facet_limit)


@router.get(
    "/histogram",
    summary="Count events over time",
    response_description="The buckets.",
    tags=["events"],
)
def get_histogram(query: HistogramParams, database: DatabaseDep) -> responses.Histogram:
    """Count the matching events in each day, week, month, quarter or year.

    A bucket counts what `/events` finds with the bucket as window: `possible` by
    `date_match=overlap`, `certain` by `date_match=within`. It always tells both, so `date_match`
    changes nothing here. More than 1,000 buckets are refused, with what would give fewer.
    """
    with database.read() as connection:
        return read_histogram(connection, build_filter(query, connection), query.interval)
