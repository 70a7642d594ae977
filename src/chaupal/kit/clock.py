"""The database's clock, kept by a process of its own: what all workers agree on.

Leases, silences and ends are compared by several machines. Each takes the time from the one place
that they share, and counts on from there by a clock that nobody sets, so that it does not matter
how far apart their own clocks are.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chaupal.kit import db

# An answer that took longer says too little about when it was given.
PATIENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What the database's clock shows."""

    at: datetime


class Clock:
    """The database's time. Until it was asked for the first time, what this machine shows."""

    def __init__(
        self, *, shown: datetime | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._set_at = monotonic()
        self._shown = shown or datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._shown + timedelta(seconds=self._monotonic() - self._set_at)

    async def ask(self, pool: db.Pool) -> timedelta:
        """Set this clock by the database's, and return by how much it was wrong.

        The answer is taken for the middle of the time that it took. One that took longer than
        `PATIENCE_S` changes nothing.
        """
        async with db.installation(pool) as conn:
            await db.one(conn, Reading, "SELECT clock_timestamp() AS at")  # the line is open now
            asked_at = self._monotonic()
            read = await db.one(conn, Reading, "SELECT clock_timestamp() AS at")
            took_s = self._monotonic() - asked_at
        if took_s > PATIENCE_S:
            return timedelta(0)
        was = self()
        self._shown, self._set_at = read.at, asked_at + took_s / 2
        return self() - was
