"""The form of an audience means what its expression means, however deep that is."""

from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.datastructures import FormMultiDict

from chaupal.broadcasts import audience
from chaupal.broadcasts.audience import And, Categories, Everyone, Not, Or, Units
from chaupal.kit.refusals import Invalid
from chaupal.web import builder
from choosing import categories, chosen, none, units
from factories import LEVELS
from oracle import CATEGORIES, ROLES, KnownGroup, expressions, fits, standing

UNITS = [UUID(int=number) for number in range(1, 6)]
PATHS = dict(zip(UNITS, ("/1/", "/1/2/", "/1/3/", "/1/2/4/", "/1/2/4/5/"), strict=True))
CODES = {id: f"unit-{number}" for number, id in enumerate(UNITS)}
KNOWN = {code: id for id, code in CODES.items()}
SENT = [UUID(int=90), UUID(int=91)]
GROUPS = [
    KnownGroup(
        UUID(int=n), list(PATHS.values())[n % 5], "public", ("sandbox", "whatsapp")[n % 2],
        frozenset(c for i, c in enumerate(CATEGORIES) if (n >> i) & 1), ("hi", "en")[n % 3 == 0],
        None if n % 4 == 3 else 25 * n, n % 4,
        frozenset({(ROLES[n % 3], LEVELS[n % 4].key)} if n % 2 else ()),
        {sent: standing(n + turn) for turn, sent in enumerate(SENT) if n % (turn + 2)},
        frozenset(sent for turn, sent in enumerate(SENT) if n % (turn + 3) == 0),
    )
    for n in range(40)
]  # fmt: skip


def sent_again(root: builder.Node) -> builder.Node:
    """What comes back when a browser sends the form as it stands."""
    fields: list[tuple[str, str]] = []
    for path, node in builder.walked(root):
        fields.append(("node", f"{path}:{node.kind}"))
        fields += [(f"{path}.{name}", text) for name, text in node.texts.items()]
        fields += [(f"{path}.{n}", value) for n, values in node.lists.items() for value in values]
    assert urlencode(fields)
    return builder.read(FormMultiDict(fields))


@settings(max_examples=300, deadline=None, database=None)
@given(expression=expressions(UNITS, SENT, SENT), offered=st.sets(st.sampled_from(sorted(KNOWN))))
def test_the_form_of_an_audience_means_the_same_however_often_it_is_sent(expression, offered):
    once = sent_again(builder.form_of(expression, CODES, offered))
    made = builder.expression(once, KNOWN)
    twice = sent_again(builder.form_of(made, CODES, offered))

    for group in GROUPS:
        assert fits(made, group, PATHS) == fits(expression, group, PATHS), group
    assert builder.expression(twice, KNOWN) == made


def test_a_form_without_a_condition_is_the_whole_area():
    assert builder.expression(builder.read(FormMultiDict([])), {}) == Everyone()
    assert builder.form_of(Everyone(), {}, set()) == builder.empty()


def test_groups_of_conditions_become_all_any_and_none():
    form = FormMultiDict(pairs(chosen(
        units("unit-0"),
        ("group", "any", [categories("farmers"), categories("students")]),
        none(categories("women"), categories("farmers")),
    )))  # fmt: skip

    assert builder.expression(builder.read(form), KNOWN) == And([
        Units([UNITS[0]]),
        Or([Categories(["farmers"]), Categories(["students"])]),
        Not(Or([Categories(["women"]), Categories(["farmers"])])),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (chosen(categories()), "audience.unfinished"),
        (chosen(("posts", {})), "audience.unfinished"),
        (chosen(("earlier", {"below": "posted"})), "audience.unfinished"),
        (chosen(("saw", {})), "audience.unfinished"),
        (chosen(("size", {})), "audience.unfinished"),
        (chosen(("size", {"at_least": "-4"})), "audience.unfinished"),
        (chosen(("live_admins", {"at_least": "3", "at_most": "2"})), "audience.bounds_crossed"),
        (chosen(("group", "any", [])), "audience.unfinished"),
        (chosen(("group", "some", [categories("a")])), "request.malformed"),
        (chosen(units(codes="unit-0, nowhere")), "audience.unknown_unit"),
        (chosen(("earlier", {"broadcast": "x"})), "audience.malformed"),
        (chosen(("kept", {"json": "{"})), "request.malformed"),
        (chosen(("kept", {"json": '{"op": "caste"}'})), "audience.malformed"),
        (chosen(("caste", {})), "request.malformed"),
        ({"node": ["0.1:levels"]}, "request.malformed"),
        ({"node": ["0:group", "0:group"]}, "request.malformed"),
        ({"node": ["0:group", "1:group"]}, "request.malformed"),
        ({"node": ["0:group"] + [f"0.{n}:levels" for n in range(100)]}, "audience.too_long"),
        ({"categories": ["farmers"]}, "request.malformed"),
    ],
    ids=str,
)
def test_what_is_not_finished_or_not_ours_is_refused(fields, code):
    with pytest.raises(Invalid) as refusal:
        builder.expression(builder.read(FormMultiDict(pairs(fields))), KNOWN)
    assert refusal.value.code == code


def test_more_units_than_one_form_holds_are_refused():
    root = builder.form_of(Units([UNITS[0]]), CODES, set())
    typed = ",".join(f"u{n}" for n in range(501))
    [node] = root.children
    many = replace(root, children=[replace(node, texts={"codes": typed})])

    with pytest.raises(Invalid, match=r"audience\.too_long"):
        builder.codes(many)


def test_a_unit_that_nobody_knows_is_kept_and_not_dropped():
    lost = Units([UUID(int=77)])
    root = sent_again(builder.form_of(And([lost, Categories(["farmers"])]), CODES, set()))

    assert builder.expression(root, KNOWN) == And([lost, Categories(["farmers"])])
    assert builder.kept_in(root) == [lost]
    assert audience.unit_ids(lost) == [UUID(int=77)]


def pairs(fields: dict[str, object]) -> list[tuple[str, str]]:
    return [
        (name, each)
        for name, value in fields.items()
        for each in (value if isinstance(value, list) else [value])
    ]
