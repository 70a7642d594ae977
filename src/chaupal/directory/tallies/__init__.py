"""Counts of people and groups by unit: their deltas folded, and recounted every night."""

from chaupal.directory.tallies.jobs import fold, recount

__all__ = ["fold", "recount"]
