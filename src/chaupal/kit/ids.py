"""Identifiers: UUIDv7 for what has an address, so that keys made together lie together."""

from typing import NewType
from uuid import UUID

import uuid_utils.compat

OrganisationId = NewType("OrganisationId", int)


def new_id() -> UUID:
    """Return a fresh UUIDv7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()
