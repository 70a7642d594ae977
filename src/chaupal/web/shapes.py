"""From the features' rows to what templates show: tallies, steps, names in two languages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts.models import MOVES, Broadcast, Stage, State
from chaupal.broadcasts.rungs import ENDED, Counted, rung, tally
from chaupal.organisations import Right
from chaupal.web.language import Language
from chaupal.web.visits import Desk

__all__ = [
    "ENDED", "RIGHT_FOR", "STEPS", "divisions", "initials", "named", "reached", "rung",
    "stage_of", "stands", "steps", "tally", "verbs",
]  # fmt: skip

STEPS = ("draft", "submitted", "approved", "frozen", "sending", "finished")
HALTS = frozenset({Stage.PAUSED, Stage.CANCELLED, Stage.RECALLED})
RIGHT_FOR = {
    "submit": Right.COMPOSE,
    "send_back": Right.APPROVE,
    "approve": Right.APPROVE,
    "pause": Right.STEER,
    "resume": Right.STEER,
    "cancel": Right.STEER,
    "recall": Right.STEER,
}


class CountedAtBranch(Counted, Protocol):
    """The same, of one branch of the tree."""

    @property
    def branch_id(self) -> UUID: ...
    @property
    def name_hi(self) -> str: ...
    @property
    def name_en(self) -> str: ...


class Named(Protocol):
    """Whatever has a name in both languages."""

    @property
    def name_hi(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def named(row: Named, language: Language) -> str:
    """Return a name in the reader's language."""
    return row.name_hi if language == "hi" else row.name_en


def reached(counts: Iterable[Counted]) -> int:
    """Return in how many groups the message is known to stand.

    An admin who opened a task and posted nothing is a rung on the ladder, but no group reached.
    """
    return sum(
        count.targets
        for count in counts
        if count.state is State.SENT and count.evidence >= Evidence.DELIVERED
    )


def divisions(counts: Iterable[CountedAtBranch], language: Language) -> list[dict[str, Any]]:
    """Gather counts by branch of the tree, by name."""
    branches: dict[UUID, list[CountedAtBranch]] = {}
    for count in counts:
        branches.setdefault(count.branch_id, []).append(count)
    return sorted(
        (
            {
                "id": id,
                "name": named(rows[0], language),
                "tally": tally(rows),
                "reached": reached(rows),
            }
            for id, rows in branches.items()
        ),
        key=lambda division: str(division["name"]),
    )


def stage_of(stage: Stage, starts_at: datetime | None, now: datetime) -> str:
    """Return a stage as people are told it: what sends and has yet to begin is scheduled."""
    waits = stage is Stage.SENDING and starts_at is not None and starts_at > now
    return "scheduled" if waits else stage.value


def stands(broadcast: Broadcast, now: datetime) -> str:
    """Return where a broadcast stands in a word: two pages with the same word show the same."""
    stage = stage_of(broadcast.stage, broadcast.starts_at, now)
    return f"{stage}-{broadcast.content_hash.hex()[:16]}"


def steps(broadcast: Broadcast, now: datetime) -> list[dict[str, Any]]:
    """Return the stages of a broadcast, done, here or ahead, with when and by whom."""
    ats: dict[str, datetime | None] = {
        "draft": broadcast.created_at,
        "submitted": broadcast.submitted_at,
        "approved": broadcast.approved_at,
        "frozen": broadcast.frozen_at,
        "scheduled": broadcast.starts_at,
        "finished": broadcast.finished_at,
    }
    by = {"draft": broadcast.author_label, "approved": broadcast.approver_label}
    halted = broadcast.stage in HALTS
    here = _reached(broadcast) + 1 if halted else STEPS.index(broadcast.stage.value)
    waits = stage_of(broadcast.stage, broadcast.starts_at, now) == "scheduled"
    shown = []
    for place, step in enumerate(STEPS):
        key = "scheduled" if waits and step == "sending" else step
        if halted and place == here:
            shown.append(_step(broadcast.stage.value, "here", broadcast.finished_at, None))
            continue
        state = "done" if place < here else "here" if place == here else "ahead"
        known = place <= here
        shown.append(
            _step(key, state, ats.get(key) if known else None, by.get(key) if known else None)
        )
    if here >= len(STEPS):
        shown.append(_step(broadcast.stage.value, "here", broadcast.finished_at, None))
    return shown


def _reached(broadcast: Broadcast) -> int:
    """Return the last stage that a halted broadcast had passed."""
    if broadcast.frozen_at is not None:
        return STEPS.index("frozen" if broadcast.stage is Stage.PAUSED else "sending")
    passed = (broadcast.approved_at, broadcast.submitted_at)
    return next((STEPS.index("approved") - n for n, at in enumerate(passed) if at is not None), 0)


def _step(key: str, state: str, at: datetime | None, by: str | None) -> dict[str, Any]:
    return {"key": key, "state": state, "at": at, "by": by}


def verbs(broadcast: Broadcast, desk: Desk) -> set[str]:
    """Return what this person may do with a broadcast now. The server decides again on pressing."""
    own = broadcast.author_id == desk.actor.id
    allowed = {
        "return" if verb == "send_back" else verb
        for verb, (sources, _) in MOVES.items()
        if broadcast.stage in sources and desk.scope.allows(RIGHT_FOR[verb])
    }
    if own:
        allowed.discard("approve")
        if broadcast.stage in {Stage.DRAFT, Stage.SUBMITTED} and desk.scope.allows(Right.COMPOSE):
            allowed.add("edit")
    return allowed


def initials(name: str) -> str:
    """Shorten a person's name to what colleagues recognise: the first word and an initial."""
    first, *others = name.split()
    return f"{first} {others[-1][:1]}." if others else first
