"""Writing records to the tables."""
