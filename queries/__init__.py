"""Each question once: fetch, hand to a pure function, return the answer."""
