"""One function per query: fetch, call a pure function, return a typed result."""
