"""From an audience expression to SQL: the one place where statements are composed.

Only fixed fragments are joined; every value travels as a parameter. Units are resolved to
their paths first, so that a subtree is one range of one index and an unknown one is refused.
What a term needs beside the group and its unit (who runs it, what it got) is joined once for the
whole set, so that no term is looked up group by group. See docs/decisions/0031.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, LiteralString, TypeAlias, assert_never
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier, Placeholder

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts.audience import (
    And,
    Categories,
    Channels,
    Earlier,
    Everyone,
    Expression,
    Languages,
    Levels,
    LiveAdmins,
    Not,
    Or,
    Posts,
    Saw,
    Size,
    Units,
    terms,
)
from chaupal.kit.refusals import Invalid
from chaupal.organisations.models import Role

Own: TypeAlias = Units | Levels | Categories | Channels | Languages | Size | Everyone
CHANNELS = frozenset({"whatsapp", "telegram", "matrix", "sandbox"})
LANGUAGES = frozenset({"hi", "en"})
ROLES = frozenset(role.value for role in Role)
RUNGS: Mapping[str, int] = {rung.name.lower(): rung.value for rung in Evidence}
STATES = frozenset(
    {
        "queued",
        "sending",
        "tasked",
        "sent",
        "refused",
        "unknown",
        "expired",
        "cancelled",
        "recalled",
    }
)


@dataclass(frozen=True, slots=True)
class Directory:
    """What an expression may name: the unit paths, levels and categories that exist, and the
    broadcasts that its author may see, each with whether its audience is fixed, and what goes round
    as far as they may know."""

    paths: Mapping[UUID, str]
    levels: Mapping[str, int]
    categories: frozenset[str]
    broadcasts: Mapping[UUID, bool] = field(default_factory=dict)
    clusters: frozenset[UUID] = frozenset()

    def check(self, expression: Expression) -> None:
        """Refuse names that do not exist here: a misspelt audience must not become a wrong one."""
        for fault in self.faults(expression):
            raise fault

    def faults(self, expression: Expression) -> Iterator[Invalid]:
        """Go through whatever an expression names that is not, or not any more, there."""
        for term in terms(expression):
            match term:
                case Units(units):
                    for unit in units:
                        if unit not in self.paths:
                            yield Invalid("audience.unknown_unit", unit=str(unit))
                case Categories(categories):
                    yield from _unknown(
                        categories, self.categories, "audience.unknown_category", "category"
                    )
                case Channels(channels):
                    yield from _unknown(channels, CHANNELS, "audience.unknown_channel", "channel")
                case Languages(languages):
                    yield from _unknown(
                        languages, LANGUAGES, "audience.unknown_language", "language"
                    )
                case Levels() | Posts():
                    yield from self._faults_of_posts(term)
                case Earlier() | Saw():
                    yield from self._faults_of_earlier(term)
                case _:
                    pass

    def _faults_of_posts(self, term: Levels | Posts) -> Iterator[Invalid]:
        if isinstance(term, Posts):
            yield from _unknown(term.roles, ROLES, "audience.unknown_role", "role")
        yield from _unknown(term.levels, self.levels, "audience.unknown_level", "level")

    def _faults_of_earlier(self, term: Earlier | Saw) -> Iterator[Invalid]:
        if isinstance(term, Saw):
            if term.cluster not in self.clusters:
                yield Invalid("audience.unknown_cluster")
            return
        if term.broadcast not in self.broadcasts:
            yield Invalid("audience.unknown_broadcast")
        elif not self.broadcasts[term.broadcast]:
            yield Invalid("audience.broadcast_not_frozen")
        rungs = [rung for rung in (term.at_least, term.below) if rung is not None]
        yield from _unknown(rungs, RUNGS, "audience.unknown_rung", "rung")
        yield from _unknown(term.states, STATES, "audience.unknown_state", "state")


def _unknown(names: list[str], known: Container[str], code: str, fact: str) -> Iterator[Invalid]:
    for name in names:
        if name not in known:
            yield Invalid(code, **{fact: name})


@dataclass(frozen=True, slots=True)
class Target:
    """Which groups: an expression, one purpose, the subtrees its author may reach, and the day
    by which posts are judged. `also_within` narrows it to what somebody else may reach as well.
    """

    expression: Expression
    purpose: str
    paths: list[str]
    today: date
    also_within: list[str] | None = None


@dataclass(slots=True)
class Predicate:
    """Conditions over `g` (chat_group), `u` (its unit) and whatever they have joined to these.

    `ROW` and `KEY` are what a target is called here, and in what is joined to it.
    """

    ROW: ClassVar[Identifier] = Identifier("g")
    KEY: ClassVar[Identifier] = Identifier("group_id")

    directory: Directory
    today: date
    params: dict[str, object] = field(default_factory=dict)
    joins: dict[object, tuple[Identifier, Composed]] = field(default_factory=dict)

    def bind(self, value: object) -> Placeholder:
        """Give a value a name and return its placeholder."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return Placeholder(name)

    def of(self, expression: Expression) -> Composed:  # noqa: PLR0911  (a case each)
        """Compile an expression. Its condition is true or false for each group, never null."""
        match expression:
            case And(of):
                return self._joined(" AND ", of)
            case Or(of):
                return self._joined(" OR ", of)
            case Not(of):
                return SQL("NOT {}").format(self.of(of))
            case LiveAdmins(at_least, at_most):
                count = SQL("coalesce({}.live, 0)").format(self._admins())
                return self._bounded(count, at_least, at_most, SQL("TRUE"))
            case Posts():
                return SQL("({}.group_id IS NOT NULL)").format(self._office_holders(expression))
            case Earlier():
                return self._stood(expression)
            case Saw(cluster):
                return SQL("({}.group_id IS NOT NULL)").format(self._saw(cluster))
            case _:
                return self._own(expression)

    def _own(self, leaf: Own) -> Composed:  # noqa: PLR0911  (a case each)
        """Compile what the group itself and its unit tell."""
        match leaf:
            case Units(units, below):
                return self.within([self.directory.paths[id] for id in units], below=below)
            case Levels(levels):
                return SQL("(u.level_rank = ANY({}))").format(self.bind(self._ranks(levels)))
            case Categories(categories):
                return SQL(
                    "EXISTS (SELECT FROM group_category c"
                    " WHERE c.organisation_id = g.organisation_id AND c.group_id = g.id"
                    " AND c.category_key = ANY({}))"
                ).format(self.bind(categories))
            case Channels(channels):
                return SQL("(g.channel = ANY({}))").format(self.bind(channels))
            case Languages(languages):
                return SQL("(g.language = ANY({}))").format(self.bind(languages))
            case Size(at_least, at_most):
                told = SQL("g.size_at IS NOT NULL")
                return self._bounded(SQL("g.size"), at_least, at_most, told)
            case Everyone():
                return Composed([SQL("TRUE")])
            case _:
                assert_never(leaf)

    def within(self, paths: list[str], *, below: bool = True) -> Composed:
        """Compile "in one of these subtrees" (or "one of these units itself")."""
        if not paths:
            return Composed([SQL("FALSE")])
        if not below:
            return SQL("(u.path = ANY({}))").format(self.bind(paths))
        ranges = [
            SQL("u.path BETWEEN {} AND {}").format(self.bind(path), self.bind(path + "~"))
            for path in dict.fromkeys(paths)
        ]
        return SQL("({})").format(SQL(" OR ").join(ranges))

    def source(self) -> Composed:
        """Return what stands behind FROM: call it when every condition is compiled."""
        own = SQL(
            "chat_group g JOIN unit u ON u.organisation_id = g.organisation_id AND u.id = g.unit_id"
        )
        return SQL(" ").join([own, self.joined()])

    def joined(self) -> Composed:
        """Return what was joined to a target and its unit."""
        return SQL(" ").join([join for _, join in self.joins.values()])

    def _joined(self, word: LiteralString, of: list[Expression]) -> Composed:
        return SQL("({})").format(SQL(word).join([self.of(term) for term in of]))

    def _ranks(self, levels: list[str]) -> list[int]:
        return [self.directory.levels[key] for key in levels]

    def _bounded(
        self, number: SQL | Composed, at_least: int | None, at_most: int | None, known: SQL
    ) -> Composed:
        parts: list[SQL | Composed] = [known]
        if at_least is not None:
            parts.append(SQL("{} >= {}").format(number, self.bind(at_least)))
        if at_most is not None:
            parts.append(SQL("{} <= {}").format(number, self.bind(at_most)))
        return SQL("({})").format(SQL(" AND ").join(parts))

    def _admins(self) -> Identifier:
        """Join how many live admins each group has."""
        return self._join(
            "admins",
            "(SELECT a.group_id, count(*) AS live FROM group_admin a"
            " WHERE a.organisation_id = (SELECT current_organisation()) AND a.left_at IS NULL"
            " GROUP BY a.group_id) AS {alias} ON {alias}.group_id = g.id",
        )

    def _office_holders(self, posts: Posts) -> Identifier:
        """Join the groups that somebody helps to run who holds such a post on the day."""
        key = ("posts", tuple(posts.roles), tuple(posts.levels))
        if key in self.joins:
            return self.joins[key][0]
        wanted: list[Composed] = []
        if posts.roles:
            wanted.append(SQL(" AND p.role = ANY({}::post_role[])").format(self.bind(posts.roles)))
        if posts.levels:
            ranks = self.bind(self._ranks(posts.levels))
            wanted.append(SQL(" AND s.level_rank = ANY({})").format(ranks))
        return self._join(
            key,
            "(SELECT DISTINCT a.group_id FROM post p"
            " JOIN unit s ON s.organisation_id = p.organisation_id AND s.id = p.unit_id"
            " LEFT JOIN account c ON c.organisation_id = p.organisation_id AND c.id = p.account_id"
            " JOIN group_admin a ON a.organisation_id = p.organisation_id"
            " AND a.person_id = coalesce(p.person_id, c.person_id) AND a.left_at IS NULL"
            " WHERE p.organisation_id = (SELECT current_organisation())"
            " AND p.since <= {today} AND (p.until IS NULL OR p.until >= {today}){wanted})"
            " AS {alias} ON {alias}.group_id = g.id",
            today=self.bind(self.today),
            wanted=SQL("").join(wanted),
        )

    def _stood(self, earlier: Earlier) -> Composed:
        """Compile how a group stands with an earlier broadcast."""
        alias = self._join(
            ("earlier", earlier.broadcast),
            "delivery AS {alias} ON {alias}.organisation_id = {row}.organisation_id"
            " AND {alias}.broadcast_id = {broadcast} AND {alias}.{key} = {row}.id",
            broadcast=self.bind(earlier.broadcast),
        )
        parts = [SQL("{}.id IS NOT NULL").format(alias)]
        if earlier.at_least is not None:
            rung = self.bind(RUNGS[earlier.at_least])
            parts.append(SQL("{}.evidence >= {}").format(alias, rung))
        if earlier.below is not None:
            rung = self.bind(RUNGS[earlier.below])
            parts.append(SQL("{}.evidence < {}").format(alias, rung))
        if earlier.states:
            states = self.bind(earlier.states)
            parts.append(SQL("{}.state = ANY({}::delivery_state[])").format(alias, states))
        return SQL("({})").format(SQL(" AND ").join(parts))

    def _saw(self, cluster: UUID) -> Identifier:
        """Join the groups in which a text that goes round was seen."""
        return self._join(
            ("saw", cluster),
            "sighting AS {alias} ON {alias}.organisation_id = {row}.organisation_id"
            " AND {alias}.cluster_id = {cluster} AND {alias}.group_id = {row}.id",
            cluster=self.bind(cluster),
        )

    def _join(
        self, key: object, table: LiteralString, **parts: Composed | Placeholder
    ) -> Identifier:
        """Join a table once, at most one row of it to each group, and return what it is called."""
        if key not in self.joins:
            alias = Identifier(f"j{len(self.joins)}")
            names = {"alias": alias, "row": self.ROW, "key": self.KEY}
            join = SQL("LEFT JOIN ") + SQL(table).format(**names, **parts)
            self.joins[key] = (alias, join)
        return self.joins[key][0]


