"""The Python face of Papertide."""
