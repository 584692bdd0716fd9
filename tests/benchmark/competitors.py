"""Servers to compare with: a bare ASGI function, and an endpoint that uses the ORM.

`python -m tests.benchmark.competitors bare|orm PORT FILE` runs one of them.
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
    Topic,
)
from app.schemas import records, responses


def bare(path: str) -> ASGIApp:
    """Return an ASGI function that only sends a response from a file, or a 304."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        response = json.load(file)
    body = response["body"].encode()
    headers = [(name.encode(), value.encode()) for name, value in response["headers"]]
    headers_304 = [(name, value) for name, value in headers if not name.startswith(b"content-")]

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        not_modified = scope["path"] == "/304"
        status, lines = (304, headers_304) if not_modified else (200, headers)
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": b"" if not_modified else body})

    return app


def orm(path: str) -> FastAPI:
    """Return an application with one endpoint, written the usual way: ORM objects and a model."""
    engine = create_engine(f"sqlite:///{path}")
    app = FastAPI()

    @app.get("/events")
    def list_events(
        first: Annotated[date, Query(alias="from")], to: date, actor: str | None = None
    ) -> responses.EventPage:
        with Session(engine) as session:
            matching = select(Event).where(col(Event.latest) >= first, col(Event.earliest) <= to)
            if actor:
                took_part = select(Participation.event_id).join(Actor).where(Actor.slug == actor)
                matching = matching.where(col(Event.id).in_(took_part))
            order = (Event.sort_day, Event.earliest, Event.latest, Event.slug)
            events = session.exec(matching.order_by(*map(col, order)).limit(50)).all()
            total = session.exec(select(func.count()).select_from(matching.subquery())).one()
            return responses.EventPage(
                items=[_event(session, event) for event in events],
                total=responses.Total(value=min(total, 10_000), relation="eq"),
            )

    return app


def _event(session: Session, event: Event) -> records.Event:
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
    topics = session.exec(
        select(EventTopic.topic, Topic.label)
        .join(Topic, col(Topic.slug) == EventTopic.topic, isouter=True)
        .where(EventTopic.event_id == event.id)
        .order_by(EventTopic.topic)
    ).all()
    timelines = session.exec(
        select(Timeline.slug).join(EventTimeline).where(EventTimeline.event_id == event.id)
    )
    return records.Event.model_validate(
        {
            **_present(event, "title", "summary", "kind", "status", "place"),
            "id": event.slug,
            "date": {
                **_present(
                    event, "edtf", "form", "precision", "approximate", "uncertain", "display"
                ),
                **({} if event.open_start else {"earliest": event.earliest}),
                **({} if event.open_end else {"latest": event.latest}),
            },
            "participants": [
                {"actor": _actor(actor), **_present(part, "role", "capacity")}
                for part, actor in parts
            ],
            "citations": [
                {
                    "source": {
                        **_present(source, "title", "published", "url"),
                        "id": source.slug,
                        "publisher": _actor(publisher),
                    },
                    **_present(cited, "quote", "locator", "supports", "stance", "attributed_to"),
                }
                for cited, source, publisher in citations
            ],
            "topics": [slug for slug, _ in topics],
            "topic_labels": [{"id": slug, "label": label or slug} for slug, label in topics],
            "timelines": sorted(timelines),
            **_present(event, "sequence", "created_at", "updated_at"),
        }
    )


def _actor(actor: Actor) -> dict[str, Any]:
    return {"id": actor.slug, **_present(actor, "name", "kind")}


def _present(row: object, *names: str) -> dict[str, Any]:
    """Return the columns that are not NULL."""
    values = {name: getattr(row, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


if __name__ == "__main__":
    name, port, file = sys.argv[1:]
    application: Any = {"bare": bare, "orm": orm}[name](file)
    uvicorn.run(
        application,
        port=int(port),
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
    )
