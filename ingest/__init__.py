"""arXiv clients: polite requests in, ``Paper`` records out."""
