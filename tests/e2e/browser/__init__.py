"""The real widgets, in a real browser."""
