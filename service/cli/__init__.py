"""The command line: parses options, calls one package, prints the result."""
