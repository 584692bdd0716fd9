"""Items and groups for vis-timeline.

https://visjs.github.io/vis-timeline/docs/timeline/#Data_Format
"""

from typing import Annotated, Literal

from markupsafe import Markup, escape
from pydantic import MISSING, Field, TypeAdapter
from typing_extensions import TypeAliasType

from app.formats.calendar_dates import CalendarDate
from app.formats.json_items import fill_list
from app.formats.prose import (
    bidi_isolate,
    fact_lines,
    lead_participant,
    quote_with_credit,
    widget_headline,
)
from app.query.batches import EventBatch
from app.schemas.records import ApiModel, Event, FullDate, Link, or_none
from app.urls import UrlBuilder

# The widget takes 1 to 2.5 s for 10,000 events.
MAX_EVENTS = 10_000


VisItemType = TypeAliasType(
    "VisItemType",
    Annotated[
        Literal["point", "range"],
        Field(description="`point` for a single day, `range` for several days."),
    ],
)


class VisItem(ApiModel):
    """An event."""

    id: str
    """The id of the event."""
    group: str
    """The id of one participant, or an empty text if the event has no participants."""
    content: str
    """The title, escaped for HTML. If the date is not certain to the day, the date in words comes
    first."""
    title: str
    """The tooltip, as HTML with all text of the record escaped: the date in words, the title, the
    summary, the quotes and further details, each on a line."""
    start: FullDate
    """The first day of the item."""
    end: FullDate | MISSING = MISSING
    """The day after the last day of a range; absent for a point."""
    type: VisItemType
    """Whether the item covers one day or several."""
    url: Link
    """The page of the event."""
    class_name: str = Field(alias="className")
    """CSS classes: `date-` with the form and `precision-` with the precision of the date;
    `open-start`, `open-end`, `approximate` and `uncertain`; `inexact` for each date that is not
    certain to the day."""


class VisGroup(ApiModel):
    """An actor whose events form a row."""

    id: str
    """The id of the actor, or an empty text for events without participants."""
    content: str
    """The name of the actor, escaped for HTML."""


class VisItems(ApiModel):
    """The data of a timeline."""

    items: list[VisItem]
    """The events in order."""
    groups: list[VisGroup]
    """The groups that the items belong to."""
    notice: str | MISSING = MISSING
    """A notice for readers, if the list is truncated."""


_ITEM = TypeAdapter(VisItem)


def render(batch: EventBatch) -> bytes:
    """Render an item for each event, and the groups of the items."""
    items: list[bytes] = []
    names: dict[str, str] = {}
    for event in batch.events:
        item = _item(event, batch.urls)
        items.append(_ITEM.dump_json(item, by_alias=True))
        names.update([_group(event)])
    document = VisItems(
        items=[],
        # The widget renders the texts as HTML, and its own filter leaves images in.
        groups=[VisGroup(id=slug, content=str(escape(name))) for slug, name in names.items()],
        notice=batch.truncation_notice or MISSING,
    ).model_dump_json(by_alias=True)
    return fill_list(document.encode(), "items", items)


def _group(event: Event) -> tuple[str, str]:
    """Return the id and the name of an event's group."""
    lead = lead_participant(event)
    # As soon as there are groups, the widget hides each item that has none.
    return (lead.actor.id, lead.actor.name) if lead else ("", "")


def _item(event: Event, urls: UrlBuilder) -> VisItem:
    calendar_date = CalendarDate.from_edtf(event.date.edtf)
    is_point = calendar_date.first == calendar_date.last
    tooltip = [
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
        content=str(escape(widget_headline(event))),
        title=str(Markup("<br>").join(filter(None, tooltip))),
        start=calendar_date.first.isoformat(),
        end=MISSING if is_point else calendar_date.end.isoformat(),
        type="point" if is_point else "range",
        url=urls.event_page_url(event.id),
        className=" ".join(calendar_date.css_classes),
    )
