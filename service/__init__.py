"""Meets the outside: settings, the command line; wires everything."""
