"""The filters of a page: the fields of its form, and a chip for each filter that is set."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from app.domain.edtf import DateError, EventDate
from app.domain.vocabulary import FacetName
from app.site.view import EmbedView
from app.urls import QueryPairs, UrlBuilder

FILTER_LABELS = {
    "q": "Search",
    "from": "From",
    "to": "To",
    "date": "Date",
    "date_match": "Dates",
    "actor": "Who",
    "actor_match": "Who",
    "actor_scope": "Who",
    "role": "Role",
    "exclude_actor": "Not involving",
    "kind": "Kind",
    "status": "Status",
    "topic": "Topic",
    "source": "Source",
    "timeline": "Timeline",
    "min_sources": "Minimum sources",
    "updated_since": "Updated since",
}
"""The label of each filter, for readers."""
FORM_FIELDS = ("q", "from", "to", "date_match", "order")
"""The parameters that always have a field in the form."""
FACET_GROUPS: dict[FacetName, str] = {"kind": "Kind", "status": "Status"}
"""The facets in the folded part of the form, with their labels."""
OPTIONS_SHOWN = 8
"""The number of options of a facet that are visible; further ones are folded."""

_VALUE_LABELS = {
    ("date_match", "within"): "certainly in this range",
    ("date_match", "overlap"): "possibly in this range",
    ("actor_match", "all"): "all of them",
    ("actor_match", "any"): "any of them",
    ("actor_scope", "tree"): "including their parts",
    ("actor_scope", "self"): "without their parts",
}


@dataclass(frozen=True)
class Chip:
    """A filter that is set."""

    label: str
    value: str
    url: str
    """The page without this filter."""


def chips(view: EmbedView, links: UrlBuilder) -> Iterator[Chip]:
    """Build a chip for each filter that is set."""
    for pair in links.filters:  # a repeated parameter has a chip for each value
        name, value = pair
        if name in FILTER_LABELS:
            # By pair, not by name: the other values of a repeated parameter stay.
            others = [other for other in links.filters if other != pair]
            shown = _value_label(view, name, value)
            yield Chip(FILTER_LABELS[name], shown, replace(links, filters=others).page_url())


def _value_label(view: EmbedView, name: str, value: str) -> str:
    if name in ("actor", "exclude_actor") and value in view.actors:
        return view.actors[value].name
    if name == "topic" and value in view.topics:
        return view.topics[value]
    if name in ("from", "to", "date"):
        return EventDate.parse(value).display
    return _VALUE_LABELS.get((name, value), value)


def field_values(urls: UrlBuilder) -> dict[str, str]:
    """Return the values of the form's fields. The form has no `date`, only `from` and `to`."""
    # The page of a 422 shows the form too, so `date` may be anything.
    values = dict(urls.filters)
    try:
        when = EventDate.parse(values.pop("date"))
    except (KeyError, DateError):
        return values
    values |= {"from": when.earliest.isoformat()} if when.start else {}
    values |= {"to": when.latest.isoformat()} if when.end else {}
    return values


def hidden_fields(urls: UrlBuilder, visible: Container[str] = ()) -> QueryPairs:
    """Return the filters that the form has no field for.

    They are hidden fields: without them, sending the form would remove these filters.
    """
    return [
        (name, value)
        for name, value in urls.filters
        if name not in (*FORM_FIELDS, "date") and name not in visible
    ]
