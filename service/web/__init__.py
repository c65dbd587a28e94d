"""The web: pages for people, an API for programs, feeds for readers, over one cached context."""
