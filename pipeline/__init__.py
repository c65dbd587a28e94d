"""The stages of a run in their order, one file each, and the one run policy."""
