"""Pages for people, whole without a script: the timeline, one event, and what goes wrong."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import MISSING

from app.domain.edtf import DateError, EventDate
from app.domain.vocabulary import FacetName
from app.formats import FORMATS, jsonld
from app.formats.calendar_dates import CalendarDate
from app.formats.prose import (
    bidi_isolate,
    format_day,
    in_quotation_marks,
    quote_with_credit,
    source_url,
)
from app.query.heading import PageHeading, heading_from_record
from app.schemas.problem import Problem
from app.schemas.records import Event, Timeline, or_none
from app.site.assets import ASSETS_BY_FILE
from app.site.bars import draw_bars
from app.site.view import EmbedView, PageView
from app.urls import QueryPairs, UrlBuilder

FILTER_LABELS = {
    "q": "Words",
    "from": "From",
    "to": "To",
    "date": "Date",
    "date_match": "Dates",
    "actor": "Actor",
    "actor_match": "Actors",
    "actor_scope": "Actor",
    "role": "Role",
    "exclude_actor": "Without",
    "kind": "Kind",
    "status": "Status",
    "topic": "Topic",
    "source": "Source",
    "timeline": "Timeline",
    "min_sources": "Sources at least",
}
"""What people call each filter."""
FORM_FIELDS = ("q", "from", "to", "date_match", "order")
"""What the form has fields for, whether there is anything to choose or not."""
FACET_GROUPS: dict[FacetName, str] = {"kind": "Kind", "status": "Status"}
"""What is chosen from lists beside the actors."""
OPTIONS_SHOWN = 8

_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'"
PAGE_CSP = {"Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'"}
"""The headers of a page: it loads only what is ours, and stands in nobody's frame."""
EMBED_CSP = {"Content-Security-Policy": f"{_POLICY}; frame-ancestors *"}
DOCS_CSP = {
    # Swagger UI brings its pictures along in its styles.
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'; img-src 'self' data:"
}


@dataclass(frozen=True)
class Chip:
    """A filter that is set, and the page without it."""

    name: str
    value: str
    url: str


def render_page(front: PageView) -> str:
    """Write the timeline as a page, with the URLs of its other representations."""
    links = front.urls.relative()
    return _render(
        "front.html",
        **_context(front),
        formats=FORMATS,
        snippet=_snippet(front),
        bars=[*draw_bars(front, links)],
        fields=_fields(links),
        carried=_hidden_fields(links, {*front.choices, "actor_match"}),
        opened=any(choice.chosen for facet in FACET_GROUPS for choice in front.choices[facet]),
        is_later=front.query.cursor is not MISSING,
    )


def render_embed(embedded: EmbedView) -> str:
    """Write the timeline as a page for a frame on somebody else's."""
    return _render("embed.html", **_context(embedded))


def render_event(event: Event, timeline: Timeline | None, address: UrlBuilder) -> str:
    """Write the page of one event, with what others show where it is shared."""
    graph = Markup(jsonld.render_one(event, address).replace("<", "\\u003c"))  # noqa: S704 - JSON
    first, links = event.citations[0], address.relative()
    return _render(
        "event.html",
        event=event,
        address=address,
        links=links,
        graph=graph,
        dated=f"{bidi_isolate(event.date.display)}: {event.title}",
        about=or_none(event.summary) or quote_with_credit(first),
        heading=heading_from_record(timeline) if timeline else PageHeading(),
        back=(links.with_param("timeline", timeline.id) if timeline else links).page_url(),
    )


def render_problem(problem: Problem, address: UrlBuilder) -> str:
    """Write what went wrong, and how to go on."""
    heading = "That cannot be asked" if problem.status < 500 else "Not just now"
    if problem.status == HTTPStatus.NOT_FOUND:
        heading = "Not on record"
    links = address.relative()
    return _render(
        "problem.html",
        problem=problem,
        heading=heading,
        links=links,
        fields=_fields(links),
        carried=_hidden_fields(links),
        is_form=problem.status == HTTPStatus.UNPROCESSABLE_ENTITY,
    )


def render_docs(address: UrlBuilder) -> str:
    """Write the page on which the API can be tried."""
    return _render("docs.html", links=address.relative(), address=address)


def _context(embedded: EmbedView) -> dict[str, Any]:
    links = embedded.urls.relative()
    by_date = embedded.query.sort == "date"
    groups = groupby(embedded.page.items, key=lambda event: _year(event) if by_date else "")
    return {
        "front": embedded,
        "address": embedded.urls,
        "links": links,
        "groups": [(year, [*events]) for year, events in groups],
        "chips": [*_chips(embedded, links)],
    }


def _fields(address: UrlBuilder) -> dict[str, str]:
    """Give what stands in the fields; one date stands there as the two that it is short for."""
    fields = dict(address.filters)
    try:
        when = EventDate.parse(fields.pop("date"))
    except (KeyError, DateError):
        return fields
    fields |= {"from": when.earliest.isoformat()} if when.start else {}
    fields |= {"to": when.latest.isoformat()} if when.end else {}
    return fields


def _hidden_fields(address: UrlBuilder, shown: Container[str] = ()) -> QueryPairs:
    """Give what the form carries along, having no field for it."""
    return [
        pair
        for pair in address.filters
        if pair[0] not in (*FORM_FIELDS, "date") and pair[0] not in shown
    ]


def _snippet(front: PageView) -> str:
    frame = Markup(
        '<iframe src="{}" title="{}" width="100%" height="600" '
        'style="border: 0" loading="lazy"></iframe>'
    )
    return str(frame.format(front.urls.embed_url(), front.heading.title))


def _year(event: Event) -> str:
    return f"{CalendarDate.from_edtf(event.date.edtf).anchor.first.year:04}"


def _chips(front: EmbedView, local: UrlBuilder) -> Iterator[Chip]:
    for pair in local.filters:
        name, value = pair
        if name in FILTER_LABELS:
            others = [one for one in local.filters if one != pair]
            actor = front.actors.get(value) if name in ("actor", "exclude_actor") else None
            shown = actor.name if actor else _value_label(name, value)
            yield Chip(FILTER_LABELS[name], shown, replace(local, filters=others).page_url())


def _value_label(name: str, value: str) -> str:
    if name in ("from", "to", "date"):
        return EventDate.parse(value).display
    return _VALUE_LABELS.get((name, value), value)


_VALUE_LABELS = {
    ("date_match", "within"): "certainly within",
    ("date_match", "overlap"): "possibly within",
    ("actor_match", "all"): "all of them",
    ("actor_match", "any"): "any of them",
    ("actor_scope", "tree"): "its parts too",
    ("actor_scope", "self"): "itself",
}


_PRECISION_TEXTS = {"day": "to the day", "month": "no day given", "year": "no month given"}


def _precision(drawing: CalendarDate) -> str:
    """Say how much of a date is known, where its words do not."""
    if drawing.shape in ("open-start", "open-end"):
        return ""
    if drawing.shape == "span":
        return "lasted"
    if drawing.shape == "set":
        return "exact day not known"
    return _PRECISION_TEXTS[drawing.anchor.precision]


def _render(template: str, **told: Any) -> str:  # noqa: ANN401 - what templates are told
    return _TEMPLATES.get_template(template).render(**told)


_TEMPLATES = Environment(
    loader=PackageLoader("app.site"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {
    "ASSETS": ASSETS_BY_FILE,
    "day": format_day,
    "draw": CalendarDate.from_edtf,
    "FEW_CHOICES": OPTIONS_SHOWN,
    "given": or_none,
    "link": source_url,
    "LISTED": FACET_GROUPS,
    "precision": _precision,
    "quoted": in_quotation_marks,
}