@dataclass(frozen=True, slots=True)
class Fit:
    """What stands behind FROM and behind WHERE, and its parameters."""

    source: Composed
    condition: Composed
    params: dict[str, object]
    is_joined: bool


def where(target: Target, directory: Directory) -> Fit:
    """Return the condition that a group fits `target`.

    Archived groups are never targets, nor are groups of the other purpose, nor any outside the
    author's scope: these three cannot be written away by any expression.
    """
    directory.check(target.expression)
    predicate = Predicate(directory, target.today)
    condition = SQL("{} AND {} AND {} AND {} AND {}").format(
        OWN, *_fixed(predicate, target), predicate.of(target.expression)
    )
    if target.also_within is not None:
        condition += SQL(" AND ") + predicate.within(target.also_within)
    return Fit(predicate.source(), condition, predicate.params, bool(predicate.joins))


@dataclass(frozen=True, slots=True)
class Examined:
    """The same taken apart: whether a group is live, of the purpose and inside, and for each term
    of the expression, in the order of `terms`, whether it fits by itself."""

    source: Composed
    is_live: Composed
    is_of_purpose: Composed
    is_inside: Composed
    fits: Composed
    readable: Composed
    params: dict[str, object]
    is_joined: bool


def taken_apart(target: Target, directory: Directory, *, readable: list[str]) -> Examined:
    """Return each condition of `where` by itself, over the groups within `readable` paths."""
    directory.check(target.expression)
    predicate = Predicate(directory, target.today)
    live, purpose, inside = _fixed(predicate, target)
    fits = [predicate.of(term) for term in terms(target.expression)]
    within = SQL("{} AND {}").format(OWN, predicate.within(readable))
    return Examined(
        predicate.source(),
        live,
        purpose,
        inside,
        SQL("ARRAY[{}]").format(SQL(", ").join(fits)),
        within,
        predicate.params,
        bool(predicate.joins),
    )


OWN = SQL("g.organisation_id = (SELECT current_organisation())")


def _fixed(predicate: Predicate, target: Target) -> tuple[Composed, Composed, Composed]:
    return (
        Composed([SQL("g.archived_at IS NULL")]),
        SQL("g.purpose = {}::group_purpose").format(predicate.bind(target.purpose)),
        predicate.within(target.paths),
    )
