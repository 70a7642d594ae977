"""Rules of law for tests: a poll that closes so and so long after now."""

from datetime import timedelta

from chaupal.kit.ids import new_id
from chaupal.law import freezes, polls
from chaupal.law.freezes import FreezeId
from chaupal.law.models import NewPoll, PollId
from chaupal.record import Actor
from factories import Place


def a_poll(place: Place, *codes: str, closes_in: timedelta = timedelta(hours=40), **changes):
    """A poll whose silence began eight hours ago, if nothing else is said."""
    closes_at = place.rt.now() + closes_in
    return NewPoll(
        **{
            "election": "Assembly",
            "phase": "Phase 1",
            "opens_at": closes_at - timedelta(hours=11),
            "closes_at": closes_at,
            "silence_h": 48,
            "source": "Notification 7 of the Commission",
            "codes": codes or ("east",),
            **changes,
        }
    )


async def entered(place: Place, actor: Actor, *codes: str, **changes) -> PollId:
    """The same, in the calendar."""
    poll = a_poll(place, *codes, **changes)
    return await polls.enter(place.rt, poll, key=str(new_id()), actor=actor)


async def stopped(
    place: Place, actor: Actor, at: str, *, everything: bool = True, key: str | None = None
) -> FreezeId:
    """An area that is stopped from now on."""
    return await freezes.order(
        place.rt, at, "order 7", everything=everything, key=key or str(new_id()), actor=actor
    )
