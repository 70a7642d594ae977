"""What a bench says: ours, the limit measured beside it, and how near the one is to the other."""

import math
import statistics
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from time import perf_counter

import msgspec
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One result. `ratio` is 1 where we are as good as the limit, and less where we are not."""

    name: str
    ours: float
    limit: float
    ratio: float
    unit: str

    def is_sane(self) -> bool:
        """Say whether this can be a measurement at all."""
        return all(math.isfinite(n) and n > 0 for n in (self.ours, self.limit, self.ratio))


def rate(name: str, ours: float, limit: float, unit: str) -> Figure:
    """Return a figure of which more is better."""
    return Figure(name, _rounded(ours), _rounded(limit), _rounded(ours / limit), unit)


def cost(name: str, ours: float, limit: float, unit: str) -> Figure:
    """Return a figure of which less is better."""
    return Figure(name, _rounded(ours), _rounded(limit), _rounded(limit / ours), unit)


def _rounded(number: float) -> float:
    return float(f"{number:.3g}")


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    """Return how long `work` took."""
    began = perf_counter()
    await work()
    return perf_counter() - began


def median(numbers: Iterable[float]) -> float:
    """Return the middle one: a neighbour's burst on this machine is not ours."""
    return statistics.median(numbers)


def p95(numbers: Iterable[float]) -> float:
    """Return the number below which 95 in 100 lie."""
    ordered = sorted(numbers)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def show(figures: Iterable[Figure], *, as_json: bool) -> None:
    """Print figures on standard output: a JSON line each, or a table."""
    if as_json:
        for figure in figures:
            print(msgspec.json.encode(asdict(figure)).decode(), flush=True)
        return
    table = Table("bench", "ratio", "ours", "limit", "unit")
    for figure in figures:
        table.add_row(
            figure.name, f"{figure.ratio:g}", f"{figure.ours:g}", f"{figure.limit:g}", figure.unit
        )
    Console().print(table)
