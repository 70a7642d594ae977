"""Progress: names give way before figures on a narrow terminal, and a pipe gets a line a step."""

import io

import pytest
from rich.console import Console

from chaupal.rehearsal.demo import story
from chaupal.rehearsal.demo.progress import Steps

LONG = "Groups: Rajasthan Organisation (rehearsal)"


def shown(*, terminal: bool, width: int) -> str:
    """What a person sees at the end of three steps."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None)
    steps = Steps(console)
    with steps.shown():
        with steps.step("Engines: PostgreSQL and NATS"):
            pass
        assert list(steps.counted(LONG, iter(range(100_000)), 100_000)) == list(range(100_000))
        bar = steps.bar(story.BULK.title, 21_246)
        for done in (12_000, 21_246, 21_246):
            bar.at(done)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_figure_is_cut_on_a_terminal_however_long_the_names_are(width):
    drawn = shown(terminal=True, width=width).splitlines()
    last = [line for line in drawn if "━ " in line][-3:]
    engines, groups, bulk = (line.split("━ ")[-1].split() for line in last)
    assert engines == ["0:00:00", "0:00:00"]
    assert groups[0] == "1,00,000/1,00,000"
    assert bulk[0] == "21,246/21,246"
    assert all(len(line) == 3 for line in (groups, bulk)), "count, time gone, time left"


def test_what_kind_of_rows_a_bar_counts_is_read_even_where_its_name_is_cut():
    assert "Groups: Rajasthan Organisation" in shown(terminal=True, width=80)


def test_a_pipe_gets_one_whole_line_for_each_step():
    engines, groups, bulk = shown(terminal=False, width=80).splitlines()
    assert engines.startswith("Engines: PostgreSQL and NATS: 0.0 s")
    assert groups.startswith(f"{LONG}: 1,00,000 in ")
    assert bulk.startswith(f"{story.BULK.title}: 21,246 in ")
