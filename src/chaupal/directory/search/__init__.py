"""Search over people, groups and units, by sound, within a Scope."""

from chaupal.directory.search.actions import search
from chaupal.directory.search.models import Found, Further, Hit, Page, Searched

__all__ = ["Found", "Further", "Hit", "Page", "Searched", "search"]
