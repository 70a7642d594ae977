"""What is known of a key: everything but the key."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType
from uuid import UUID

from chaupal.organisations.models import AccountId

TokenId = NewType("TokenId", UUID)


@dataclass(frozen=True, slots=True)
class Token:
    """A key as its owner sees it afterwards."""

    id: TokenId
    name: str
    rights: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose key it is that came with a request."""

    id: TokenId
    account_id: AccountId
    login: str
    language: str
    rights: list[str]


@dataclass(frozen=True, slots=True)
class Issued:
    """A key that was just made: shown once, kept nowhere."""

    id: TokenId
    secret: str = field(repr=False)
