"""What each sender exchanged with its provider in the last hour, and how it stands.

Nothing of what was said is kept, nor where to, nor to whom: how it ended, and how long it took.
What went alike in one batch shares a row that counts it, so that every exchange is in the account
and a sender of a thousand a second writes a few rows a batch.
"""

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never
from uuid import UUID

from chaupal.channels.contract import Accepted, Deferred, Outcome, Rejected, Unknown
from chaupal.channels.exchange import Heard
from chaupal.kit import db

KEPT = timedelta(hours=1)
REMEMBERED = 5_000
# Names that we, the channels and the HTTP library give; anything else may be somebody's words.
PLAIN = re.compile(r"[a-z][a-z_ ]{0,49}|(?:http|error)_[0-9]{1,6}")
KIND = re.compile(r"[A-Za-z_]{1,60}")
OTHER = "other"


class Alike(NamedTuple):
    """What exchanges have in common that share a row. `ended` is "not_asked" where there was none:
    we ourselves did not send."""

    method: str | None
    ended: str
    status: int | None
    kind: str | None
    outcome: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """So many exchanges that went alike."""

    alike: Alike
    times: int
    took_ms: int
    slowest_ms: int


@dataclass(frozen=True, slots=True)
class State:
    """How a sender stands: its rate now, for how long it waits, how often it was in trouble."""

    rate_per_s: float
    held_s: float
    trips: int


@dataclass(slots=True)
class Journal:
    """What was exchanged for sends that are not settled yet, by their keys."""

    noted: dict[Hashable, list[tuple[Alike, float]]] = field(default_factory=dict)

    def note(self, key: Hashable, outcome: Outcome | None, heard: Sequence[Heard]) -> None:
        """Remember how one send went; one that was not tried went no way."""
        if outcome is None:
            return
        if len(self.noted) >= REMEMBERED:  # of settlements that never came
            self.noted.pop(next(iter(self.noted)))
        name, reason = _ended(outcome)
        self.noted[key] = [
            (Alike(one.method, one.end, one.status, _kind(one.kind), name, reason), one.took_s)
            for one in heard
        ] or [(Alike(None, "not_asked", None, None, name, reason), 0.0)]

    def lines(self, keys: Iterable[Hashable] | None = None) -> list[Line]:
        """Return what is known of these sends, or of all: a line for all that went alike."""
        took: dict[Alike, list[float]] = {}
        for key in self.noted if keys is None else keys:
            for alike, took_s in self.noted.get(key, ()):
                took.setdefault(alike, []).append(took_s)
        return [
            Line(alike, len(all_s), _ms(sum(all_s) / len(all_s)), _ms(max(all_s)))
            for alike, all_s in took.items()
        ]

    def forget(self, keys: Iterable[Hashable]) -> None:
        """Drop what has been written down."""
        for key in keys:
            self.noted.pop(key, None)


def _ended(outcome: Outcome) -> tuple[str, str | None]:
    match outcome:
        case Accepted():
            return "accepted", None
        case Deferred(why):
            return "deferred", plain(why)
        case Rejected(failure):
            return "rejected", failure.value
        case Unknown(why):
            return "unknown", plain(why)
        case _:
            assert_never(outcome)


def plain(why: str) -> str:
    """Return a reason as it may be kept: in words of our own, or none."""
    return why if PLAIN.fullmatch(why) else OTHER


def _kind(kind: str | None) -> str | None:
    return kind if kind is None or KIND.fullmatch(kind) else OTHER


def _ms(took_s: float) -> int:
    return min(round(took_s * 1000), 1_000_000_000)


async def write(
    conn: db.Conn, sender: UUID, lines: list[Line], *, now: datetime, told: bool = False
) -> int:
    """Write down what was exchanged in a batch. `told`: people were told of their tasks."""
    return await db.run(
        conn,
        """
        INSERT INTO exchange (organisation_id, sender_id, at, told, method, ended, status, kind,
                              outcome, reason, times, took_ms, slowest_ms)
        SELECT current_organisation(), %(sender)s, %(now)s, %(told)s, *
          FROM unnest(%(methods)s::text[], %(ends)s::text[], %(statuses)s::int[], %(kinds)s::text[],
                      %(outcomes)s::text[], %(reasons)s::text[], %(times)s::int[], %(took)s::int[],
                      %(slowest)s::int[])
        """,
        sender=sender,
        now=now,
        told=told,
        methods=[line.alike.method for line in lines],
        ends=[line.alike.ended for line in lines],
        statuses=[line.alike.status for line in lines],
        kinds=[line.alike.kind for line in lines],
        outcomes=[line.alike.outcome for line in lines],
        reasons=[line.alike.reason for line in lines],
        times=[line.times for line in lines],
        took=[line.took_ms for line in lines],
        slowest=[line.slowest_ms for line in lines],
    )


async def note_state(conn: db.Conn, sender: UUID, state: State, *, now: datetime) -> None:
    """Say how a sender stands after a batch; who sends next knows nothing of it, and reads none."""
    await db.run(
        conn,
        """
        INSERT INTO sender_state (organisation_id, sender_id, at, rate_per_s, held_until, trips)
        VALUES (current_organisation(), %(sender)s, %(now)s, %(rate)s, %(held_until)s, %(trips)s)
        ON CONFLICT (organisation_id, sender_id) DO UPDATE
           SET at = excluded.at, rate_per_s = excluded.rate_per_s,
               held_until = excluded.held_until, trips = excluded.trips
        """,
        sender=sender,
        now=now,
        rate=state.rate_per_s,
        held_until=now + timedelta(seconds=state.held_s) if state.held_s > 0 else None,
        trips=state.trips,
    )


async def forget(conn: db.Conn, *, before: datetime) -> int:
    """Drop exchanges that are older."""
    return await db.run(
        conn,
        "DELETE FROM exchange WHERE organisation_id = current_organisation() AND at < %(before)s",
        before=before,
    )
