"""Organisations: the tenant, its tree of units, posts, accounts, and what each may see."""

from chaupal.organisations.models import Right, Scope
from chaupal.organisations.scope import scope_of

__all__ = ["Right", "Scope", "scope_of"]
