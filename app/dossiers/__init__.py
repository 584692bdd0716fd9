"""Dossier files: reading, validating, loading and exporting them."""
