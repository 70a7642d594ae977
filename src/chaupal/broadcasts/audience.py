"""Who a broadcast is for: an expression over what groups are, who runs them, what they got.

Written as JSON, checked on the way in, compiled to one statement by compiler.py. There is no
operator on anything but groups and the offices of those who run them: nobody is targeted by a
trait of theirs.
"""

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from chaupal.kit.refusals import Invalid

DEPTH_LIMIT = 8
TERMS_LIMIT = 200
# Each of these terms is a table more to join.
LOOK_UPS_LIMIT = 20

Key: TypeAlias = Annotated[str, Meta(max_length=60)]
Keys: TypeAlias = Annotated[list[Key], Meta(min_length=1, max_length=100)]
SomeKeys: TypeAlias = Annotated[list[Key], Meta(max_length=100)]
Members: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000)]
Admins: TypeAlias = Annotated[int, Meta(ge=0, le=1_000)]
UnitIds: TypeAlias = Annotated[list[UUID], Meta(min_length=1, max_length=500)]


class And(Struct, tag_field="op", tag="and", forbid_unknown_fields=True, frozen=True):
    """Groups that fit every term."""

    of: Annotated[list["Expression"], Meta(min_length=1, max_length=50)]


class Or(Struct, tag_field="op", tag="or", forbid_unknown_fields=True, frozen=True):
    """Groups that fit any term."""

    of: Annotated[list["Expression"], Meta(min_length=1, max_length=50)]


class Not(Struct, tag_field="op", tag="not", forbid_unknown_fields=True, frozen=True):
    """Groups that do not fit the term."""

    of: "Expression"


class Units(Struct, tag_field="op", tag="units", forbid_unknown_fields=True, frozen=True):
    """Groups of these units, and of everything below them unless told otherwise."""

    units: UnitIds
    below: bool = True


class Levels(Struct, tag_field="op", tag="levels", forbid_unknown_fields=True, frozen=True):
    """Groups whose unit stands on one of these storeys of the tree."""

    levels: Keys


class Categories(Struct, tag_field="op", tag="categories", forbid_unknown_fields=True, frozen=True):
    """Groups of any of these categories."""

    categories: Keys


class Channels(Struct, tag_field="op", tag="channels", forbid_unknown_fields=True, frozen=True):
    """Groups on any of these channels."""

    channels: Keys


class Languages(Struct, tag_field="op", tag="languages", forbid_unknown_fields=True, frozen=True):
    """Groups that read any of these languages."""

    languages: Keys


class Size(
    Struct,
    tag_field="op",
    tag="size",
    forbid_unknown_fields=True,
    frozen=True,
    omit_defaults=True,
):
    """Groups of so many members; one of which nobody told the size is never among them."""

    at_least: Members | None = None
    at_most: Members | None = None

    def __post_init__(self) -> None:
        _check_bounds(self.at_least, self.at_most)


class LiveAdmins(
    Struct,
    tag_field="op",
    tag="live_admins",
    forbid_unknown_fields=True,
    frozen=True,
    omit_defaults=True,
):
    """Groups that so many admins run who have not left."""

    at_least: Admins | None = None
    at_most: Admins | None = None

    def __post_init__(self) -> None:
        _check_bounds(self.at_least, self.at_most)


class Posts(
    Struct,
    tag_field="op",
    tag="posts",
    forbid_unknown_fields=True,
    frozen=True,
    omit_defaults=True,
):
    """Groups among whose live admins somebody holds a post today: in any of these roles, at any
    of these levels. An empty list leaves that open; one of the two says something."""

    roles: SomeKeys = []
    levels: SomeKeys = []

    def __post_init__(self) -> None:
        if not self.roles and not self.levels:
            raise ValueError("a role or a level")


