"""The outside: the command line and the web service."""
