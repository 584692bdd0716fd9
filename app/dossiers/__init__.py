"""Dossier files: reading, checking, loading and writing them."""
