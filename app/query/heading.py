"""The heading of a selection."""

from typing import NamedTuple

from pydantic import MISSING
from sqlalchemy import Connection, select

from app.db import tables
from app.db.records import read_records
from app.schemas.params import EventQuery
from app.schemas.records import Timeline as TimelineRecord
from app.schemas.records import given

# https://www.w3.org/International/questions/qa-scripts
RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


class Heading(NamedTuple):
    """What stands above a selection: what its timeline is about, if it is of one."""

    title: str = "Timeline"
    description: str = ""
    first: str | None = None
    """The date of the timeline's first event."""
    language: str = ""

    @property
    def direction(self) -> str:
        """Say in which direction its language is written."""
        return "rtl" if self.language.lower().split("-")[0] in RIGHT_TO_LEFT else "ltr"


def read_heading(connection: Connection, query: EventQuery) -> Heading:
    """Read the heading of the timeline that is asked for or, if none is, of the only one."""
    timeline = tables.timeline.c
    found = select(timeline.id)
    if query.timeline is not MISSING:
        found = found.where(timeline.slug == query.timeline)
    ids = connection.scalars(found.limit(2)).all()
    if len(ids) != 1:
        return Heading()
    told = read_records(connection, tables.timeline, ids)
    return heading_of(TimelineRecord.model_validate_json(told))


def heading_of(timeline: TimelineRecord) -> Heading:
    """Give the heading of a timeline."""
    description, language = given(timeline.description), given(timeline.language)
    return Heading(timeline.title, description or "", given(timeline.first), language or "")
