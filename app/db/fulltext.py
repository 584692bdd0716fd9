"""The full-text index of events: its table, its documents and its queries.

SQLite has FTS5 (https://www.sqlite.org/fts5.html), and PostgreSQL has the type `tsvector`
(https://www.postgresql.org/docs/current/datatype-textsearch.html). Texts are folded and split into
words before they are indexed, so that both find the same events: each would otherwise fold and
split them by rules of its own.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, MetaData, column, event, table, text
from sqlmodel import SQLModel

from app.db.dialects import IsMatch
from app.db.expressions import Condition, Param
from app.domain.analyzer import casefold_text, split_words
from app.domain.search_terms import Term

TEXT_SEPARATOR = "\x01"
"""Separates texts that are folded together. No text contains it, and it is ASCII, so that an ASCII
text stays one, which folds fast."""

PHRASE_BOUNDARY = " \ue000 "
"""Separates the texts of an event in the index, so that no phrase matches across two of them."""

MAX_WORD_LENGTH = 500
"""Characters of a word in a `tsvector`, which has at most 2,046 bytes. The rest is not compared."""
MAX_POSITION = 16_383
"""The last position of a word in a `tsvector`. No phrase is found after it."""
MAX_WORD_POSITIONS = 255
"""Positions of one word in a `tsvector`."""
MAX_VECTOR_SIZE = 2**20 - 1
"""Bytes of a `tsvector`."""

_CREATE = {
    # The `ascii` tokenizer separates words at spaces only. The index of two-letter prefixes makes
    # the index a fifth larger. Without it, such a query reads all words that begin so. Longer
    # prefixes have fewer words. https://www.sqlite.org/fts5.html#prefix_indexes
    "sqlite": (
        "CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii', prefix='2')",
    ),
    "postgresql": (
        (
            "CREATE TABLE event_search (rowid BIGINT CONSTRAINT pk_event_search PRIMARY KEY, "
            "content TSVECTOR NOT NULL)"
        ),
        "CREATE INDEX ix_event_search_content ON event_search USING gin (content)",
    ),
}

SEARCH_INDEX = table("event_search", column("rowid"), column("content"))


@event.listens_for(SQLModel.metadata, "after_create")
def _create(_: MetaData, connection: Connection, **__: object) -> None:
    """Create the index with the tables of the models: SQLAlchemy cannot describe it as one."""
    for statement in _CREATE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def match_query(terms: Iterable[Term], connection: Connection) -> str:
    """Build the query that requires every term.

    https://www.sqlite.org/fts5.html#full_text_query_syntax
    https://www.postgresql.org/docs/current/datatype-textsearch.html#DATATYPE-TSQUERY
    """
    if connection.dialect.name == "postgresql":
        return " & ".join(_tsquery(term) for term in terms)
    phrases = (f'"{" ".join(term.words)}"{"*" if term.is_prefix else ""}' for term in terms)
    return " AND ".join(phrases)


def _tsquery(term: Term) -> str:
    phrase = " <-> ".join(map(_lexeme, term.words))
    return f"({phrase}{':*' if term.is_prefix else ''})"


def matches(query: Param) -> Condition:
    """Build the condition that a row of the index matches a query."""
    return IsMatch(SEARCH_INDEX.c.content, query.bind)


def index_content(document: str, connection: Connection) -> str | None:
    """Return a document as the index stores it; None if it is too large for it."""
    if connection.dialect.name != "postgresql":
        return document
    positions: dict[str, list[str]] = {}
    for position, word in enumerate(document.split(), 1):
        found = positions.setdefault(word[:MAX_WORD_LENGTH], [])
        if position <= MAX_POSITION and len(found) < MAX_WORD_POSITIONS:
            found.append(str(position))
    # In a large document, words stay findable without positions, but phrases do not.
    size = sum(len(word.encode()) for word in positions)
    if size > MAX_VECTOR_SIZE:
        return None
    size += 4 * len(positions) + 2 * sum(map(len, positions.values()))
    if size > MAX_VECTOR_SIZE:
        return " ".join(map(_lexeme, positions))
    return " ".join(
        f"{_lexeme(word)}:{','.join(found)}" if found else _lexeme(word)
        for word, found in positions.items()
    )


def _lexeme(word: str) -> str:
    return f"'{word[:MAX_WORD_LENGTH]}'"  # a word is letters, digits and marks


def document_text(texts: Iterable[str]) -> str:
    """Build the document by which an event is found, from the texts that describe it.

    A text can itself be several texts with TEXT_SEPARATOR between them.
    """
    folded = casefold_text(TEXT_SEPARATOR.join(texts))
    return PHRASE_BOUNDARY.join(
        " ".join(split_words(part)) for part in folded.split(TEXT_SEPARATOR)
    )


def merge_additions(connection: Connection) -> None:
    """Merge new documents into the index. Until then, PostgreSQL reads them one by one.

    https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT gin_clean_pending_list('ix_event_search_content')"))


DELETE_DOCUMENT = text("DELETE FROM event_search WHERE rowid = :rowid")

CHECK_INDEX = "INSERT INTO event_search (event_search) VALUES ('integrity-check')"
"""Fails if the index is damaged, or is not that of the documents. Writes nothing.

https://www.sqlite.org/fts5.html#the_integrity_check_command
"""
