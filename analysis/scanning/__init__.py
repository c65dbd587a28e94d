"""Working through the papers of some weeks: which to show next, and how much of what matters has been seen."""
