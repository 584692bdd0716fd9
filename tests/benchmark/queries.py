"""What is asked of a synthetic dossier: each time other days, other actors, another place."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from urllib.parse import urlencode

from sqlalchemy import select

from app.db import tables
from app.db.sqlite.database import Database
from app.query.pagination import encode_cursor
from app.schemas.params import EventPageQuery
from tests.benchmark.synthetic import EVENTS_OF_A_CASE, actors_of, popular

COMMON = ("minister", "company", "contract", "statement")
Query = dict[str, str]


class Queries:
    """Makes up queries of a dossier of so many events, the same for the same seed."""

    def __init__(self, database: Database, events: int, seed: int = 0) -> None:
        self._events = events
        self._random = Random(seed)
        event = tables.event.c
        some = [self._random.randint(1, events) for _ in range(2_000)]
        with database.read() as connection:
            found = connection.execute(select(event.date_key, event.slug).where(event.id.in_(some)))
            self._positions = [tuple(row) for row in found]
        self.flat: dict[str, Callable[[], Query]] = {
            "no filter": dict,
            "actor": self._actor,
            "actor + window": lambda: self._actor() | self.window(),
            "window": self.window,
            "date_match=within": lambda: self.window() | {"date_match": "within"},
            "deep cursor": self._cursor,
            "sort=updated": lambda: {"sort": "updated"},
            "a rare word": self._rare,
        }
        """What is to cost the same however many events there are."""
        self.costly: dict[str, Callable[[], Query]] = {
            "a common word": lambda: {"q": self._random.choice(COMMON)},
            "two large actors, all": self._two_actors,
            "actor_scope=tree": lambda: self._actor() | {"actor_scope": "tree"},
            "min_sources": lambda: {"min_sources": "2"},
        }

    def window(self) -> Query:
        """Make up a window of a day to a year."""
        first = date(1990, 1, 1) + timedelta(days=self._random.randrange(10_600))
        last = first + timedelta(days=self._random.randrange(365))
        return {"from": str(first), "to": str(last)}

    def mixed(self, number: int) -> list[Query]:
        """Make up windows, actors in a window, and places deep in the list."""
        made = (self.window, lambda: self._actor() | self.window(), self._cursor)
        return [made[at % 3]() for at in range(number)]

    def filtered(self, number: int) -> list[Query]:
        """Make up windows, and actors in a window."""
        made = (self.window, lambda: self._actor() | self.window())
        return [made[at % 2]() for at in range(number)]

    def _actor(self) -> Query:
        return {"actor": f"actor-{popular(self._random, actors_of(self._events))}"}

    def _two_actors(self) -> Query:
        # Of the ten with the most events; `actor` is repeated.
        one, other = self._random.sample(range(10), 2)
        return {"actor": f"actor-{one}&actor=actor-{other}", "actor_match": "all"}

    def _rare(self) -> Query:
        return {"q": f"case{self._random.randrange(self._events // EVENTS_OF_A_CASE)}"}

    def _cursor(self) -> Query:
        place = self._random.choice(self._positions)
        return {"cursor": encode_cursor(EventPageQuery(), place)}


def path_of(query: Query) -> str:
    """Write a query as a path."""
    return f"/events?{urlencode(query, safe='&=')}"
