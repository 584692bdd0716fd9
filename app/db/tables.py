"""The tables as SQLAlchemy Core sees them: all statements are written as `tables.event.c.slug`.

To build and compile a statement of ORM attributes takes three times as long.
"""

from sqlmodel import SQLModel

from app.db import models  # noqa: F401 - defines the tables

_tables = SQLModel.metadata.tables

actor = _tables["actor"]
actor_alias = _tables["actor_alias"]
citation = _tables["citation"]
event = _tables["event"]
event_record = _tables["event_record"]
event_timeline = _tables["event_timeline"]
event_topic = _tables["event_topic"]
participation = _tables["participation"]
revision = _tables["revision"]
source = _tables["source"]
timeline = _tables["timeline"]
topic = _tables["topic"]
