"""Records in words, as plain text or as HTML in which all text of a record is escaped."""

import unicodedata
from datetime import date, datetime

from markupsafe import Markup

from app.domain.edtf import EventDate
from app.formats.calendar_dates import CalendarDate
from app.schemas.records import Citation, Event, Participant, SourceRef, or_none

# Characters that people write in URLs, although URLs must not contain them. Widgets end a link at
# some of them.
_URL_ESCAPES = str.maketrans({sign: f"%{ord(sign):02X}" for sign in '"<>\\^`{|}'})
# Those who act come before those whom the event concerns, all of whom rank equally.
_LEAD_ROLES = ("agent", "speaker", "participant")


def bidi_isolate(text: str) -> str:
    """Isolate the writing direction of a text from that of its surroundings.

    Otherwise "5 February 2023" becomes "February 2023 5" in right-to-left text.
    https://www.w3.org/International/questions/qa-bidi-unicode-controls
    """
    return f"\u2068{text}\u2069"


def is_right_to_left(text: str) -> bool:
    """Return whether a text is Hebrew, Arabic or the like by its first letter outside of isolates.

    https://www.unicode.org/reports/tr9/#P2
    """
    depth = 0
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("LRI", "RLI", "FSI"):
            depth += 1
        elif direction == "PDI":
            depth = max(0, depth - 1)
        elif direction in ("L", "R", "AL") and not depth:
            return direction != "L"
    return False


def headline(event: Event) -> str:
    """Return the title, with the date before it if a calendar cannot show the date exactly."""
    return event.title if _is_exact(event) else dated_title(event)


def dated_title(event: Event) -> str:
    """Return the date and the title in one line.

    The date is isolated from a right-to-left title only: some programs show U+2068 as a box.
    """
    is_mixed = is_right_to_left(event.title)
    display = bidi_isolate(event.date.display) if is_mixed else event.date.display
    return f"{display}: {event.title}"


def widget_headline(event: Event) -> str:
    """Return a headline for a widget, whose page may be right-to-left: the date is isolated."""
    title = event.title
    return title if _is_exact(event) else f"{bidi_isolate(event.date.display)}: {title}"


def _is_exact(event: Event) -> bool:
    return CalendarDate.from_edtf(event.date.edtf).is_exact


def lead_participant(event: Event) -> Participant | None:
    """Return the first participant by role, for widgets that show only one."""
    ranks = {role: rank for rank, role in enumerate(_LEAD_ROLES)}
    other = len(_LEAD_ROLES)
    return min(event.participants, key=lambda one: ranks.get(one.role, other), default=None)


def participant_text(participant: Participant) -> str:
    """Return a name with its role and capacity: "Quay Builders Ltd (participant, contractor)"."""
    details = [participant.role, or_none(participant.capacity)]
    return f"{participant.actor.name} ({', '.join(filter(None, details))})"


def credit_line(citation: Citation) -> str:
    """Return who said a quote, and where it was published.

    For example: "Denies it: the mayor, “Quay to open in spring”, The Gazette, 1 May 2020, p. 1".
    """
    source = citation.source
    parts = [
        or_none(citation.attributed_to),
        f"“{source.title}”",
        source.publisher.name,
        format_day(or_none(source.published)),
        or_none(citation.locator),
    ]
    # Without these words, readers would take the denial for a confirmation.
    denial = "Denies it: " if citation.stance == "denies" else ""
    return denial + ", ".join(filter(None, parts))


def format_day(value: date | None) -> str:
    """Format a day in words, such as "1 May 2020"."""
    return EventDate.parse(value.isoformat()).display if value else ""


def in_quotation_marks(text: str) -> str:
    """Enclose a quote in quotation marks, unless it begins with one."""
    return text if text.startswith(("“", '"', "„", "«")) else f"“{text}”"


def quote_with_credit(citation: Citation) -> str:
    """Return a quote and its credit in one line."""
    return f"{in_quotation_marks(citation.quote)} — {credit_line(citation)}"


def fact_lines(event: Event) -> list[str]:
    """Return the participants, place, amount, status and topics, each in a line."""
    place, amount = or_none(event.place), or_none(event.amount)
    return [
        *(f"Who: {participant_text(participant)}" for participant in event.participants),
        *([f"Where: {place}"] if place else []),
        *([f"How much: {amount.text}"] if amount else []),
        f"Status: {event.status}",
        *([f"Topics: {', '.join(topic_labels(event))}"] if event.topics else []),
    ]


def topic_labels(event: Event) -> list[str]:
    """Return the labels of the topics."""
    return [topic.label for topic in event.topic_labels]


def format_timestamp(value: datetime) -> str:
    """Format a timestamp in UTC as the JSON API does."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def event_as_text(event: Event) -> str:
    """Return the whole event, apart from its title, as lines of plain text."""
    lines = [
        or_none(event.summary),
        f"When: {event.date.display}",
        *map(quote_with_credit, event.citations),
        *fact_lines(event),
    ]
    return "\n".join(filter(None, lines))


def event_as_html(event: Event) -> Markup:
    """Return the event, apart from its title and date, as HTML with all text escaped."""
    summary = or_none(event.summary)
    parts = [paragraph(summary)] if summary else []
    for citation in event.citations:
        quote = _with_line_breaks(citation.quote)
        parts.append(Markup('<blockquote dir="auto">{}</blockquote>').format(quote))
        parts.append(Markup('<p dir="auto">— {}</p>').format(_linked_credit(citation)))
    return Markup("").join([*parts, *map(paragraph, fact_lines(event))])


def paragraph(text: str) -> Markup:
    """Return a text as an HTML paragraph. The text is escaped."""
    # dir="auto": the text may be Hebrew or Arabic on a page in English.
    return Markup('<p dir="auto">{}</p>').format(_with_line_breaks(text))


def _with_line_breaks(text: str) -> Markup:
    return Markup("<br>").join(text.split("\n"))


def _linked_credit(citation: Citation) -> Markup:
    url = source_url(citation.source)
    if not url:
        return Markup("{}").format(credit_line(citation))
    return Markup('<a href="{}" rel="noopener">{}</a>').format(url, credit_line(citation))


def source_url(source: SourceRef) -> str:
    """Return the URL of a source for a link, or an empty text if it is not an HTTP(S) URL."""
    url = (or_none(source.url) or "").translate(_URL_ESCAPES)
    return url if url.startswith(("http://", "https://")) else ""
