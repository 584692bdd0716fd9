"""The heading of a selection: the title, the description and the language of its timeline."""

from typing import NamedTuple

from pydantic import MISSING
from sqlalchemy import Connection, select

from app.db import tables
from app.db.records import read_record
from app.schemas.params import EventQuery
from app.schemas.records import Timeline as TimelineRecord
from app.schemas.records import or_none

# https://www.w3.org/International/questions/qa-scripts
RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}


class PageHeading(NamedTuple):
    """The heading of a selection; a default if its events belong to several timelines."""

    title: str = "Timeline"
    description: str = ""
    first: str | None = None
    """The date of the timeline's first event."""
    language: str = ""

    @property
    def direction(self) -> str:
        """The direction in which the language is written, as HTML has it."""
        return "rtl" if self.language.lower().split("-")[0] in RIGHT_TO_LEFT else "ltr"


def read_heading(connection: Connection, query: EventQuery) -> PageHeading:
    """Read the heading of the timeline of a query or, without one, of the only timeline."""
    timeline = tables.timeline.c
    selected = select(timeline.id)
    if query.timeline is not MISSING:
        selected = selected.where(timeline.slug == query.timeline)
    # Two are enough to know that there are several.
    ids = connection.scalars(selected.limit(2)).all()
    if len(ids) != 1:
        return PageHeading()
    record = read_record(connection, tables.timeline, ids[0])
    return heading_from_record(TimelineRecord.model_validate_json(record))


def heading_from_record(timeline: TimelineRecord) -> PageHeading:
    """Build the heading of a timeline."""
    description, language = or_none(timeline.description), or_none(timeline.language)
    return PageHeading(timeline.title, description or "", or_none(timeline.first), language or "")
