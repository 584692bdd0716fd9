"""What the page for people shows: a page of events, and what may be chosen among them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import MISSING
from sqlalchemy import Connection

from app.addresses import Address
from app.database import Database
from app.excerpt import Heading, read_heading
from app.facets import count_facets
from app.histogram import count_few_buckets
from app.paging import events_in_order, read_page
from app.params import EventPageQuery
from app.queries import event_order
from app.resolve import name_actors, resolve
from app.schemas import ActorRef, EventPage, FacetCount, Histogram, given

MOST_CHOICES = 200
MOST_BARS = 36

Axis = Literal["actor", "kind", "status", "timeline"]
AXES: tuple[Axis, ...] = ("timeline", "actor", "kind", "status")
"""What people choose from lists; by anything else they may filter in the URL."""


@dataclass(frozen=True)
class Choice:
    """A value to filter by."""

    value: str
    label: str
    count: int | None
    """How many events would match with it, and without the others of its kind; None if unknown."""
    chosen: bool


@dataclass(frozen=True)
class Front:
    """A page of events with what stands around it."""

    query: EventPageQuery
    address: Address
    page: EventPage
    heading: Heading
    actors: Mapping[str, ActorRef]
    """Whom the names stand for that were given for an actor."""
    choices: Mapping[Axis, Sequence[Choice]]
    histogram: Histogram

    @property
    def next(self) -> str | None:
        """The URL of the next page."""
        cursor = given(self.page.next)
        limit = {"limit": str(self.query.limit)} if "limit" in self.query.model_fields_set else {}
        return self.address.front(**limit, cursor=cursor) if cursor else None


def read_front(
    database: Database, query: EventPageQuery, address: Address, _: int | None = None
) -> Iterator[Front]:
    """Read the one front of a selection; raises a 422 as `resolve` does."""
    order = event_order(query.sort, descending=query.order == "desc")
    with database.read() as connection:
        where = resolve(query, connection)
        listing = events_in_order(where, order)
        actors = name_actors(connection, [*query.actor, *query.exclude_actor])
        front = Front(
            query,
            address,
            EventPage.model_validate_json(read_page(connection, listing, query).body),
            read_heading(connection, query),
            actors,
            {axis: _choices(connection, query, axis, actors) for axis in AXES},
            count_few_buckets(connection, where, MOST_BARS),
        )
    yield front


def _choices(
    connection: Connection, query: EventPageQuery, axis: Axis, actors: Mapping[str, ActorRef]
) -> Sequence[Choice]:
    """List what may be chosen of an axis beside all other filters, what is chosen first."""
    open_ = query.model_copy(update={axis: MISSING if axis == "timeline" else []})
    counts = count_facets(connection, resolve(open_, connection), [axis], MOST_CHOICES)
    found: Sequence[FacetCount] = getattr(counts.facets, axis)
    chosen = _chosen(query, axis, actors)
    listed = [Choice(one.value, one.label, one.count, one.value in chosen) for one in found]
    missing = chosen.keys() - {one.value for one in found}
    beside = [Choice(value, chosen[value], None, chosen=True) for value in sorted(missing)]
    return sorted([*beside, *listed], key=lambda choice: not choice.chosen)


def _chosen(query: EventPageQuery, axis: Axis, actors: Mapping[str, ActorRef]) -> dict[str, str]:
    """Give the values that are chosen of an axis, with their labels."""
    if axis == "actor":
        return {actors[name].id: actors[name].name for name in query.actor}
    if axis == "timeline":
        return {} if query.timeline is MISSING else {query.timeline: query.timeline}
    return {value: value for value in getattr(query, axis)}
