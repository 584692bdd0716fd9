"""Random dossiers, the same for the same seed, in which every filter matches many events."""

from datetime import date, timedelta
from random import Random
from typing import TypeVar

from app.domain.vocabulary import EventStatus, Role, Supports, choices
from app.dossiers.document import Dossier

VOCABULARY = ["quay", "ferry", "O’Brien's", "Łódź", "שָׁלוֹם", "مُحَمَّد", "contract", "pilot", "Zürich"]
KINDS = ["works", "payment", "visit", "statement"]
TOPICS = ["money", "sea", "law"]
T = TypeVar("T")
ACTORS = [f"actor-{number}" for number in range(9)]
SOURCES = [f"source-{number}" for number in range(4)]


def make_dossiers(events: int, seed: int = 0) -> list[Dossier]:
    """Create two dossiers that share actors, sources and some of the events."""
    random = Random(seed)
    actors = [_actor(number) for number in range(len(ACTORS))]
    sources = [{"id": id_, "title": f"The {id_}", "publisher": ACTORS[0]} for id_ in SOURCES]
    all_events = [make_event(random, _id(number)) for number in range(events)]
    return [
        Dossier.model_validate(
            {
                "timeline": {"id": id_, "title": f"The {id_}"},
                "actors": actors,
                "sources": sources,
                "events": part,
            }
        )
        for id_, part in (
            ("one", all_events[: events * 2 // 3]),
            ("two", all_events[events // 2 :]),
        )
    ]


def _id(number: int) -> str:
    """Return an id; every seventh is as long as an id can be."""
    return f"event-{number:04}".ljust(100 if number % 7 == 0 else 0, "x")


def _actor(number: int) -> dict[str, object]:
    return {
        "id": ACTORS[number],
        "name": f"{VOCABULARY[number]} {number}",
        "kind": "person",
        # A tree: 1 and 2 are children of 0, 3 and 4 of 1, and so on. The last three have no parent.
        "parent": ACTORS[(number - 1) // 2] if 0 < number < 6 else None,
        "aliases": [f"Àlias {number}"],
    }


def make_event(random: Random, id_: str) -> dict[str, object]:
    """Create an event entry of a dossier."""
    parts = {
        (random.choice(ACTORS), random.choice(choices(Role))) for _ in range(random.randint(0, 4))
    }
    return {
        "id": id_,
        "title": _sentence(random),
        "summary": random.choice([None, _sentence(random)]),
        "place": random.choice([None, *VOCABULARY]),
        "kind": random.choice(KINDS),
        "status": random.choice(choices(EventStatus)),
        "date": make_date(random),
        "topics": random.sample(TOPICS, random.randint(0, 2)),
        "participants": [{"actor": actor, "role": role} for actor, role in sorted(parts)],
        "citations": [
            {
                "source": random.choice(SOURCES),
                "quote": _sentence(random),
                "supports": random.choice(choices(Supports)),
            }
            for _ in range(random.randint(1, 3))
        ],
    }


LABELS = {"money": ["Money", "MONEY", "Деньги"], "sea": ["Sea", "The sea"], "law": ["LAW", "law"]}


def make_variants(random: Random) -> list[dict[str, object]]:
    """Create one to three dossiers of the same few records.

    Each property has a usual value, so that most records of two results are equal, and the others
    differ in one property or in several.
    """

    def pick(usual: T, *others: T) -> T:
        return usual if random.random() < 0.93 else random.choice(others)

    def event(number: int) -> dict[str, object]:
        topics = pick(["money"], ["money", "sea"], []) if number % 2 else pick(["law"], ["sea"])
        return {
            "id": f"event-{number}",
            "title": pick("A", "B"),
            "kind": "visit",
            "status": "reported",
            "date": pick("2021", "2022"),
            # Half of the topics state their label.
            "topics": [random.choice([labels[topic], topic]) for topic in topics],
            "participants": [{"actor": pick(ACTORS[number % 3], ACTORS[2]), "role": "agent"}],
            "citations": [{"source": pick(SOURCES[number % 2], SOURCES[2]), "quote": f"{number}"}],
        }

    labels = {topic: {"id": topic, "label": pick(*texts)} for topic, texts in LABELS.items()}
    events = [event(number) for number in range(8)]
    records = {
        "actors": [
            {
                "id": id_,
                "name": pick(f"{id_} a", f"{id_} b"),
                "kind": pick("person", "company"),
                "aliases": pick([], ["x"]),
            }
            for id_ in ACTORS[:3]
        ],
        "sources": [
            {"id": id_, "title": pick(id_, f"The {id_}"), "publisher": pick(*ACTORS[:2])}
            for id_ in SOURCES[:3]
        ],
    }
    return [
        {
            "timeline": {"id": timeline, "title": pick("A", "B")},
            **records,
            "events": [event for event in events if random.random() < 0.7],
        }
        for timeline in random.sample(["one", "two"], random.randint(1, 2))
    ]


def make_date(random: Random) -> str:
    """Create a date of any form, in a period short enough that many dates overlap."""
    first = date(2018, 1, 1) + timedelta(days=random.randint(0, 1500))
    last = first + timedelta(days=random.choice([0, 5, 40, 900]))
    length = random.choice([4, 7, 10, 10])
    start, end = first.isoformat()[:length], last.isoformat()[:length]
    mark = random.choice(["", "", "?", "~", "%"])
    return random.choice(
        [
            *(start, start, start + mark),
            *(f"{start}/{end}{mark}", f"{start}/..", f"{start}/", f"../{end}", f"/{end}"),
            *(f"[{start}..{end}]", f"[..{end}]", f"[{start}..]"),
            *(
                random.choice(
                    ["9999", "0001", f"{start}/9999", f"0001/{end}", "../0001", "9999/.."]
                ),
            ),
        ]
    )


def _sentence(random: Random) -> str:
    return " ".join(random.choices(VOCABULARY, k=random.randint(1, 5)))
