"""Phrases that research takes up and that no list of techniques holds."""
