"""The command line: parses options, asks one room, prints."""
