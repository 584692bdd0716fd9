"""What an event record consists of: dates, vocabularies, limits and texts."""
