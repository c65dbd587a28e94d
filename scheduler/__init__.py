"""Decides when and in what order: stages, their ledger, resuming."""
