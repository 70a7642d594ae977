"""Posts from a file: offices, who holds them since when, and which are vacant."""
