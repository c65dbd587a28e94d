"""Talks to arXiv politely and turns its answers into papers."""
