"""Full-text search: how a query is read, and all that the application knows of SQLite's FTS5.

https://www.sqlite.org/fts5.html
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import (
    Connection,
    MetaData,
    column,
    event,
    table,
    text,
)
from sqlmodel import SQLModel

from app.db.expressions import Condition, Param
from app.domain.text import casefold_text, split_words

TEXT_SEPARATOR = "\x01"
"""Stands between two texts. None has it in it, and it keeps an ASCII text one, which folds fast."""

PHRASE_BOUNDARY = " \ue000 "
"""Stands between two texts of one event in the index, so that no phrase spans both."""

# Words come folded and separated, so the tokenizer has to add no opinion of its own.
_CREATE = "CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii')"

SEARCH_INDEX = table("event_search", column("rowid"), column("content"))


@event.listens_for(SQLModel.metadata, "after_create")
def _create(_: MetaData, connection: Connection, **__: object) -> None:
    """Make the search index one of the things that the models create."""
    connection.exec_driver_sql(_CREATE)


def match_query(query: Iterable[Sequence[str]]) -> str:
    """Write terms as the index is asked for them: every one must occur."""
    return " AND ".join(f'"{" ".join(term)}"' for term in query)


def matches(asked: Param) -> Condition:
    """Say of a row of the index that what is asked for occurs in it."""
    return SEARCH_INDEX.c.content.op("MATCH", is_comparison=True)(asked.bind)


def document_text(texts: Iterable[str]) -> str:
    """Give the content under which an event is found, from the texts that describe it.

    What stands between them may stand within one of them too, if it is of several.
    """
    together = casefold_text(TEXT_SEPARATOR.join(texts))
    return PHRASE_BOUNDARY.join(
        " ".join(split_words(part)) for part in together.split(TEXT_SEPARATOR)
    )


DELETE_DOCUMENT = text("DELETE FROM event_search WHERE rowid = :rowid")
