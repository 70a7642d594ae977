"""The API door: REST over the same actions and lists as the pages, for programs with a key."""
