"""Schedules: the list of jobs, the run ledger, and APScheduler."""
