"""Random dossiers of any size, as JSON Lines: few actors in many events, dates of all forms."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from app.domain.vocabulary import Role, choices

EVENTS_OF_AN_ACTOR = 50
EVENTS_OF_A_SOURCE = 20
EVENTS_OF_A_CASE = 20
"""The number of events with a word such as `case0000017` in a quote, whatever the size of the
dossier. Ten cases begin with `case000001`."""
WORDS = [
    *("minister", "company", "contract", "lobbying", "statement", "visit", "blacklist"),
    *("software", "official", "report", "harbour", "payment", "court", "inquiry", "meeting"),
    *("the", "of", "and", "in", "to", "with", "over", "after", "before", "under", "against"),
]


def write_dossier(path: Path, events: int, seed: int = 0) -> None:
    """Write a dossier with this number of events, the same for the same seed."""
    with path.open("w", encoding="utf-8") as file:
        for kind, record in _records(Random(seed), events):
            file.write(json.dumps({kind: record}) + "\n")


def actors_of(events: int) -> int:
    """Return the number of actors of a dossier with this number of events."""
    return max(3, events // EVENTS_OF_AN_ACTOR)


def _records(random: Random, events: int) -> Iterator[tuple[str, dict[str, Any]]]:
    actors = actors_of(events)
    sources = max(3, events // EVENTS_OF_A_SOURCE)
    yield "timeline", {"id": "synthetic", "title": "Synthetic"}
    for number in range(actors):
        yield (
            "actor",
            {
                "id": f"actor-{number}",
                "name": f"{_words(random, 2).title()} {number}",
                "kind": "organization",
                "aliases": [f"Alias {number}"] if number % 3 == 0 else [],
                **({"parent": f"actor-{number // 10}"} if number % 10 == 5 else {}),
            },
        )
    for number in range(sources):
        yield (
            "source",
            {
                "id": f"source-{number}",
                "title": _words(random, 6).capitalize(),
                "publisher": f"actor-{number % actors}",
                "published": str(date(2022, 1, 1) + timedelta(days=number % 1000)),
            },
        )
    for number in range(events):
        yield "event", _event(random, number, actors, sources)


def popular(random: Random, actors: int) -> int:
    """Choose an actor, by a power law: the first of a thousand is in a tenth of all events."""
    return int(actors * random.random() ** 3)


def _event(random: Random, number: int, actors: int, sources: int) -> dict[str, Any]:
    chosen = {popular(random, actors) for _ in range(random.choice([2, 2, 3]))}
    return {
        "id": f"event-{number}",
        "title": _words(random, 7).capitalize(),
        "summary": _words(random, 20).capitalize(),
        "kind": random.choice(["statement", "payment", "visit", "sanction", "lobbying"]),
        "status": random.choice(["confirmed", "reported", "alleged"]),
        "date": _date(random),
        "topics": random.sample(WORDS[:8], random.choice([0, 1, 1, 2])),
        "participants": [
            {"actor": f"actor-{actor}", "role": random.choice(choices(Role))}
            for actor in sorted(chosen)
        ],
        "citations": [
            {
                "source": f"source-{random.randrange(sources)}",
                "quote": f"{_words(random, 18)} case{number // EVENTS_OF_A_CASE:07} {number}",
                "locator": f"p. {at + 1}",
                "attributed_to": "own voice",
            }
            for at in range(random.choice([1, 1, 2]))
        ],
    }


def _date(random: Random) -> str:
    """Return a date: a day in 70 % of cases, otherwise a month, a year or an interval."""
    day = date(1990, 1, 1) + timedelta(days=random.randrange(11_000))
    if random.random() < 0.7:
        return str(day)
    return random.choice(
        [
            *(f"{day:%Y-%m}", f"{day:%Y-%m}~", f"{day:%Y}", f"{day:%Y-%m}/{day.year + 3}"),
            *(f"{day}/..", f"/{day:%Y-%m}", f"[{day}..{day + timedelta(days=20)}]"),
        ]
    )


def _words(random: Random, number: int) -> str:
    return " ".join(random.choices(WORDS, k=number))
