"""An audience as the fields of the form, the way the page writes them."""


def chosen(*conditions: tuple, rule: str = "all") -> dict[str, object]:
    """The fields of conditions: (kind, fields), or ("group", rule, conditions) for a group."""
    fields: dict[str, object] = {}
    nodes: list[str] = []
    _write(("group", rule, conditions), "0", nodes, fields)
    return {"node": nodes, **fields}


def _write(condition: tuple, path: str, nodes: list[str], fields: dict[str, object]) -> None:
    kind = condition[0]
    nodes.append(f"{path}:{kind}")
    if kind == "group":
        fields[f"{path}.rule"] = condition[1]
        for number, inner in enumerate(condition[2]):
            _write(inner, f"{path}.{number}", nodes, fields)
    else:
        for name, value in condition[1].items():
            fields[f"{path}.{name}"] = value


def categories(*keys: str) -> tuple:
    """Groups of any of these categories."""
    return ("categories", {"categories": list(keys)})


def units(*codes: str, **fields: str) -> tuple:
    """Groups of these units and what is under them."""
    return ("units", {"units": list(codes), **fields})


def none(*conditions: tuple) -> tuple:
    """None of these."""
    return ("group", "none", conditions)
