"""The web pages for readers."""
