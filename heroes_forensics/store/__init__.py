"""The case database: one SQLite file, one writer, one transaction for each unit of work."""
