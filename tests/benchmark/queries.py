"""Random queries of a synthetic dossier: other dates, actors and cursors each time."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from urllib.parse import urlencode

from sqlalchemy import select

from app.db import tables
from app.db.database import Database
from app.query.pagination import encode_cursor
from app.schemas.params import EventPageQuery
from tests.benchmark.synthetic import EVENTS_OF_A_CASE, actors_of, popular

COMMON = ("minister", "company", "contract", "statement")
Query = dict[str, str]


class Queries:
    """Random queries of a dossier with this number of events, the same for the same seed."""

    def __init__(self, database: Database, events: int, seed: int = 0) -> None:
        self._events = events
        self._random = Random(seed)
        event = tables.event.c
        ids = [self._random.randint(1, events) for _ in range(2_000)]
        with database.read() as connection:
            rows = connection.execute(select(event.date_key, event.slug).where(event.id.in_(ids)))
            self._positions = [tuple(row) for row in rows]
        self.flat: dict[str, Callable[[], Query]] = {
            "no filter": dict,
            "actor": self._actor,
            "actor + window": lambda: self._actor() | self.window(),
            "window": self.window,
            "date_match=within": lambda: self.window() | {"date_match": "within"},
            "deep cursor": self._cursor,
            "sort=updated": lambda: {"sort": "updated"},
            "a rare word": self._rare,
            "a rare prefix": self._rare_prefix,
        }
        """Queries whose cost should not depend on the number of events."""
        self.costly: dict[str, Callable[[], Query]] = {
            "a common word": lambda: {"q": self._random.choice(COMMON)},
            "a common prefix": lambda: {"q": self._random.choice(COMMON)[:2]},
            "two large actors, all": self._two_actors,
            "actor_scope=tree": lambda: self._actor() | {"actor_scope": "tree"},
            "min_sources": lambda: {"min_sources": "2"},
        }

    def window(self) -> Query:
        """Return a date range of a day to a year."""
        first = date(1990, 1, 1) + timedelta(days=self._random.randrange(10_600))
        last = first + timedelta(days=self._random.randrange(365))
        return {"from": str(first), "to": str(last)}

    def mixed(self, number: int) -> list[Query]:
        """Return date ranges, actors in a date range, and cursors deep in the list."""
        kinds = (self.window, lambda: self._actor() | self.window(), self._cursor)
        return [kinds[n % 3]() for n in range(number)]

    def filtered(self, number: int) -> list[Query]:
        """Return date ranges, and actors in a date range."""
        kinds = (self.window, lambda: self._actor() | self.window())
        return [kinds[n % 2]() for n in range(number)]

    def _actor(self) -> Query:
        return {"actor": f"actor-{popular(self._random, actors_of(self._events))}"}

    def _two_actors(self) -> Query:
        # Among the ten with the most events. The value repeats the parameter.
        first, second = self._random.sample(range(10), 2)
        return {"actor": f"actor-{first}&actor=actor-{second}", "actor_match": "all"}

    def _rare(self) -> Query:
        return {"q": f"case{self._random.randrange(self._events // EVENTS_OF_A_CASE):07}"}

    def _rare_prefix(self) -> Query:
        return {"q": self._rare()["q"][:-1]}  # of ten cases

    def _cursor(self) -> Query:
        position = self._random.choice(self._positions)
        return {"cursor": encode_cursor(EventPageQuery(), position)}


def path_of(query: Query) -> str:
    """Return the URL path of a query."""
    return f"/events?{urlencode(query, safe='&=')}"
