"""The tree that changes: units are founded, renamed, moved and ended, and history is kept."""

from chaupal.organisations.tree.holding import stand_still
from chaupal.organisations.tree.models import (
    EVER,
    Kind,
    Names,
    Placed,
    Spell,
    Succession,
    Then,
    Weight,
    joined,
)

__all__ = [
    "EVER",
    "Kind",
    "Names",
    "Placed",
    "Spell",
    "Succession",
    "Then",
    "Weight",
    "joined",
    "stand_still",
]
