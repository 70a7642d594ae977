"""An audience as a form: groups of conditions inside each other, read, changed, made an expression.

A field is called after the path of its condition: `0.2.levels` are the levels of the third
condition of the outermost group. The fields `node` list every condition with its kind, in order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from litestar.datastructures import FormMultiDict

from chaupal.broadcasts import audience
from chaupal.broadcasts.audience import (
    And,
    Everyone,
    Expression,
    Not,
    Or,
    Units,
)
from chaupal.kit import digits
from chaupal.kit.refusals import Invalid

ROOT = "0"
RULES = ("all", "any", "none")
LISTS = {
    "levels": ("levels",),
    "categories": ("categories",),
    "channels": ("channels",),
    "languages": ("languages",),
    "posts": ("roles", "levels"),
    "earlier": ("states",),
    "units": ("units",),
}
TEXTS = {
    "size": ("at_least", "at_most"),
    "live_admins": ("at_least", "at_most"),
    "earlier": ("broadcast", "at_least", "below"),
    "saw": ("cluster",),
    "units": ("codes", "alone"),
    "kept": ("json",),
    "group": ("rule",),
}
LEAVES = (
    "units", "levels", "categories", "languages", "size", "live_admins", "posts", "earlier",
    "saw", "channels",
)  # fmt: skip
KINDS = frozenset({"group", "kept", *LEAVES})
# How far groups stand inside each other on the page; what a saved one has further in is kept whole.
GROUPS_DEEP = 2
NODES_LIMIT = 100
CODES_LIMIT = 500
# The fields of this form as it was before; a page that was open then must not widen an audience.
OUTDATED = ("units", "levels", "categories", "except_categories", "other_units", "except_units")


@dataclass(slots=True)
class Node:
    """A condition of the form, or a group of them."""

    kind: str
    lists: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    @property
    def rule(self) -> str:
        """Return how the conditions of a group join."""
        return self.texts.get("rule", "all")


def empty() -> Node:
    """Return a form without a condition: the whole area."""
    return Node("group", texts={"rule": "all"})


def read(form: FormMultiDict) -> Node:
    """Read the conditions that a form carries."""
    written = [str(value) for value in form.getall("node", [])]
    if not written and any(form.get(name) for name in OUTDATED):
        raise Invalid("request.malformed", where="audience")
    if len(written) > NODES_LIMIT:
        raise Invalid("audience.too_long", limit=NODES_LIMIT)
    nodes: dict[str, Node] = {}
    for each in written or [f"{ROOT}:group"]:
        path, _, kind = each.partition(":")
        parent = nodes.get(path.rpartition(".")[0])
        alone = path == ROOT and not nodes
        if kind not in KINDS or path in nodes or (parent is None) != alone:
            raise Invalid("request.malformed", where="node")
        nodes[path] = _read(form, path, kind)
        if parent is not None:
            parent.children.append(nodes[path])
    return nodes[ROOT]


def _read(form: FormMultiDict, path: str, kind: str) -> Node:
    return Node(
        kind,
        {
            name: [str(value) for value in form.getall(f"{path}.{name}", []) if value]
            for name in LISTS.get(kind, ())
        },
        {name: str(form.get(f"{path}.{name}", "")).strip() for name in TEXTS.get(kind, ())},
    )


def changed(root: Node, change: str, form: FormMultiDict) -> tuple[Node, str]:
    """Do what a button of the form says (`add:<path>`, `drop:<path>`), and return beside the
    form the path of what somebody goes on with."""
    verb, _, path = change.partition(":")
    at = dict(walked(root))
    if verb == "add" and path in at and at[path].kind == "group":
        kind = str(form.get(f"{path}.add", ""))
        if kind not in LEAVES and not (kind == "group" and path.count(".") < GROUPS_DEEP):
            raise Invalid("request.malformed", where="add")
        at[path].children.append(Node(kind, texts={"rule": "any"} if kind == "group" else {}))
        return root, f"{path}.{len(at[path].children) - 1}"
    if verb == "drop" and path in at and path != ROOT:
        above = path.rpartition(".")[0]
        at[above].children.remove(at[path])
        return root, above
    raise Invalid("request.malformed", where="change")


def walked(node: Node, path: str = ROOT) -> Iterator[tuple[str, Node]]:
    """Go through a form in order, each condition with its path."""
    yield path, node
    for number, child in enumerate(node.children):
        yield from walked(child, f"{path}.{number}")


def codes(root: Node) -> list[str]:
    """Return the codes of every unit that a form names."""
    named = [code for _, node in walked(root) if node.kind == "units" for code in _coded(node)]
    if len(named) > CODES_LIMIT:
        raise Invalid("audience.too_long", limit=CODES_LIMIT)
    return list(dict.fromkeys(named))


def _coded(node: Node) -> list[str]:
    typed = node.texts.get("codes", "").replace("\n", ",").split(",")
    return [*node.lists.get("units", []), *(code.strip() for code in typed if code.strip())]


def expression(root: Node, known: Mapping[str, UUID]) -> Expression:
    """Return the expression of a form; a code that is not in `known` is refused, and so is a
    condition in which nothing was chosen: leaving it out would widen the audience."""
    made = _group(root, known) if root.children else Everyone()
    return audience.parse(audience.to_json(made))


def _group(node: Node, known: Mapping[str, UUID]) -> Expression:
    if node.rule not in RULES:
        raise Invalid("request.malformed", where="rule")
    if not node.children:
        raise Invalid("audience.unfinished", term="group")
    of = [_made(child, known) for child in node.children]
    if node.rule == "none":
        return Not(of[0] if len(of) == 1 else Or(of))
    if len(of) == 1:
        return of[0]
    return And(of) if node.rule == "all" else Or(of)


def _made(node: Node, known: Mapping[str, UUID]) -> Expression:
    if node.kind == "group":
        return _group(node, known)
    if node.kind == "kept":
        return _kept(node)
    if node.kind == "units":
        return _units(node, known)
    written: dict[str, object] = {"op": node.kind}
    written |= {name: values for name, values in node.lists.items() if values}
    bounded = node.kind in {"size", "live_admins"}
    written |= {
        name: _number(node, text) if bounded else text for name, text in node.texts.items() if text
    }
    needed = "broadcast" in written if node.kind == "earlier" else len(written) > 1
    if not needed:
        raise Invalid("audience.unfinished", term=node.kind)
    if bounded and _number(node, node.texts.get("at_least", "")) > _number(
        node, node.texts.get("at_most") or "9999999"
    ):
        raise Invalid("audience.bounds_crossed", term=node.kind)
    return audience.parse(written)


def _number(node: Node, text: str) -> int:
    text = digits.plain(text or "0")
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise Invalid("audience.unfinished", term=node.kind)
    return int(text)


def _units(node: Node, known: Mapping[str, UUID]) -> Units:
    wanted = list(dict.fromkeys(_coded(node)))
    if not wanted:
        raise Invalid("audience.unfinished", term="units")
    spelt = []
    for code in wanted:
        found = next((each for each in digits.spellings(code) if each in known), None)
        if found is None:
            raise Invalid("audience.unknown_unit", unit=code[:60])
        spelt.append(found)
    return Units([known[code] for code in spelt], below=not node.texts.get("alone"))


def _kept(node: Node) -> Expression:
    """Read back what the page had no fields for, as it was."""
    try:
        return audience.parse(msgspec.json.decode(node.texts["json"].encode()))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid("request.malformed", where="kept") from error


def form_of(expression: Expression, codes: Mapping[UUID, str], offered: set[str]) -> Node:
    """Return the form of an expression, the `offered` units ticked and the others by code.

    What stands deeper than the page has groups for, or has no field, is kept as it is: the form
    that is sent again means the same.
    """
    if isinstance(expression, Everyone):
        return empty()
    made = _node(expression, 0, codes, offered)
    return made if made.kind == "group" else Node("group", texts={"rule": "all"}, children=[made])


def _node(term: Expression, depth: int, codes: Mapping[UUID, str], offered: set[str]) -> Node:
    rule, of = _grouped(term)
    if rule is not None:
        if depth > GROUPS_DEEP:
            return _as_kept(term)
        children = [_node(part, depth + 1, codes, offered) for part in of]
        return Node("group", texts={"rule": rule}, children=children)
    if isinstance(term, Units):
        if any(id not in codes for id in term.units):
            return _as_kept(term)
        called = [codes[id] for id in term.units]
        ticked = [code for code in called if code in offered]
        others = ", ".join(code for code in called if code not in offered)
        alone = "" if term.below else "yes"
        return Node("units", {"units": ticked}, {"codes": others, "alone": alone})
    if isinstance(term, Everyone):
        return _as_kept(term)
    return _leaf(term)


def _grouped(term: Expression) -> tuple[str | None, list[Expression]]:
    """Return how a term joins others, and these; None for one that stands alone."""
    match term:
        case And(of):
            return "all", of
        case Or(of):
            return "any", of
        case Not(Or(of)) if len(of) > 1:
            return "none", of
        case Not(of):
            return "none", [of]
        case _:
            return None, []


def _leaf(term: Expression) -> Node:
    written = audience.to_json(term)
    kind = written.pop("op")
    lists = {name: list(values) for name, values in written.items() if isinstance(values, list)}
    texts = {name: str(value) for name, value in written.items() if name not in lists}
    return Node(kind, lists, texts)


def _as_kept(term: Expression) -> Node:
    return Node("kept", texts={"json": msgspec.json.encode(audience.to_json(term)).decode()})


def kept_in(root: Node) -> list[Expression]:
    """Return what a form keeps without having fields for it, to be put into words."""
    return [_kept(node) for _, node in walked(root) if node.kind == "kept"]
