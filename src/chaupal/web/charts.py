"""The geometry of evidence: how a tally of deliveries becomes a bar, or a jaali of a hundred.

What is good is rounded down and what is bad is rounded up, so that a picture never flatters:
the hundredth opening fills only when everybody is reached, and one refusal in a lakh is seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

REACHED = ("verified", "posted", "opened", "delivered", "accepted", "planned")
ENDED = ("unknown", "refused", "expired", "cancelled", "recalled")
RUNGS = REACHED + ENDED

Tally = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """One rung's stretch of a bar, in hundredths of its width."""

    rung: str
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Patch:
    """One rung's openings of a jaali, as an SVG path over a 100 by 100 field."""

    rung: str
    path: str


def total(tally: Tally) -> int:
    """Return how many deliveries there are: the sum over all states, always."""
    unknown = set(tally) - set(RUNGS)
    assert not unknown, f"no such rungs: {sorted(unknown)}"
    return sum(tally.values())


def reached(tally: Tally, rung: str) -> int:
    """Return how many got at least as far as `rung`."""
    return sum(tally.get(name, 0) for name in REACHED[: REACHED.index(rung) + 1])


def bar(tally: Tally, thinnest: float = 0.5) -> list[Segment]:
    """Lay the rungs end to end, the strongest first; none that holds anything is invisible."""
    whole = total(tally)
    if whole == 0:
        return []
    present = [(rung, tally[rung]) for rung in RUNGS if tally.get(rung)]
    widths = [max(100 * count / whole, thinnest) for _, count in present]
    scale = 100 / sum(widths)
    segments, x = [], 0.0
    for (rung, count), width in zip(present, widths, strict=True):
        segments.append(Segment(rung, count, round(x, 3), round(width * scale, 3)))
        x += width * scale
    return segments


def jaali(tally: Tally) -> list[Patch]:
    """Fill a hundred openings from the ground up, strongest first."""
    whole = total(tally)
    if whole == 0:
        return []
    ended = {rung: -(-100 * tally.get(rung, 0) // whole) for rung in ENDED}
    largest = max(ended, key=lambda rung: ended[rung])
    ended[largest] -= max(0, sum(ended.values()) - 100)
    room = 100 - sum(ended.values())
    patches, start, counted = [], 0, 0
    for rung in REACHED:
        counted += tally.get(rung, 0)
        end = min(room, 100 * counted // whole) if rung != "planned" else room
        patches.append(Patch(rung, _openings(start, end)))
        start = max(start, end)
    for rung in ENDED:
        patches.append(Patch(rung, _openings(start, start + ended[rung])))
        start += ended[rung]
    return [patch for patch in patches if patch.path]


def curve(rises: Mapping[int, int], steps: int, whole: int) -> str:
    """Draw how many had got so far by each step, as an SVG path over a 100 by 100 field.

    `rises` holds how many rose within a step. The line goes along before it climbs, so that at no
    moment it stands higher than what was known by then.
    """
    assert steps > 0
    path, reached_by_then = "M0 100", 0
    for step in sorted(rises):
        reached_by_then += rises[step]
        x = round(100 * min(step + 1, steps) / steps, 2)
        y = round(100 - 100 * reached_by_then / max(whole, 1), 2)
        path += f"H{x:g}V{y:g}"
    return path + "H100"


def _openings(start: int, end: int) -> str:
    """Cover openings `start` to `end`, counted by row from the bottom left, with rectangles."""
    path, cell = "", start
    while cell < end:
        row, column = divmod(cell, 10)
        rows = (end - cell) // 10 if column == 0 else 0
        if rows:
            path += f"M0 {100 - 10 * row}h100v-{10 * rows}H0z"
            cell += 10 * rows
        else:
            width = min(10 - column, end - cell)
            path += f"M{10 * column} {100 - 10 * row}h{10 * width}v-10h-{10 * width}z"
            cell += width
    return path
