"""CSV tables with a row for each event.

https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
import re
from collections.abc import Callable, Iterable
from io import StringIO

from app.formats import excel
from app.formats.excel import Cell
from app.formats.prose import credit_line, format_timestamp, participant_text, topic_labels
from app.query.batches import EventBatch
from app.schemas.records import Amount, Event, or_none

# New columns are appended, so that existing ones keep their position. Those for Excel follow them.
COLUMNS: dict[str, Callable[[Event], Cell]] = {
    "id": lambda event: event.id,
    "title": lambda event: event.title,
    "summary": lambda event: or_none(event.summary),
    "kind": lambda event: event.kind,
    "status": lambda event: event.status,
    "date": lambda event: event.date.edtf,
    "date_display": lambda event: event.date.display,
    "date_form": lambda event: event.date.form,
    "date_precision": lambda event: event.date.precision,
    "earliest": lambda event: or_none(event.date.earliest),
    "latest": lambda event: or_none(event.date.latest),
    "approximate": lambda event: str(event.date.approximate).lower(),
    "uncertain": lambda event: str(event.date.uncertain).lower(),
    "date_source_text": lambda event: or_none(event.date.source_text),
    "date_note": lambda event: or_none(event.date.note),
    "place": lambda event: or_none(event.place),
    "amount": lambda event: _amount(event).text,
    "amount_min": lambda event: _number(or_none(_amount(event).min)),
    "amount_max": lambda event: _number(or_none(_amount(event).max)),
    "amount_unit": lambda event: or_none(_amount(event).unit),
    # An actor can take part in several roles.
    "actors": lambda event: _join(dict.fromkeys(one.actor.id for one in event.participants)),
    "participants": lambda event: _join(map(participant_text, event.participants)),
    "sources": lambda event: _join(one.source.id for one in event.citations),
    "quotes": lambda event: _join(one.quote for one in event.citations),
    "credits": lambda event: _join(map(credit_line, event.citations)),
    "topics": lambda event: _join(event.topics),
    "timelines": lambda event: _join(event.timelines),
    "created_at": lambda event: format_timestamp(event.created_at),
    "updated_at": lambda event: format_timestamp(event.updated_at),
    "topic_labels": lambda event: _join(topic_labels(event)),
}

# Spreadsheets run text that begins with one of these signs as a formula. A cell can also begin
# after a semicolon or a line break: some spreadsheets separate cells by semicolons, and users split
# joined values. https://owasp.org/www-community/attacks/CSV_Injection
# `[^\S\n]` and not `\s`: each line break begins a match of its own. If it could also continue one,
# a text of many line breaks would take quadratic time.
_FORMULA = re.compile(r'(^|[;\n][^\S\n]*"*)(?=[=+\-@\t\r＝＋－＠])')


def render(batch: EventBatch) -> str:
    """Render a row for each event. The first batch of a response begins with the header row."""
    text = StringIO()
    rows = csv.writer(text)  # writes CRLF and quotes as RFC 4180 requires
    if batch.is_first and batch.is_for_excel:
        text.write(excel.BYTE_ORDER_MARK)
    if batch.is_first:
        rows.writerow([*COLUMNS, *(excel.DATE_COLUMNS if batch.is_for_excel else ())])
    for event in batch.events:
        cells = [_escape_formula(cell(event)) for cell in COLUMNS.values()]
        if batch.is_for_excel:
            cells = [*map(excel.as_shown, cells), *excel.date_cells(event.date.edtf)]
        rows.writerow(cells)
    return text.getvalue()


def _join(values: Iterable[str]) -> str:
    r"""Return values in one cell, with `\;` for `;` and `\\` for `\`, so that they can be split."""
    return "; ".join(value.replace("\\", r"\\").replace(";", r"\;") for value in values)


def _amount(event: Event) -> Amount:
    return or_none(event.amount) or Amount(text="")


def _number(value: float | None) -> Cell:
    """Convert a whole number to an integer, so that 50 is not written as 50.0."""
    return int(value) if value is not None and value.is_integer() else value


def _escape_formula(cell: Cell) -> Cell:
    """Prefix a formula with an apostrophe, so that spreadsheets read it as text.

    Numbers stay as they are: -5 is not a formula.
    """
    return _FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell
