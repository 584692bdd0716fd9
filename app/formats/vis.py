"""Items and groups of vis-timeline.

https://visjs.github.io/vis-timeline/docs/timeline/#Data_Format
"""

from typing import Annotated, Literal

from markupsafe import Markup, escape
from pydantic import MISSING, Field
from typing_extensions import TypeAliasType

from app.formats.calendar_dates import CalendarDate
from app.formats.prose import (
    bidi_isolate,
    fact_lines,
    headline,
    lead_participant,
    quote_with_credit,
)
from app.query.batches import EventBatch
from app.schemas.records import ApiModel, Event, FullDate, Link, or_none
from app.urls import UrlBuilder

MAX_EVENTS = 10_000


VisItemType = TypeAliasType(
    "VisItemType",
    Annotated[Literal["point", "range"], Field(description="How an item is drawn.")],
)


class VisItem(ApiModel):
    """One event."""

    id: str
    """The event's id."""
    group: str
    """The id of one participant, or an empty text where nobody takes part."""
    content: str
    """Escaped for HTML. The title, with the date before it unless it is certain to the day."""
    title: str
    """HTML that holds no markup of the record: date in words, title, summary and what else is
    known, a line each."""
    start: FullDate
    """The first day that is drawn."""
    end: FullDate | MISSING = MISSING
    """The day after the last that is drawn; absent of a point."""
    type: VisItemType
    """A point for a day, a range for more."""
    url: Link
    """The event's page."""
    class_name: str = Field(alias="className")
    """`date-` and the form, `precision-` and the precision; `open-start`, `open-end`,
    `approximate`, `uncertain`; `inexact` for all that is not certain to the day."""


class VisGroup(ApiModel):
    """An actor that stands for some of the events."""

    id: str
    """The actor's id."""
    content: str
    """The actor's name, escaped for HTML."""


class VisItems(ApiModel):
    """What a timeline draws."""

    items: list[VisItem]
    """The events, in order."""
    groups: list[VisGroup]
    """The actors that the items stand beside."""
    notice: str | MISSING = MISSING
    """What to tell readers, where not all events are here."""


def render(excerpt: EventBatch) -> str:
    """Write an item for each event, and the groups that they stand in."""
    names = dict(map(_group, excerpt.events))
    return VisItems(
        items=[_item(event, excerpt.urls) for event in excerpt.events],
        groups=[VisGroup(id=slug, content=str(escape(name))) for slug, name in names.items()],
        notice=excerpt.truncation_notice or MISSING,
    ).model_dump_json(by_alias=True)


def _group(event: Event) -> tuple[str, str]:
    # Beside groups, the widget leaves out what has none.
    leader = lead_participant(event)
    return (leader.actor.id, leader.actor.name) if leader else ("", "")


def _item(event: Event, address: UrlBuilder) -> VisItem:
    drawing = CalendarDate.from_edtf(event.date.edtf)
    is_point = drawing.first == drawing.last
    told = [
        bidi_isolate(event.date.display),
        event.title,
        or_none(event.summary),
        *map(quote_with_credit, event.citations),
        *fact_lines(event),
    ]
    slug, _ = _group(event)
    return VisItem(
        id=event.id,
        group=slug,
        content=str(escape(headline(event))),
        title=str(Markup("<br>").join(filter(None, told))),
        start=drawing.first.isoformat(),
        end=MISSING if is_point else drawing.end.isoformat(),
        type="point" if is_point else "range",
        url=address.event_page_url(event.id),
        className=" ".join(drawing.css_classes),
    )
