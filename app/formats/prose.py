"""Records in words, for what shows texts: plain, or as HTML in which everything is escaped."""

from datetime import date, datetime

from markupsafe import Markup

from app.domain.edtf import EventDate
from app.formats.calendar_dates import CalendarDate
from app.schemas.records import Citation, Event, Participant, SourceRef, or_none

# What no URL may hold, though people write it; a widget takes some of it for the end of a link.
_IN_URLS = str.maketrans({sign: f"%{ord(sign):02X}" for sign in '"<>\\\\^`{|}'})
_LEADING = ("agent", "speaker", "participant")


def bidi_isolate(text: str) -> str:
    """Keep a text from being turned around by what stands beside it, and from turning it around.

    https://www.w3.org/International/questions/qa-bidi-unicode-controls
    """
    return f"\u2068{text}\u2069"


def headline(event: Event) -> str:
    """Give the title, with the date before it unless a calendar shows just that."""
    if CalendarDate.from_edtf(event.date.edtf).is_exact:
        return event.title
    return f"{bidi_isolate(event.date.display)}: {event.title}"


def lead_participant(event: Event) -> Participant | None:
    """Give who stands for an event where only one can: the first by role."""
    by_role = {role: at for at, role in enumerate(_LEADING)}
    rank = len(_LEADING)
    return min(event.participants, key=lambda one: by_role.get(one.role, rank), default=None)


def participant_text(participant: Participant) -> str:
    """Tell who took part, and as what."""
    told = [participant.role, or_none(participant.capacity)]
    return f"{participant.actor.name} ({', '.join(word for word in told if word)})"


def credit_line(citation: Citation) -> str:
    """Tell whose words a quote is, and where they stand."""
    source = citation.source
    told = [
        or_none(citation.attributed_to),
        f"“{source.title}”",
        source.publisher.name,
        format_day(or_none(source.published)),
        or_none(citation.locator),
    ]
    denial = "Denies it: " if citation.stance == "denies" else ""
    return denial + ", ".join(word for word in told if word)


def format_day(value: date | None) -> str:
    """Write a day in words."""
    return EventDate.parse(value.isoformat()).display if value else ""


def in_quotation_marks(text: str) -> str:
    """Put a quote in quotation marks, unless it brings its own."""
    return text if text.startswith(("“", '"', "„", "«")) else f"“{text}”"


def quote_with_credit(citation: Citation) -> str:
    """Give a quote with its credit, in a line."""
    return f"{in_quotation_marks(citation.quote)} — {credit_line(citation)}"


def fact_lines(event: Event) -> list[str]:
    """Tell who took part, where, how much was at stake and how sure it is, a line each."""
    place, amount = or_none(event.place), or_none(event.amount)
    return [
        *(f"Who: {participant_text(one)}" for one in event.participants),
        *([f"Where: {place}"] if place else []),
        *([f"How much: {amount.text}"] if amount else []),
        f"Status: {event.status}",
    ]


def format_timestamp(value: datetime) -> str:
    """Write a moment as the API does, in UTC."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def event_as_text(event: Event) -> str:
    """Tell all of an event in lines of plain text."""
    lines = [
        or_none(event.summary),
        f"When: {bidi_isolate(event.date.display)}",
        *map(quote_with_credit, event.citations),
        *fact_lines(event),
    ]
    return "\n".join(line for line in lines if line)


def event_as_html(event: Event) -> Markup:
    """Tell what an event is, and who says so, as HTML that holds no markup of theirs."""
    summary = or_none(event.summary)
    parts = [paragraph(summary)] if summary else []
    for citation in event.citations:
        quote = _lines(citation.quote)
        parts.append(Markup('<blockquote dir="auto">{}</blockquote>').format(quote))
        parts.append(Markup('<p dir="auto">— {}</p>').format(_linked(citation)))
    return Markup("").join([*parts, *map(paragraph, fact_lines(event))])


def paragraph(text: str) -> Markup:
    """Write a text as a paragraph of HTML that holds no markup of its own."""
    return Markup('<p dir="auto">{}</p>').format(_lines(text))


def _lines(text: str) -> Markup:
    return Markup("<br>").join(text.split("\n"))


def _linked(citation: Citation) -> Markup:
    url = source_url(citation.source)
    if not url:
        return Markup("{}").format(credit_line(citation))
    return Markup('<a href="{}" rel="noopener">{}</a>').format(url, credit_line(citation))


def source_url(source: SourceRef) -> str:
    """Give where a source stands, if a link may lead there."""
    url = (or_none(source.url) or "").translate(_IN_URLS)
    return url if url.startswith(("http://", "https://")) else ""
