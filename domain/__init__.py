"""The vocabulary of the project: records, weeks, table schemas and errors. No behaviour."""
