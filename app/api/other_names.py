"""Names of query parameters in other APIs, and what takes their place here."""

from collections.abc import Collection

# The parameters of this API, and their names in others. A name is compared without case and
# punctuation, so that `startDate`, `start-date` and `start_date` are one, like `page[size]` and
# `page_size`. A name can occur twice, because an endpoint may have only one of the parameters.
OTHER_NAMES = {
    "from": (
        "since, after, start, start_date, start_time, begin, begin_date, date_from, from_date, "
        "date_start, date_min, min_date, date_gte, date_gt, date_after, gte, earliest, not_before"
    ),
    "to": (
        "before, until, till, end, end_date, end_time, date_to, to_date, date_end, date_max, "
        "max_date, date_lte, date_lt, date_before, lte, latest, not_after"
    ),
    "updated_since": (
        "since, updated_after, updated_from, updated_at, updated_gte, updated_at_gte, "
        "modified_since, modified_after, if_modified_since, changed_since, last_modified, "
        "newer_than"
    ),
    "date": "day, month, year, on, when, date_range, range, period",
    "cursor": (
        "page, page_number, page_token, p, offset, skip, start_index, next, next_token, "
        "continuation, continuation_token, starting_after, after_id, marker, scroll_id"
    ),
    "limit": (
        "per_page, page_size, size, count, max, max_results, max_count, top, rows, first, take, "
        "num, n, number, results, length"
    ),
    "facet_limit": "facet_size, facet_count, limit, size",
    "q": (
        "search, query, search_term, keyword, keywords, term, terms, text, s, fulltext, title, "
        "place, location, country, city"
    ),
    "sort": "order_by, sort_by, sorting, ordering, sort_field",
    "order": "sort_order, sort_direction, sort_dir, direction, dir, desc, descending, reverse, asc",
    "topic": "topics, tag, tags, category, categories, label, labels, subject, theme, keyword",
    "kind": "kinds, type, types, event_type, event_kind, actor_type, category",
    "actor": (
        "actors, person, people, organization, organisation, org, participant, participants, "
        "entity, company, name, who"
    ),
    "exclude_actor": "exclude, without, actor_not, not_actor",
    "role": "roles",
    "status": "statuses, state, confidence, verification",
    "source": "sources, publication, citation, reference, publisher",
    "timeline": "timelines, dossier, collection, project, dataset, story",
    "min_sources": "min_source_count, min_citations, source_count",
    "interval": "bucket, granularity, resolution, group_by, step, unit",
    "facet": "facets, aggregate, aggregations, aggs, group_by, facet_field",
    "actor_match": "match, operator, op",
}
# What nothing takes the place of, and why.
_UNNEEDED = {
    "fields, select, include, expand, embed, columns, properties": "Records are always complete.",
    "lang, language, locale, hl": "Texts are in the language in which they were written.",
    "tz, timezone": "No event has a time of day.",
    "api_key, apikey, key, token, access_token": "No key is needed.",
    "callback, jsonp": "Scripts of any origin can read responses without it.",
}
_FORMAT_NAMES = "format, output, output_format, file_type, f, alt, accept"
_PREFIX = "filter"
"""JSON:API writes `filter[status]`. https://jsonapi.org/recommendations/#filtering"""


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _folded(names: str) -> set[str]:
    return {_fold(name) for name in names.split(", ")}


_NAMES_HERE = {here: {_fold(here), *_folded(names)} for here, names in OTHER_NAMES.items()}
_REASONS = {name: reason for names, reason in _UNNEEDED.items() for name in _folded(names)}
_FORMATS = _folded(_FORMAT_NAMES)


def names_here(name: str, known: Collection[str]) -> list[str]:
    """Return the known parameters that do what a parameter of this name does in other APIs."""
    folded = _fold(name)
    spellings = {folded, folded.removeprefix(_PREFIX)}
    return [here for here, names in _NAMES_HERE.items() if here in known and names & spellings]


def reason_without(name: str, path: str) -> str:
    """Return why no parameter does what a parameter of this name does in other APIs."""
    folded = _fold(name)
    if folded not in _FORMATS:
        return _REASONS.get(folded, "")
    if path.startswith("/events"):
        return "The format is the suffix of the path, as in /events.csv."
    return "The response is always JSON."
