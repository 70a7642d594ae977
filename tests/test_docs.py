"""What the documents promise is held against the code: a page that lies is a failing test."""

import ast
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer.main

from chaupal.cli import app
from chaupal.directory.models import COLUMNS, Reason
from chaupal.engine.supervise import PARENT_VARIABLE

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
HEADINGS = (
    "Context",
    "Decision",
    "Consequences",
    "Alternatives",
    "Enforced by",
    "We were wrong if",
)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MODULE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.(?:py|sql|html|sh|mjs|md|toml|lock))`")
FOLDER = re.compile(r"`((?:src|tests|docs|tools)(?:/[\w-]+)+/?)`")
TEST = re.compile(r"`(test_[a-z0-9_]+)`")
CODE_BLOCK = re.compile(r"^(```.*?^```|(?: {4}.*\n)+)", re.MULTILINE | re.DOTALL)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    return CODE_BLOCK.sub("", path.read_text())


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_link_leads_somewhere(page):
    lost = []
    for link in LINK.findall(prose(page)):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        there = (page.parent / target).resolve() if target else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_file_and_test_that_a_page_names_exists(page):
    text = prose(page)
    homes = (ROOT, ROOT / "src" / "chaupal", ROOT / "tests", page.parent, DOCS)
    named = {*MODULE.findall(text), *FOLDER.findall(text)}
    lost = [name for name in named if not any((home / name).exists() for home in homes)]
    assert [name for name in lost if name not in MADE_BY_A_RUN] == []
    assert [name for name in TEST.findall(text) if name not in TESTS] == []


# Files that a page may name although no clone has them.
MADE_BY_A_RUN: set[str] = set()
TESTS = {
    *(path.stem for path in (ROOT / "tests").rglob("test_*.py")),
    *(
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    ),
}


def test_decisions_are_numbered_without_a_gap():
    numbers = [path.name[:4] for path in DECISIONS]
    assert numbers == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]
    assert len(DECISIONS) >= 17


@pytest.mark.parametrize("page", DECISIONS, ids=short)
def test_a_decision_has_its_headings_in_order_and_is_one_page(page):
    assert tuple(re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)) == HEADINGS
    assert page.read_text().count("\n") <= 60


def test_every_decision_is_in_the_list():
    listed = (DOCS / "architecture.md").read_text()
    assert [path.name for path in DECISIONS if f"decisions/{path.name}" not in listed] == []


def test_every_runtime_dependency_has_its_reason():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[\[><=~ ]", requirement)[0] for requirement in declared}
    [page] = (DOCS / "decisions").glob("0014-*.md")
    reasons = dict(re.findall(r"^\| `([\w-]+)` \|(.+)\|$", page.read_text(), re.MULTILINE))
    assert names == reasons.keys()
    assert [name for name, reason in reasons.items() if not all(reason.split("|"))] == []


def test_every_verb_of_make_is_in_the_readme():
    verbs = re.findall(r"^([a-z0-9]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    assert verbs
    assert [verb for verb in verbs if f"`make {verb}`" not in readme] == []


def test_help_lists_every_verb():
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    asked = ["make", "--no-print-directory", "help"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in said.splitlines()} == set(phony[1].split())


def test_no_lock_names_a_registry():
    for name in ("requirements.lock", "requirements-node.lock", "package-lock.json"):
        lock = (ROOT / name).read_text()
        assert "resolved" not in lock
        assert not re.search(r"^--|://[^\s\"]*(?:pypi|npmjs|registry|simple)", lock, re.MULTILINE)


def as_list(written) -> list[str]:
    return [written] if isinstance(written, str) else list(written or [])


def settings_read() -> set[str]:
    """Find every variable that world.py reads, secrets' files included, or the console takes."""
    tree = ast.parse((ROOT / "src" / "chaupal" / "world.py").read_text())
    named = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"(CHAUPAL|DATABASE|NATS)_[A-Z_]+", node.value)
    }
    secret = {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "_secret"
        and isinstance(node.args[1], ast.Constant)
    }
    console = {
        name
        for parameter in typer.main.get_command(app).params
        for name in as_list(parameter.envvar)
    }
    return {*named, *(f"{name}_FILE" for name in secret), *console, PARENT_VARIABLE}


def test_every_setting_is_described():
    page = (DOCS / "settings.md").read_text()
    names = settings_read()
    assert len(names) > 10
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_no_setting_is_described_that_nothing_reads():
    described = set(
        re.findall(r"^\| `([A-Z_]+)`", (DOCS / "settings.md").read_text(), re.MULTILINE)
    )
    assert described - settings_read() == set()


def commands(group, before: str):
    for name, command in group.commands.items():
        inside = getattr(command, "commands", None)
        if inside:
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def test_every_command_and_its_options_are_described():
    page = (DOCS / "settings.md").read_text()
    lost = []
    for line, command in commands(typer.main.get_command(app), "chaupal"):
        if f"`{line}" not in page:
            lost.append(line)
        options = [opt for p in command.params for opt in p.opts if opt.startswith("--")]
        lost += [f"{line} {opt}" for opt in options if opt not in page and opt != "--help"]
    assert lost == []


def tool(name: str):
    spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_refusal_that_can_be_raised_has_words():
    refusals = tool("refusals")
    assert len(refusals.raised()) > 50
    assert refusals.silent() == []


def test_the_page_of_refusals_is_what_the_code_says():
    written = (DOCS / "refusals.md").read_text()
    assert written == tool("refusals").page(), "run .venv/bin/python tools/refusals.py"


def test_every_column_of_an_import_and_every_reason_is_described():
    page = (DOCS / "imports.md").read_text()
    columns = {column for kind in COLUMNS.values() for column in kind.known}
    assert [name for name in sorted(columns) if f"`{name}`" not in page] == []
    assert [reason.value for reason in Reason if f"`{reason.value}`" not in page] == []


def test_no_page_is_addressed_to_a_machine_of_somebody():
    """Nothing in the documents holds an address, a number or a key that could be a person's."""
    odd = [
        short(page)
        for page in PAGES
        if re.search(r"\+91[ -]?[6-9]\d{9}|@gmail|[0-9a-f]{64}", page.read_text())
    ]
    assert odd == []
