"""The house rules, checked. A rule that we can't check here is only a preference."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src" / "chaupal").rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
EVERYTHING = [
    *SOURCES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "bench").rglob("*.py")),
]
BANNED_NAMES = {"utils", "helpers", "service", "services", "manager", "base", "common", "misc"}


def functions(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines_of_code(function) -> int:
    """Count a function's lines, but not those of its statements in SQL: they are read as a page."""
    literals = (
        n for n in ast.walk(function) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    )
    return function.end_lineno - function.lineno - sum(n.end_lineno - n.lineno for n in literals)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_module_says_what_it_is_for():
    assert [short(path) for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_nothing_is_too_long_to_read():
    assert [short(p) for p in EVERYTHING if p.read_text().count("\n") > 500] == []
    long = [
        f"{short(path)}:{function.name}"
        for path, tree in TREES.items()
        for function in functions(tree)
        if lines_of_code(function) > 60
    ]
    assert long == []


def test_no_function_takes_a_handful_of_things_by_position():
    many = [
        f"{short(path)}:{function.name}"
        for path, tree in TREES.items()
        for function in functions(tree)
        if len(function.args.posonlyargs) + len(function.args.args) > 6
    ]
    assert many == []


def test_no_file_is_named_for_a_role():
    parts = {part.removesuffix(".py") for path in SOURCES for part in path.relative_to(ROOT).parts}
    assert parts & BANNED_NAMES == set()


def test_only_the_composition_root_reads_the_environment():
    readers = [short(p) for p in SOURCES if re.search(r"os\.(environ|getenv)", p.read_text())]
    assert readers == ["src/chaupal/world.py"]


def test_only_organisations_makes_a_scope():
    makers = [
        short(path)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Scope"
    ]
    assert makers == ["src/chaupal/organisations/scope.py"]


def test_composed_sql_stays_in_the_audience_compiler():
    composers = {
        short(p)
        for p in SOURCES
        if "psycopg.sql import" in p.read_text() and "engine" not in p.parts
    }
    assert composers <= {
        "src/chaupal/broadcasts/compiler.py",
        "src/chaupal/broadcasts/people.py",
        "src/chaupal/broadcasts/targets.py",
        "src/chaupal/kit/db.py",
    }


def test_every_list_of_what_people_own_takes_a_scope():
    """A query that returns units, people, groups, broadcasts or arrivals to a page is scoped."""
    unscoped = [
        f"{short(path)}:{function.name}"
        for path, tree in TREES.items()
        if path.name == "queries.py"
        for function in functions(tree)
        if function.name.endswith("page")
        and "scope" not in {a.arg for a in [*function.args.args, *function.args.kwonlyargs]}
    ]
    assert unscoped == []


def test_type_ignores_are_few():
    ignores = sum(p.read_text().count("type: ignore[") for p in SOURCES)
    assert ignores <= 10
    assert not any(re.search(r"type: ignore(?!\[)", p.read_text()) for p in SOURCES)


def test_nothing_is_mocked():
    mocked = [
        short(p)
        for p in EVERYTHING
        if re.search(r"unittest.mock|monkeypatch\.setattr|import mock", p.read_text())
        and p.name != "test_tidy.py"
    ]
    assert mocked == []


def test_no_third_party_file_is_committed():
    kinds = {
        ".py", ".sql", ".html", ".css", ".js", ".mjs", ".svg", ".md", ".po", ".sh",
        ".toml", ".json", ".lock", ".typed", ".gitignore", "Makefile", "LICENSE", ".ci/run",
    }  # fmt: skip
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a clone")
    foreign = [
        name
        for name in filter(None, listed.stdout.split("\0"))
        if ".min." in name
        or not (name.endswith(tuple(kinds)) or re.fullmatch(r"docs/pictures/[\w-]+\.png", name))
    ]
    assert foreign == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")), ids=short)
def test_a_decision_says_what_enforces_it_and_how_we_would_know_it_was_wrong(path):
    text = path.read_text()
    for heading in (
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
        "Enforced by",
        "We were wrong if",
    ):
        assert re.search(rf"^##? {heading}", text, re.MULTILINE), heading
