"""Limits of the texts of a record."""

SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_SLUG_LENGTH = 100
MAX_TITLE_LENGTH = 120
MAX_QUOTE_LENGTH = 600
