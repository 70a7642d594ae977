"""What an action needs from the outside world, passed by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nats.aio.client import Client as Nats

from chaupal.kit.db import Pool
from chaupal.kit.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Runtime:
    """The outside world. Built once, by world.py.

    `public_url` is where people outside reach the edge: links in messages begin with it.
    `desk_url` is the control room's own address, where relay pages live too.
    """

    pool: Pool
    nats: Nats
    sealer: Sealer
    now: Callable[[], datetime]
    public_url: str
    desk_url: str
