"""A town of groups of every kind, and an oracle that judges each of them without any SQL."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from hypothesis import strategies as st

from chaupal.broadcasts.audience import (
    And,
    Categories,
    Channels,
    Earlier,
    Everyone,
    Languages,
    Levels,
    LiveAdmins,
    Not,
    Or,
    Posts,
    Saw,
    Size,
    Units,
)
from chaupal.broadcasts.compiler import Target
from chaupal.kit.ids import new_id
from chaupal.organisations.scope import INDIA
from factories import LEVELS, Place, an_organisation

CATEGORIES = ("farmers", "students", "women")
ROLES = ("coordinator", "desk", "office_bearer")
STATES = ("queued", "tasked", "sent", "refused", "expired")
RUNGS = ("planned", "accepted", "delivered", "opened", "posted", "verified")


@dataclass(frozen=True)
class Stood:
    """How a group stands with an earlier broadcast."""

    state: str
    evidence: int


def standing(number: int) -> Stood:
    state, evidence = STATES[number % len(STATES)], number % len(RUNGS)
    return Stood(state, max(evidence, 1) if state == "sent" else evidence)


@dataclass(frozen=True)
class KnownGroup:
    """What the oracle knows of a group, written down by whoever made it."""

    id: UUID
    path: str
    purpose: str
    channel: str
    categories: frozenset[str]
    language: str
    size: int | None
    admins: int
    posts: frozenset[tuple[str, str]]
    stood: dict[UUID, Stood]
    saw: frozenset[UUID]


@dataclass
class Town:
    """Forty groups of every kind over a small tree, two earlier broadcasts and one draft."""

    place: Place
    groups: list[KnownGroup]
    sent: list[UUID]
    draft: UUID
    seen: list[UUID]
    today: date

    @property
    def paths(self) -> dict[UUID, str]:
        return {self.place.units[code]: path for code, path in self.place.paths.items()}

    def target(self, expression, purpose: str = "public", at: str = "state") -> Target:
        return Target(expression, purpose, [self.place.paths[at]], self.today)

    def wanted(self, expression, purpose: str, scope: str) -> list[UUID]:
        return sorted(
            g.id
            for g in self.groups
            if g.purpose == purpose and g.path.startswith(scope) and fits(expression, g, self.paths)
        )


async def a_town(rt) -> Town:
    """Make the town; what the oracle knows is written down beside it."""
    place = await an_organisation(rt)
    for key in CATEGORIES:
        await place.category(key)
    author, bot = await place.account("asha"), await place.sender()
    holders = await office_holders(place)
    sent, draft = [new_id(), new_id()], new_id()
    for id in (*sent, draft):
        await a_broadcast(place, id, author, frozen=id != draft)
    seen = [await going_round(place, author) for _ in range(3)]
    groups = []
    for n in range(40):
        code = list(place.units)[n % len(place.units)]
        categories = tuple(c for i, c in enumerate(CATEGORIES) if (n >> i) & 1)
        purpose, channel = ("public", "internal")[n % 3 == 0], ("sandbox", "whatsapp")[n % 2]
        language, size = ("hi", "en")[n % 5 == 0], None if n % 4 == 3 else 25 * n
        id = await place.group(
            code,
            sender=bot if channel == "sandbox" else None,
            purpose=purpose,
            categories=categories,
            language=language,
        )
        admins = [holders[(n + turn) % len(holders)] for turn in range(n % 4)]
        stood = {
            broadcast: standing(n + turn) for turn, broadcast in enumerate(sent) if n % (turn + 2)
        }
        await told(place, id, size=size, admins=[person for person, _ in admins], stood=stood)
        saw = frozenset(
            cluster for turn, cluster in enumerate(seen) if turn and n % (turn + 1) == 0
        )
        await seen_in(place, id, saw, author)
        posts = frozenset(post for _, held in admins for post in held)
        groups.append(
            KnownGroup(
                id, place.paths[code], purpose, channel, frozenset(categories), language, size,
                len(admins), posts, stood, saw,
            )
        )  # fmt: skip
    return Town(place, groups, sent, draft, seen, rt.now().astimezone(INDIA).date())


async def office_holders(place: Place) -> list[tuple[UUID, list[tuple[str, str]]]]:
    """People who may run groups, each with the posts that they hold today (role, level)."""
    holders: list[tuple[UUID, list[tuple[str, str]]]] = []
    for role, at, level in (
        ("coordinator", "state", "state"),
        ("desk", "east", "division"),
        ("office_bearer", "west-one", "district"),
    ):
        person = await place.person("state")
        await place.post(at, person=person, role=role)
        holders.append((person, [(role, level)]))
    account = await place.account("ravi", at="west", role="desk")
    person = await place.person("state")
    async with place.transaction() as conn:
        await conn.execute("UPDATE account SET person_id = %s WHERE id = %s", (person, account.id))
    holders.append((person, [("desk", "division")]))
    ended = await place.person("state")
    post = await place.post("state", person=ended, role="office_bearer")
    async with place.transaction() as conn:
        await conn.execute("UPDATE post SET until = '2021-01-01' WHERE id = %s", (post,))
    holders.append((ended, []))
    return holders


async def a_broadcast(place: Place, id: UUID, author, *, frozen: bool, at: str = "state") -> None:
    """A broadcast of somebody at a unit; its deliveries are written beside it."""
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO broadcast (organisation_id, id, stage, title, purpose, audience,"
            " author_id, author_label, author_units, created_at, expires_at, content_hash,"
            " approver_label, frozen_at, targets)"
            " SELECT current_organisation(), %s, 'cancelled', 'Earlier', 'public', '{}', %s, 'a',"
            " %s, now(), now() + interval '1 hour', '', NULL, f.at, f.targets"
            " FROM (VALUES (CASE WHEN %s THEN now() END, 0), (NULL, NULL)) AS f (at, targets)"
            " WHERE (f.targets IS NOT NULL) = %s",
            (id, author.id, [place.units[at]], frozen, frozen),
        )


async def going_round(place: Place, author, *, at: str = "state") -> UUID:
    """Something that goes round, noted by somebody at a unit."""
    id = new_id()
    async with place.transaction() as conn:
        await conn.execute(
            "INSERT INTO cluster (organisation_id, id, name, text_until, author_id, author_label,"
            " author_units, noted_at) VALUES (current_organisation(), %s, 'Rumour', now(), %s, 'a',"
            " %s, now())",
            (id, author.id, [place.units[at]]),
        )
    return id


async def seen_in(place: Place, group: UUID, clusters: frozenset[UUID], author) -> None:
    """What somebody of the desk saw in a group."""
    async with place.transaction() as conn:
        await conn.execute("UPDATE chat_group SET carries_notice = true WHERE id = %s", (group,))
        for cluster in clusters:
            await conn.execute(
                "INSERT INTO sighting (organisation_id, cluster_id, group_id, first_seen_at,"
                " source, noted_by, noted_label, noted_at) VALUES (current_organisation(), %s, %s,"
                " now(), 'operator', %s, 'a', now())",
                (cluster, group, author.id),
            )


async def told(place: Place, group: UUID, *, size, admins, stood) -> None:
    """Write down what is known of a group besides what it is."""
    async with place.transaction() as conn:
        await conn.execute(
            "UPDATE chat_group SET size = coalesce(%(size)s, 100),"
            " size_at = CASE WHEN %(size)s::int IS NULL THEN NULL ELSE now() END"
            " WHERE id = %(id)s",
            {"size": size, "id": group},
        )
        for turn, person in enumerate([*admins, await place.person("state")]):
            await conn.execute(
                "INSERT INTO group_admin (organisation_id, group_id, person_id, turn, since,"
                " left_at) VALUES (current_organisation(), %s, %s, %s, now(),"
                " CASE WHEN %s THEN now() END)",
                (group, person, turn, turn == len(admins)),  # the last one has left
            )
        for broadcast, stands in stood.items():
            await conn.execute(
                "INSERT INTO delivery (organisation_id, broadcast_id, group_id, branch_id,"
                " language, state, evidence, due_at, sent_at, failure)"
                " SELECT organisation_id, %s, id, unit_id, 'hi', %s::text::delivery_state,"
                " %s, now(), now(), 'content' FROM chat_group WHERE id = %s",
                (broadcast, stands.state, stands.evidence, group),
            )


def expressions(units: list[UUID], sent: list[UUID], seen: list[UUID]):
    levels = [level.key for level in LEVELS]
    low, high = st.integers(0, 400), st.integers(400, 1000)
    few, several = st.integers(0, 2), st.integers(2, 4)
    leaves = st.one_of(
        st.builds(Units, st.lists(st.sampled_from(units), min_size=1, max_size=3), st.booleans()),
        st.builds(Levels, st.lists(st.sampled_from(levels), min_size=1, max_size=2)),
        st.builds(Categories, st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2)),
        st.builds(Channels, st.lists(st.sampled_from(["sandbox", "whatsapp"]), min_size=1)),
        st.builds(Languages, st.lists(st.sampled_from(["hi", "en"]), min_size=1, max_size=2)),
        st.builds(Size, low, high | st.none()),
        st.builds(Size, st.none(), high),
        st.builds(LiveAdmins, few, several | st.none()),
        st.builds(LiveAdmins, st.none(), few),
        st.builds(Posts, st.lists(st.sampled_from(ROLES), min_size=1, max_size=2)),
        st.builds(
            Posts,
            st.lists(st.sampled_from(ROLES), max_size=2),
            st.lists(st.sampled_from(levels), min_size=1, max_size=2),
        ),
        st.builds(
            Earlier,
            st.sampled_from(sent),
            st.sampled_from(RUNGS) | st.none(),
            st.sampled_from(RUNGS) | st.none(),
            st.lists(st.sampled_from(STATES), max_size=2),
        ),
        st.builds(Saw, st.sampled_from(seen)),
        st.just(Everyone()),
    )
    return combined(leaves)


def combined(leaves):
    """Put and, or and not around terms."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(And, st.lists(inner, min_size=1, max_size=3)),
            st.builds(Or, st.lists(inner, min_size=1, max_size=3)),
            st.builds(Not, inner),
        ),
        max_leaves=6,
    )


