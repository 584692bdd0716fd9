"""A timeline API: dated, sourced, attributed event records."""
