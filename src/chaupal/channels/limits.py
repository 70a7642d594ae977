"""What a provider allows a sender, as somebody writes it down: on its page, by program, or when it
is added."""

import re
from dataclasses import dataclass

from chaupal.kit.refusals import Invalid

PORTFOLIO = re.compile(r"[0-9A-Za-z_-]{1,60}")
LARGEST = 1_000_000_000
LONGEST_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider allows a sender, as somebody wrote it down. None: no such limit is known."""

    rate_per_s: int
    chat_interval_s: float = 0.0
    portfolio: str | None = None
    daily_limit: int | None = None
    pair_interval_s: float | None = None
    pair_burst: int | None = None

    def check(self) -> None:
        """Refuse what is no limit at all."""
        wrong = [
            name
            for name, fits in (
                ("rate_per_s", 1 <= self.rate_per_s <= 20_000),
                ("chat_interval_s", 0 <= self.chat_interval_s <= LONGEST_S),
                ("portfolio", self.portfolio is None or PORTFOLIO.fullmatch(self.portfolio)),
                ("daily_limit", self.daily_limit is None or 0 < self.daily_limit <= LARGEST),
                (
                    "pair_interval_s",
                    self.pair_interval_s is None or 0 < self.pair_interval_s <= LONGEST_S,
                ),
                ("pair_burst", self.pair_burst is None or 0 < self.pair_burst <= LARGEST),
                ("pair_burst", (self.pair_interval_s is None) == (self.pair_burst is None)),
            )
            if not fits
        ]
        if wrong:
            raise Invalid("sender.limit_malformed", field=wrong[0])
