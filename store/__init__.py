"""Remembers: the schema, its migrations, and every SQL statement in the project."""
