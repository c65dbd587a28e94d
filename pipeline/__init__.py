"""The stages of a run, one file each, and the one run policy."""
