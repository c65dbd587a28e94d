"""Commands for those who work on Papertide itself."""
