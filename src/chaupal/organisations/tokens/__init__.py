"""Keys for programs: made by an account, with its rights or fewer, for a time, and revocable."""

from chaupal.organisations.tokens.actions import caller, issue, revoke
from chaupal.organisations.tokens.models import Issued, Token, TokenId
from chaupal.organisations.tokens.queries import tokens

__all__ = ["Issued", "Token", "TokenId", "caller", "issue", "revoke", "tokens"]
