"""`python -m bench NAME [--size N] [--json]`: measure, and print a line a figure."""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import MappingProxyType

import uvloop

from bench.audience import audience
from bench.directory import FULL, directory
from bench.dispatch import dispatch, memory
from bench.edge import edge
from bench.figures import Figure, show
from bench.freeze import freeze
from bench.ground import Ground, opened
from bench.load import load
from bench.receipts import receipts, receipts_memory
from bench.report import reports
from bench.urgent import urgent
from chaupal.kit import log
from chaupal.rehearsal.demo.progress import Steps
from chaupal.rehearsal.sizes import LEAST_GROUPS


@dataclass(frozen=True, slots=True)
class Bench:
    """Something to measure, with its size when nobody says, and its tiny size for the smoke."""

    measure: Callable[[Ground, int], Awaitable[list[Figure]]]
    size: int
    tiny: int
    least: int = 1


BENCHES = MappingProxyType(
    {
        "freeze": Bench(freeze, size=5_000_000, tiny=200),
        "audience": Bench(audience, size=100_000, tiny=200, least=20),
        "dispatch": Bench(dispatch, size=200_000, tiny=200, least=10),
        "urgent": Bench(urgent, size=1_000_000, tiny=40, least=2),
        "receipts": Bench(receipts, size=20_000, tiny=200, least=10),
        "receipts_memory": Bench(receipts_memory, size=1_000_000, tiny=3_000, least=3_000),
        "report": Bench(reports, size=1_000_000, tiny=300),
        "edge": Bench(edge, size=10_000, tiny=200),
        "load": Bench(load, size=100_000, tiny=300, least=LEAST_GROUPS),
        "directory": Bench(directory, size=FULL, tiny=300, least=LEAST_GROUPS),
        "memory": Bench(memory, size=20_000, tiny=200, least=10),
    }
)
IN_DISPATCH = "memory"  # measured there already


async def smoke(ground: Ground) -> list[Figure]:
    """Run every bench at its tiny size; the figures must come out, whatever they are."""
    figures = []
    for name, bench in BENCHES.items():
        if name != IN_DISPATCH:
            figures += await bench.measure(ground, bench.tiny)
    broken = [figure.name for figure in figures if not figure.is_sane()]
    assert not broken, f"no measurement came out of {broken}"
    return figures


async def measured(name: str, size: int | None) -> list[Figure]:
    """Run one bench, or the smoke of all, on engines of its own."""
    steps = Steps()
    with steps.shown():
        async with opened(steps) as ground:
            if name == "smoke":
                return await smoke(ground)
            bench = BENCHES[name]
            return await bench.measure(ground, size or bench.size)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", choices=["smoke", *BENCHES])
    parser.add_argument("--size", type=int, help="how many, instead of the bench's own number")
    parser.add_argument("--json", action="store_true", help="a JSON line a figure")
    asked = parser.parse_args()
    if asked.size is not None:
        if asked.name == "smoke":
            parser.error("a smoke has its own sizes")
        if asked.size < BENCHES[asked.name].least:
            parser.error(f"{asked.name} needs a size of at least {BENCHES[asked.name].least}")
    log.configure("warning")
    show(uvloop.run(measured(asked.name, asked.size)), as_json=asked.json)


if __name__ == "__main__":
    main()
