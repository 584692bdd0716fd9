"""What an event record is: dates, vocabularies, limits and texts."""
