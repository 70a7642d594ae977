"""The bench measures something, whatever it is: no test looks at a clock."""

import asyncio
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from bench.__main__ import BENCHES
from bench.figures import Figure, cost, p95, rate

import privacy

ROOT = Path(__file__).parent.parent.parent
FIGURES = {
    "freeze": ["freeze", "freeze.groups"],
    "audience": ["audience.everyone", "audience.chosen"],
    "dispatch": [
        "dispatch",
        "dispatch_vs_celery",
        "dispatch.sending",
        "memory",
        "worker_memory_mb",
    ],
    "urgent": ["urgent_start_s", "urgent_slowdown", "worker_memory_mb"],
    "receipts": ["receipts.1", "receipts.10", "receipts.100"],
    "receipts_memory": ["receipts_memory_mb"],
    "report": ["report_s", "report_gather_s"],
    "edge": ["edge"],
    "load": ["load.units", "load.people", "load.groups"],
    "directory": [
        "import_people",
        "import_memory_mb",
        "subtree_page_p95_ms",
        "subtree_page_narrow_p95_ms",
        "search_p95_ms",
        "move_unit_s",
        "move_unit_raw_s",
    ],
}


async def bench(*words: str) -> tuple[int, str]:
    """Run the bench as people do, and return how it ended and what it said on standard out."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench"), *words, cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    said, aside = await child.communicate()
    assert privacy.found(aside.decode(), "bench") == []
    return child.returncode, said.decode()


def ours_left_behind() -> set[str]:
    """Find directories of the bench, and engines that still run in one."""
    mark = "chaupal-bench-"
    left = {str(path) for path in Path(tempfile.gettempdir()).glob(f"{mark}*")}
    for process in psutil.process_iter(["cmdline"]):
        left |= {word for word in process.info["cmdline"] or [] if mark in word}
    return left


async def test_a_smoke_gives_every_figure_as_a_json_line_and_leaves_nothing_behind():
    before = ours_left_behind()
    status, said = await bench("smoke", "--json")
    assert status == 0
    figures = [json.loads(line) for line in said.splitlines()]
    assert [figure["name"] for figure in figures] == [
        name for names in FIGURES.values() for name in names
    ]
    for figure in figures:
        assert list(figure) == ["name", "ours", "limit", "ratio", "unit"]
        assert all(figure[key] > 0 for key in ("ours", "limit", "ratio")), figure
    assert ours_left_behind() <= before


async def test_every_bench_has_its_figures_in_the_smoke():
    assert set(BENCHES) == {*FIGURES, "memory"}
    assert all(0 < bench.least <= bench.tiny < bench.size for bench in BENCHES.values())


@pytest.mark.parametrize(
    "words", [("nothing",), ("freeze", "--size", "0"), ("smoke", "--size", "5")]
)
async def test_what_cannot_be_measured_is_refused_before_anything_starts(words):
    assert await bench(*words) == (2, "")


def test_a_ratio_is_one_at_the_limit_and_less_below_it_both_ways_round():
    assert rate("rows", 50, 200, "rows/s") == Figure("rows", 50, 200, 0.25, "rows/s")
    assert cost("memory", 200, 50, "MB") == Figure("memory", 200, 50, 0.25, "MB")


@pytest.mark.parametrize("number", [0, -1, math.inf, math.nan])
def test_what_did_not_happen_is_no_figure(number):
    assert not Figure("rows", number, 1, 1, "rows/s").is_sane()
    assert not Figure("rows", 1, 1, number, "rows/s").is_sane()
    assert Figure("rows", 1, 1, 1, "rows/s").is_sane()


def test_the_95th_of_a_hundred_is_the_p95():
    assert p95(range(1, 101)) == 95
    assert p95([3.0]) == 3.0
