"""Every statement is checked against the real schema, and against the type that it fills.

This is what a code generator would give us, without the generated code: PostgreSQL parses and
plans each literal found in `src/`, and the columns it would return must be exactly the fields
of the dataclass named beside it.
"""

import ast
import dataclasses
import importlib
import re
from pathlib import Path

import psycopg
import pytest

VERBS = {"one", "maybe", "many", "run"}
SOURCES = sorted(Path(__file__).parent.parent.joinpath("src", "chaupal").rglob("*.py"))
PARAMETER = re.compile(r"%\((\w+)\)s")


def calls(tree):
    """Find `db.verb(conn, [kind,] sql, …)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(ast.Name("db"), verb), [_, *rest]) if verb in VERBS:
                yield node.lineno, rest[0].id if verb != "run" else None, rest[-1], node.keywords


def module_of(path: Path) -> str:
    parts = path.relative_to(path.parents[len(path.parts) - path.parts.index("src") - 2]).parts
    return ".".join(parts).removesuffix(".py").removesuffix(".__init__")


def statements():
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        literals = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for line, kind, sql, keywords in calls(tree):
            if isinstance(sql, ast.Name):
                sql = literals.get(sql.id, sql)
            name = f"{path.parent.name}/{path.stem}:{line}"
            yield pytest.param(module_of(path), kind, sql, keywords, id=name)


@pytest.fixture(scope="module")
def schema(engines):
    server, _ = engines
    with psycopg.connect(server.program_dsn) as conn:
        yield conn


@pytest.mark.parametrize(("module", "kind", "literal", "keywords"), list(statements()))
def test_statement(schema, module, kind, literal, keywords):
    assert isinstance(literal, ast.Constant), "SQL is a literal, so that it can be checked"
    names = list(dict.fromkeys(PARAMETER.findall(literal.value)))
    if all(keyword.arg for keyword in keywords):  # no **params
        assert {keyword.arg for keyword in keywords} == set(names)
    sql = PARAMETER.sub(lambda m: f"${names.index(m[1]) + 1}", literal.value).replace("%%", "%")

    prepared = schema.pgconn.prepare(b"checked", sql.encode())
    try:
        assert not prepared.error_message, prepared.error_message.decode()
        described = schema.pgconn.describe_prepared(b"checked")
        columns = {described.fname(i).decode() for i in range(described.nfields)}
    finally:
        schema.rollback()
        schema.pgconn.exec_(b"DEALLOCATE ALL")

    if kind is not None:
        record = getattr(importlib.import_module(module), kind)
        assert columns == {field.name for field in dataclasses.fields(record)}


def test_there_are_statements_to_check():
    assert len(list(statements())) > 80
