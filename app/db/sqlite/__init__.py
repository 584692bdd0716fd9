"""SQLite: the file, its full-text index, migrations and backups."""
