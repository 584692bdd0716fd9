"""PostgreSQL: connections to one or several servers, errors, and backups."""
