"""Application domains: where machine learning is put to use, found by words."""
