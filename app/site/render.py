"""Rendering of the pages. Each page is complete without JavaScript."""

from http import HTTPStatus
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import MISSING

from app.formats import FORMATS, jsonld
from app.formats.calendar_dates import CalendarDate
from app.formats.prose import (
    dated_title,
    format_day,
    in_quotation_marks,
    quote_with_credit,
    source_url,
)
from app.query.heading import PageHeading, heading_from_record
from app.schemas.problem import Problem
from app.schemas.records import Event, Timeline, or_none
from app.site.assets import ASSETS_BY_FILE
from app.site.bars import build_bars
from app.site.filter_form import FACET_GROUPS, OPTIONS_SHOWN, chips, field_values, hidden_fields
from app.site.view import EmbedView, PageView
from app.urls import UrlBuilder

_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'"
PAGE_CSP = {"Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'"}
"""The policy of a page: it loads nothing from other origins, and no page may frame it."""
EMBED_CSP = {"Content-Security-Policy": f"{_POLICY}; frame-ancestors *"}
"""The policy of a page that any page may frame."""
DOCS_CSP = {
    # The styles of Swagger UI contain images as data URLs.
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'; img-src 'self' data:"
}

_PRECISION_NOTES = {
    "day": "exact day",
    "month": "day not stated",
    "year": "month not stated",
    "span": "whole period",
    "set": "exact day not known",
}


def render_page(view: PageView) -> str:
    """Render the timeline, with its filters and links to the other formats."""
    links = view.urls.relative()
    return _render(
        "timeline.html",
        **_context(view),
        formats=FORMATS,
        embed_code=_embed_code(view),
        bars=[*build_bars(view, links)],
        fields=field_values(links),
        # The form has its own fields for facets, and for whether all actors must take part.
        hidden=hidden_fields(links, {*view.options, "actor_match"}),
        is_unfolded=any(
            option.selected for facet in FACET_GROUPS for option in view.options[facet]
        ),
        is_later_page=view.query.cursor is not MISSING,
    )


def render_embed(view: EmbedView) -> str:
    """Render the timeline for a frame on another site."""
    return _render("embed.html", **_context(view))


def render_event(event: Event, timeline: Timeline | None, urls: UrlBuilder) -> str:
    """Render the page of an event, with the metadata that other sites show for a shared link."""
    # "<" is escaped as JSON: a script element does not decode HTML entities, and "</script>" in a
    # quote would end it.
    graph = Markup(jsonld.render_one(event, urls).replace("<", "\\u003c"))  # noqa: S704
    first_citation, links = event.citations[0], urls.relative()
    return _render(
        "event.html",
        event=event,
        urls=urls,
        links=links,
        graph=graph,
        share_title=dated_title(event),
        description=or_none(event.summary) or quote_with_credit(first_citation),
        heading=heading_from_record(timeline) if timeline else PageHeading(),
        back=(links.with_param("timeline", timeline.id) if timeline else links).page_url(),
    )


def render_problem(problem: Problem, urls: UrlBuilder) -> str:
    """Render an error and, if a filter is wrong, the form to correct it."""
    heading = "This selection cannot be shown" if problem.status < 500 else "Try again later"
    if problem.status == HTTPStatus.NOT_FOUND:
        heading = "Page not found"
    links = urls.relative()
    return _render(
        "problem.html",
        problem=problem,
        heading=heading,
        links=links,
        fields=field_values(links),
        hidden=hidden_fields(links),
        has_form=problem.status == HTTPStatus.UNPROCESSABLE_ENTITY,
    )


def render_docs(urls: UrlBuilder) -> str:
    """Render the page to try the API, with Swagger UI."""
    return _render("docs.html", links=urls.relative(), urls=urls)


def _context(view: EmbedView) -> dict[str, Any]:
    links = view.urls.relative()
    # Sorted by the last change, events of one year are not next to each other. `groupby` would
    # repeat the heading of the year.
    by_date = view.query.sort == "date"
    groups = groupby(view.page.items, key=lambda event: _year(event) if by_date else "")
    return {
        "view": view,
        "urls": view.urls,
        "links": links,
        "years": [(year, [*events]) for year, events in groups],
        "chips": [*chips(view, links)],
    }


def _embed_code(view: PageView) -> str:
    frame = Markup(
        '<iframe src="{}" title="{}" width="100%" height="600" '
        'style="border: 0" loading="lazy"></iframe>'
    )
    return str(frame.format(view.urls.embed_url(), view.heading.title))


def _year(event: Event) -> str:
    return f"{CalendarDate.from_edtf(event.date.edtf).anchor.first.year:04}"


def _precision_note(calendar_date: CalendarDate) -> str:
    """Return how precise a date is, or an empty text if its words say so already."""
    shape, anchor = calendar_date.shape, calendar_date.anchor
    # "about 3 November 2021" is not an exact day.
    if shape == "day" and anchor.qualifier:
        return ""
    is_plain = shape in ("day", "period")
    return _PRECISION_NOTES.get(anchor.precision if is_plain else shape, "")


def _render(template: str, **context: Any) -> str:  # noqa: ANN401 - templates take any value
    return _TEMPLATES.get_template(template).render(**context)


_TEMPLATES = Environment(
    loader=PackageLoader("app.site"),
    autoescape=True,
    undefined=StrictUndefined,  # a misspelt variable is an error instead of an empty text
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {
    "ASSETS": ASSETS_BY_FILE,
    "FACET_GROUPS": FACET_GROUPS,
    "OPTIONS_SHOWN": OPTIONS_SHOWN,
    "calendar_date": CalendarDate.from_edtf,
    "format_day": format_day,
    "in_quotation_marks": in_quotation_marks,
    "or_none": or_none,
    "precision_note": _precision_note,
    "source_url": source_url,
}
