"""Ranking of papers for a query."""
