"""Tells live pages to ask anew what their readers may see, because rights have just moved."""

from contextlib import suppress

from nats.errors import Error

from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime

TOPIC = "rights"


async def doubt(rt: Runtime, organisation: OrganisationId) -> None:
    """Say that somebody's rights may have changed. May get lost; never fails.

    Every request reads the posts of its day anyway, and a live page asks again by itself within
    half a minute: this makes it ask at once.
    """
    if rt.nats.is_connected:
        with suppress(Error, OSError):
            await rt.nats.publish(f"hint.{organisation}.{TOPIC}", b"")
