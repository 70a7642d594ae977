"""What people may do to groups. Each function is one transaction."""

from chaupal.groups.actions.admins import add_admins, ask_first, let_admin_go
from chaupal.groups.actions.categories import add_category, recategorise
from chaupal.groups.actions.changing import archive, bring_back, change, move
from chaupal.groups.actions.registering import register

__all__ = [
    "add_admins",
    "add_category",
    "archive",
    "ask_first",
    "bring_back",
    "change",
    "let_admin_go",
    "move",
    "recategorise",
    "register",
]