class Earlier(
    Struct,
    tag_field="op",
    tag="earlier",
    forbid_unknown_fields=True,
    frozen=True,
    omit_defaults=True,
):
    """Groups that an earlier broadcast was for, and that stand now as all of this says.

    `at_least` and `below` are rungs of the evidence, `states` the states of a delivery. With none
    of them: whoever it was for, however far it got.
    """

    broadcast: UUID
    at_least: Key | None = None
    below: Key | None = None
    states: SomeKeys = []


class Saw(Struct, tag_field="op", tag="saw", forbid_unknown_fields=True, frozen=True):
    """Groups in which a text that goes round was seen: for its correction."""

    cluster: UUID


class Everyone(Struct, tag_field="op", tag="everyone", forbid_unknown_fields=True, frozen=True):
    """Every group of the broadcast's purpose within the author's own scope."""


Leaf: TypeAlias = (
    Units
    | Levels
    | Categories
    | Channels
    | Languages
    | Size
    | LiveAdmins
    | Posts
    | Earlier
    | Saw
    | Everyone
)
Expression: TypeAlias = And | Or | Not | Leaf


def parse(written: object) -> Expression:
    """Read an expression from JSON values, or refuse it and say where it is wrong."""
    try:
        expression: Expression = msgspec.convert(written, Expression)
    except msgspec.ValidationError as error:
        raise Invalid("audience.malformed", where=_place(str(error))) from error
    except RecursionError as error:
        raise Invalid("audience.too_deep", limit=DEPTH_LIMIT) from error
    if _depth(expression) > DEPTH_LIMIT:
        raise Invalid("audience.too_deep", limit=DEPTH_LIMIT)
    if sum(1 for _ in terms(expression)) > TERMS_LIMIT:
        raise Invalid("audience.too_long", limit=TERMS_LIMIT)
    if sum(isinstance(term, Posts | Earlier | Saw) for term in terms(expression)) > LOOK_UPS_LIMIT:
        raise Invalid("audience.too_many_look_ups", limit=LOOK_UPS_LIMIT)
    return expression


def to_json(expression: Expression) -> Any:
    """Return the JSON values of an expression; `parse` reads them back to the same."""
    return msgspec.to_builtins(expression)


def terms(expression: Expression) -> Iterator[Expression]:
    """Go through an expression and everything inside it."""
    yield expression
    match expression:
        case And(of) | Or(of):
            for term in of:
                yield from terms(term)
        case Not(of):
            yield from terms(of)
        case _:
            pass


def unit_ids(expression: Expression) -> list[UUID]:
    """Return every unit that is named anywhere inside, once."""
    named = (id for term in terms(expression) if isinstance(term, Units) for id in term.units)
    return list(dict.fromkeys(named))


def op_of(expression: Expression) -> str:
    """Return what a term is called where it is written down."""
    return str(expression.__struct_config__.tag)


def broadcast_ids(expression: Expression) -> list[UUID]:
    """Return every earlier broadcast that is named anywhere inside, once."""
    named = (term.broadcast for term in terms(expression) if isinstance(term, Earlier))
    return list(dict.fromkeys(named))


def cluster_ids(expression: Expression) -> list[UUID]:
    """Return every text that goes round which is named anywhere inside, once."""
    named = (term.cluster for term in terms(expression) if isinstance(term, Saw))
    return list(dict.fromkeys(named))


def _check_bounds(at_least: int | None, at_most: int | None) -> None:
    """Refuse bounds that say nothing, and those between which no number lies."""
    if at_least is None and at_most is None:
        raise ValueError("a bound")
    if at_least is not None and at_most is not None and at_least > at_most:
        raise ValueError("bounds in order")


def _depth(expression: Expression) -> int:
    match expression:
        case And(of) | Or(of):
            return 1 + max(_depth(term) for term in of)
        case Not(of):
            return 1 + _depth(of)
        case _:
            return 1


def _place(error: str) -> str:
    """Return the path that msgspec names (`$.of[0].units`), which holds no value."""
    _, _, place = error.rpartition(" - at `")
    return place.rstrip("`") if place and place != error else "$"
