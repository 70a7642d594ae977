"""Nothing personal leaves through a log: everything that the suite logged is searched.

The names, numbers, addresses and texts of the tests are invented, so they can be looked for.
"""

import re
from pathlib import Path

PERSONAL = re.compile(
    r"(\+91|\b91)[ -]?\d{10}\b"  # a phone number
    r"|Invented Name|मंडी कल सुबह|The market opens at seven"  # the factories' people and texts
    r"|very-secret|[pguof]zq[a-j]{4}"  # their addresses, and the marks of tests of scope
    r"|/(?:r|enter|p)/[A-Za-z0-9_-]{40,}"  # a personal link
    r"|\bchaupal_\d+_[A-Za-z0-9_-]{40,}"  # a key for the API
    r"|a password for tests"
)


def found(text: str, where: str) -> list[str]:
    """Return the lines of what a program said that hold something personal."""
    return [f"{where}: {line[:300]}" for line in text.splitlines() if PERSONAL.search(line)]


def found_below(folder: Path) -> list[str]:
    """Return the personal lines of every log below a folder: ours, and the engines'."""
    logs = {*folder.rglob("*.log"), *folder.rglob("postgres/log/*"), *folder.rglob("*.out")}
    return [line for path in sorted(logs) if path.is_file() for line in found_in(path)]


def found_in(path: Path) -> list[str]:
    """Return the lines of a log that hold something personal."""
    if not path.exists():
        return []
    return found(path.read_text(errors="replace"), path.name)