def between(number: int, low: int | None, high: int | None) -> bool:
    return (low is None or number >= low) and (high is None or number <= high)


def fits(expression, group: KnownGroup, paths: dict[UUID, str]) -> bool:
    match expression:
        case And(of):
            return all(fits(term, group, paths) for term in of)
        case Or(of):
            return any(fits(term, group, paths) for term in of)
        case Not(of):
            return not fits(of, group, paths)
        case Units(units, below):
            roots = [paths[id] for id in units]
            return any(group.path.startswith(r) if below else group.path == r for r in roots)
        case Levels(levels):
            return LEVELS[group.path.count("/") - 2].key in levels
        case Categories(categories):
            return bool(group.categories & set(categories))
        case Channels(channels):
            return group.channel in channels
        case Everyone():
            return True
        case _:
            return fits_beside(expression, group)


def fits_beside(leaf, group: KnownGroup) -> bool:
    match leaf:
        case Languages(languages):
            return group.language in languages
        case Size(low, high):
            return group.size is not None and between(group.size, low, high)
        case LiveAdmins(low, high):
            return between(group.admins, low, high)
        case Posts(roles, levels):
            return any(
                (not roles or role in roles) and (not levels or level in levels)
                for role, level in group.posts
            )
        case Saw(cluster):
            return cluster in group.saw
        case Earlier(broadcast, at_least, below, states):
            stood = group.stood.get(broadcast)
            return stood is not None and (
                (at_least is None or stood.evidence >= RUNGS.index(at_least))
                and (below is None or stood.evidence < RUNGS.index(below))
                and (not states or stood.state in states)
            )
    raise AssertionError(leaf)
