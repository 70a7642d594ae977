"""Write docs/refusals.md: every refusal that the code can raise, in the words people read.

    .venv/bin/python tools/refusals.py

The codes and their status are found in the source, the sentences in chaupal.web.words and, for
the console's own, in chaupal.cli.words, so the page can't fall behind; tests/test_docs.py holds
it against what this writes.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from chaupal.cli import words as console
from chaupal.edge.http import TooSlow
from chaupal.kit import refusals
from chaupal.kit.refusals import Refused
from chaupal.web.words import REFUSALS

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "chaupal"
PAGE = ROOT / "docs" / "refusals.md"
FACT = re.compile(r"%\((\w+)\)s|\{(\w+)\}")

KINDS: Mapping[str, type[Refused]] = {
    kind.__name__: kind
    for kind in [TooSlow, *vars(refusals).values()]
    if isinstance(kind, type) and issubclass(kind, Refused)
}

COLUMNS = "| code | status | title | what happened | what to do |\n|---|---|---|---|---|\n"

HEADING = """\
# Refusals

A refusal is the rules' "no": nothing broke and nothing was half done. Each has a code for \
machines and tests, a status, and one sentence each for what happened and what to do, which the \
reader gets in Hindi or English. What stands between ‹ › is filled in. A code never changes its \
meaning.

This page is written by `tools/refusals.py` from the code itself; don't edit it by hand.
"""

MEANINGS = """\
## What the statuses mean

| status | meaning | try again? |
|---|---|---|
| 401 | we don't know who is asking, or a signature is wrong | after signing in |
| 403 | you may see it, but not do this to it | no |
| 404 | it is not there, or not yours to see; we don't say which | no |
| 408 | the request did not come in time | yes |
| 409 | the rules do not allow it as things stand now | after a change |
| 410 | it was there, and its time is over | no |
| 413 | more bytes than we take | smaller |
| 422 | what was sent cannot be understood; the answer says which part | after mending it |
| 429 | too many tries; the answer says how long to wait | later |
| 503 | an engine is away; nothing was lost | yes |

The edge has four answers of its own which are no refusals of a rule: 405 `request.method`, 414 \
`request.address_too_long`, 431 `request.headers_too_large`, and 500 `edge.broken`, which is a \
bug of ours. Rows that an import refuses one by one have their own list in \
[imports.md](imports.md).
"""


def raised() -> dict[str, set[int]]:
    """Return every code that the source can raise, with its statuses."""
    found: dict[str, set[int]] = defaultdict(set)
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for maker, kind, code in _refusals(tree):
            codes = [code] if code is not None else _handed_to(tree, maker)
            assert codes, f"{path}: {maker} raises a code that can't be found"
            for one in codes:
                found[one].add(KINDS[kind].status)
    return dict(found)


def _refusals(tree: ast.Module) -> Iterator[tuple[str, str, str | None]]:
    """Find `Kind("code", …)`: the function around it, the kind, and the code if it stands there."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            match node:
                case ast.Call(ast.Name(kind), [ast.Constant(str(code)), *_]) if kind in KINDS:
                    yield function.name, kind, code
                case ast.Call(ast.Name(kind), [_, *_]) if kind in KINDS:
                    yield function.name, kind, None


def _handed_to(tree: ast.Module, function: str) -> list[str]:
    """Return the codes that a module hands to a function which raises what it is given."""
    return [
        word.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == function
        for word in node.args
        if isinstance(word, ast.Constant) and isinstance(word.value, str) and "." in word.value
    ]


def page() -> str:
    """Return the whole page."""
    families: dict[str, list[str]] = defaultdict(list)
    for code, statuses in sorted(raised().items()):
        family = code.partition(".")[0] if "." in code else "other"
        families[family].append(_line(code, statuses))
    parts = [HEADING, MEANINGS]
    for family, lines in sorted(families.items()):
        name = family.replace("_", " ").capitalize()
        head = f"## {name}\n\n{COLUMNS}"
        parts.append(head + "".join(lines))
    return "\n".join(parts)


def silent() -> list[str]:
    """Return the codes that can be raised and have no words."""
    return sorted(raised().keys() - REFUSALS.keys() - console.REFUSALS.keys())


def _words(code: str) -> tuple[str, str, str]:
    if code in REFUSALS:
        said = REFUSALS[code]
        return said.title, said.what, said.mend
    if code in console.REFUSALS:
        what, _, mend = console.REFUSALS[code][0].partition(". ")
        return "", f"{what.rstrip('.')}.", mend
    return "**no words yet**", "", ""


def _line(code: str, statuses: set[int]) -> str:
    words = _words(code)
    told = " | ".join(FACT.sub(r"‹\1\2›", text).replace("|", "\\|") for text in words)
    return f"| `{code}` | {', '.join(map(str, sorted(statuses)))} | {told} |\n"


def main() -> int:
    """Write the page, and say which codes have no words."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(raised())} refusals")
    for code in silent():
        print(f"no words in chaupal.web.words for {code}")
    return 1 if silent() else 0


if __name__ == "__main__":
    sys.exit(main())
