"""How the sandbox behaves: well, unless told otherwise, and then by dice with a known seed."""

from enum import Enum, auto
from random import Random
from typing import Annotated, Literal, TypeAlias

import msgspec

Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class WebhookBehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How updates come back. A late one is held for up to `late_s`, and so out of order."""

    duplicate_share: Share = 0.0
    drop_share: Share = 0.0
    read_share: Share = 0.0
    late_share: Share = 1.0
    late_s: Seconds = 0.0
    reorder: bool = False
    batch: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What share of sends goes wrong, and in which way; the shares exclude each other."""

    seed: int = 0
    throttle_share: Share = 0.0
    error_share: Share = 0.0
    lost_request_share: Share = 0.0
    lost_answer_share: Share = 0.0
    failed_share: Share = 0.0
    halt_share: Share = 0.0
    halt: Literal["campaign", "sender", "organisation"] = "sender"
    pair_share: Share = 0.0
    tries_share: Share = 0.0
    answer_delay_s: Seconds = 0.0
    webhook: WebhookBehaviour = WebhookBehaviour()

    def __post_init__(self) -> None:
        """Refuse shares that add up to more than everything."""
        if sum(share for _, share in self._shares()) > 1:
            raise ValueError("the shares of sends that go wrong add up to more than 1")

    def fate(self, dice: Random) -> "Fate":
        """Throw once, and say how a send will go."""
        throw = dice.random()
        for fate, share in self._shares():
            if throw < share:
                return fate
            throw -= share
        return Fate.FINE

    def _shares(self) -> "tuple[tuple[Fate, float], ...]":
        return (
            (Fate.THROTTLED, self.throttle_share),
            (Fate.ERROR, self.error_share),
            (Fate.REQUEST_LOST, self.lost_request_share),
            (Fate.ANSWER_LOST, self.lost_answer_share),
            (Fate.FAILED, self.failed_share),
            (Fate.HALT, self.halt_share),
            (Fate.TOO_OFTEN, self.pair_share),
            (Fate.FEW_TRIES, self.tries_share),
        )


class Fate(Enum):
    """How one send goes. `FAILED` is accepted, and never arrives."""

    FINE = auto()
    THROTTLED = auto()
    ERROR = auto()
    REQUEST_LOST = auto()
    ANSWER_LOST = auto()
    FAILED = auto()
    HALT = auto()
    TOO_OFTEN = auto()
    FEW_TRIES = auto()
