"""Memberships of categories from a file: who joined what, since when, and how."""
