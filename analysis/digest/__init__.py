"""Composition of the weekly digest, and of one reader's part of it."""
