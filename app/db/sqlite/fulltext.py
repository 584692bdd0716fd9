"""The full-text index of events (FTS5): its table, its documents and its queries.

https://www.sqlite.org/fts5.html
"""

from collections.abc import Iterable

from sqlalchemy import Connection, MetaData, column, event, table, text
from sqlmodel import SQLModel

from app.db.expressions import Condition, Param
from app.domain.analyzer import casefold_text, split_words
from app.domain.search_terms import Term

TEXT_SEPARATOR = "\x01"
"""Separates texts that are folded together. No text contains it, and it is ASCII, so that an ASCII
text stays one, which folds fast."""

PHRASE_BOUNDARY = " \ue000 "
"""Separates the texts of an event in the index, so that no phrase matches across two of them."""

# Texts are folded and split into words before they are indexed. The `ascii` tokenizer leaves all
# other characters alone; the default one would fold and split them again, by rules of its own.
# The index of two-letter prefixes, without which such a query reads all words that begin so, makes
# it a fifth larger. Longer prefixes have fewer words. https://www.sqlite.org/fts5.html#prefix_indexes
_CREATE = "CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii', prefix='2')"

SEARCH_INDEX = table("event_search", column("rowid"), column("content"))


@event.listens_for(SQLModel.metadata, "after_create")
def _create(_: MetaData, connection: Connection, **__: object) -> None:
    """Create the index with the tables of the models: SQLAlchemy cannot describe it as one."""
    connection.exec_driver_sql(_CREATE)


def match_query(terms: Iterable[Term]) -> str:
    """Build an FTS5 query that requires every term.

    https://www.sqlite.org/fts5.html#full_text_query_syntax
    """
    phrases = (f'"{" ".join(term.words)}"{"*" if term.is_prefix else ""}' for term in terms)
    return " AND ".join(phrases)


def matches(query: Param) -> Condition:
    """Build the condition that a row of the index matches an FTS5 query."""
    return SEARCH_INDEX.c.content.op("MATCH", is_comparison=True)(query.bind)


def document_text(texts: Iterable[str]) -> str:
    """Build the document by which an event is found, from the texts that describe it.

    A text can itself be several texts with TEXT_SEPARATOR between them.
    """
    folded = casefold_text(TEXT_SEPARATOR.join(texts))
    return PHRASE_BOUNDARY.join(
        " ".join(split_words(part)) for part in folded.split(TEXT_SEPARATOR)
    )


DELETE_DOCUMENT = text("DELETE FROM event_search WHERE rowid = :rowid")

CHECK_INDEX = "INSERT INTO event_search (event_search) VALUES ('integrity-check')"
"""Fails if the index is damaged, or is not that of the documents. Writes nothing.

https://www.sqlite.org/fts5.html#the_integrity_check_command
"""
