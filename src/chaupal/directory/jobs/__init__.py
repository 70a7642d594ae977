"""Imports as work: a file comes in, is checked, and is imported while its author looks on."""
