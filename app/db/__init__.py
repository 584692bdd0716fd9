"""The database: tables, statements and stored records."""
