"""Index prefixes, kinds and topics for the search, and fold names as the analyzer does now."""

from alembic import op
from sqlalchemy import text

from app.domain.analyzer import casefold_text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP TABLE event_search")
    # `env.py` fills it.
    op.execute(
        "CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii', prefix='2')"
    )
    for table in ("actor", "actor_alias"):
        _fold_names(table)


def _fold_names(table: str) -> None:
    connection = op.get_bind()
    rows = connection.execute(text(f"SELECT DISTINCT name, key FROM {table}")).all()
    keys = [{"name": name, "key": casefold_text(name)} for name, _ in rows]
    if changed := [new for new, (_, key) in zip(keys, rows, strict=True) if new["key"] != key]:
        connection.execute(text(f"UPDATE {table} SET key = :key WHERE name = :name"), changed)


def downgrade() -> None:
    op.execute("CREATE TABLE old_search AS SELECT rowid AS id, content FROM event_search")
    op.execute("DROP TABLE event_search")
    op.execute("CREATE VIRTUAL TABLE event_search USING fts5(content, tokenize='ascii')")
    op.execute("INSERT INTO event_search (rowid, content) SELECT id, content FROM old_search")
    op.execute("DROP TABLE old_search")
