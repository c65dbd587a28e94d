"""Trend statistics: shares, growth, calls, correction for detector error."""
