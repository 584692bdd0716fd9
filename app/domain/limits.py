"""Limits of ids, titles and quotes, which dossiers, the database and the API share."""

SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_SLUG_LENGTH = 100
MAX_TITLE_LENGTH = 120
MAX_QUOTE_LENGTH = 600
