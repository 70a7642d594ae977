"""Arrivals: the log of everything that comes in, and the typed arrivals read from it."""
