"""Progress of long steps: bars on a terminal, one line a step elsewhere. Standard error only."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from chaupal.web.language import number

T = TypeVar("T")
EVERY = 500
BAR_WIDTH = 40
# On a narrow terminal the bar is short, so that the names need not be.
NARROW_COLUMNS, NARROW_BAR_WIDTH = 110, 8


class _Name(ProgressColumn):
    """What the step is: the only column that gives way, with an ellipsis."""

    def render(self, task: Task) -> Text:
        return Text(task.description, no_wrap=True, overflow="ellipsis")


class _Count(ProgressColumn):
    """How many of how many; nothing for a step that has no number."""

    def render(self, task: Task) -> Text:
        if not task.fields["counted"] or task.total is None:
            return Text()
        return Text(f"{number(int(task.completed))}/{number(int(task.total))}")


class Steps:
    """The steps of a run, shown as they go."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        narrow = self.console.width < NARROW_COLUMNS
        self._bars = Progress(
            SpinnerColumn(),
            _Name(),
            BarColumn(NARROW_BAR_WIDTH if narrow else BAR_WIDTH, table_column=Column(no_wrap=True)),
            _Count(table_column=Column(no_wrap=True, justify="right")),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            console=self.console,
            disable=not self.console.is_terminal,
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars for as long as the block lasts."""
        with self._bars:
            yield

    def counted(self, name: str, rows: Iterable[T], total: int) -> Iterator[T]:
        """Pass `rows` on, and move a bar while they pass."""
        bar = self.bar(name, total)
        for passed, row in enumerate(rows):
            yield row
            if passed % EVERY == 0 and passed < total:
                bar.at(passed)
        bar.at(total)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show one step whose length is not known."""
        bar = Bar(self, self._bars, name, None)
        yield
        bar.at(1)

    def bar(self, name: str, total: int) -> "Bar":
        """Return a bar that the caller moves."""
        return Bar(self, self._bars, name, total)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


class Bar:
    """One bar; where there are none, one line when it is full."""

    def __init__(self, steps: Steps, bars: Progress, name: str, total: int | None) -> None:
        self._steps, self._bars, self._name, self._total = steps, bars, name, total
        self._began = perf_counter()
        self._full = False
        self._number = bars.add_task(name, total=total, counted=total is not None)

    def at(self, done: int) -> None:
        """Move the bar to `done`."""
        self._bars.update(self._number, completed=done, total=self._total or 1)
        if done >= (self._total or 1) and not self._full:
            self._full = True
            if not self._steps.console.is_terminal:
                count = "" if self._total is None else f"{number(self._total)} in "
                self._steps.say(f"{self._name}: {count}{perf_counter() - self._began:.1f} s")
