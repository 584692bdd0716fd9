"""What the project is measured beside: a bare ASGI function, and an endpoint written with the ORM.

Each is served by `python -m tests.benchmark.competitors bare|orm PORT FILE`.
"""

import json
import sys
from datetime import date
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Query
from sqlalchemy import create_engine, func
from sqlmodel import Session, col, select
from starlette.types import ASGIApp, Receive, Scope, Send

from app.db.models import (
    Actor,
    Citation,
    Event,
    EventTimeline,
    EventTopic,
    Participation,
    Source,
    Timeline,
)
from app.schemas import records as schemas
from app.schemas import responses as answers


def bare(path: str) -> ASGIApp:
    """Make a function that sends the bytes of an answer kept in a file, and nothing else."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        kept = json.load(file)
    body = kept["body"].encode()
    headers = [(name.encode(), value.encode()) for name, value in kept["headers"]]
    unchanged = [(name, value) for name, value in headers if not name.startswith(b"content-")]

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        same = scope["path"] == "/304"
        status, lines = (304, unchanged) if same else (200, headers)
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": b"" if same else body})

    return app


def orm(path: str) -> FastAPI:
    """Make an application with one endpoint, as one writes it first: objects and a model."""
    engine = create_engine(f"sqlite:///{path}")
    app = FastAPI()

    @app.get("/events")
    def list_events(
        first: Annotated[date, Query(alias="from")], to: date, actor: str | None = None
    ) -> answers.EventPage:
        with Session(engine) as session:
            found = select(Event).where(col(Event.latest) >= first, col(Event.earliest) <= to)
            if actor:
                took_part = select(Participation.event_id).join(Actor).where(Actor.slug == actor)
                found = found.where(col(Event.id).in_(took_part))
            order = (Event.sort_day, Event.earliest, Event.latest, Event.slug)
            events = session.exec(found.order_by(*map(col, order)).limit(50)).all()
            total = session.exec(select(func.count()).select_from(found.subquery())).one()
            return answers.EventPage(
                items=[_event(session, event) for event in events],
                total=answers.Total(value=min(total, 10_000), relation="eq"),
            )

    return app


def _event(session: Session, event: Event) -> schemas.Event:
    parts = session.exec(
        select(Participation, Actor)
        .where(Participation.actor_id == Actor.id, Participation.event_id == event.id)
        .order_by(col(Participation.position))
    )
    citations = session.exec(
        select(Citation, Source, Actor)
        .where(Citation.source_id == Source.id, Source.publisher_id == Actor.id)
        .where(Citation.event_id == event.id)
        .order_by(col(Citation.position))
    )
    topics = session.exec(select(EventTopic.topic).where(EventTopic.event_id == event.id))
    timelines = session.exec(
        select(Timeline.slug).join(EventTimeline).where(EventTimeline.event_id == event.id)
    )
    return schemas.Event.model_validate(
        {
            **_given(event, "title", "summary", "kind", "status", "place"),
            "id": event.slug,
            "date": {
                **_given(event, "edtf", "form", "precision", "approximate", "uncertain", "display"),
                **({} if event.open_start else {"earliest": event.earliest}),
                **({} if event.open_end else {"latest": event.latest}),
            },
            "participants": [
                {"actor": _actor(actor), **_given(part, "role", "capacity")}
                for part, actor in parts
            ],
            "citations": [
                {
                    "source": {
                        **_given(source, "title", "published", "url"),
                        "id": source.slug,
                        "publisher": _actor(publisher),
                    },
                    **_given(cited, "quote", "locator", "supports", "stance", "attributed_to"),
                }
                for cited, source, publisher in citations
            ],
            "topics": sorted(topics),
            "timelines": sorted(timelines),
            **_given(event, "created_at", "updated_at"),
        }
    )


def _actor(actor: Actor) -> dict[str, Any]:
    return {"id": actor.slug, **_given(actor, "name", "kind")}


def _given(row: object, *names: str) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


if __name__ == "__main__":
    which, port, file = sys.argv[1:]
    made: Any = {"bare": bare, "orm": orm}[which](file)
    uvicorn.run(
        made,
        port=int(port),
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
    )
