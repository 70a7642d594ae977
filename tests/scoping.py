"""A random organisation, and an oracle that says by brute force who may see what of it.

The oracle knows nothing of paths or of the program's queries: it walks up from each unit to its
root, and asks of each post whether its day has come and whether its unit lies on the way.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st
from psycopg import AsyncConnection

from chaupal.kit.ids import new_id
from chaupal.kit.runtime import Runtime
from chaupal.kit.sound import search_key
from chaupal.organisations import actions
from chaupal.organisations.models import OrganisationType
from chaupal.organisations.tree import actions as tree
from chaupal.principals import erasure
from chaupal.record import Actor
from factories import HASHED, LEVELS, Place

EVERY_RIGHT = (
    "view", "compose", "approve", "steer", "import", "manage", "register", "export", "unmask",
)  # fmt: skip
# Written down once more, so that a slip in the program's own table is noticed.
MAY = {
    "administrator": set(EVERY_RIGHT),
    "coordinator": {"view", "compose", "approve", "steer", "register", "export", "unmask"},
    "desk": {"view", "compose", "steer"},
    "office_bearer": set(),
}
DEEPEST = len(LEVELS) - 1
LONG_AGO = -1000


@dataclass(frozen=True)
class Post:
    """A role at a unit from one day to another, both counted from today."""

    unit: int
    role: str
    since: int = LONG_AGO
    until: int | None = None


@dataclass(frozen=True)
class Login:
    """Somebody who signs in. `rights` limits their key; None leaves it all they have."""

    posts: tuple[Post, ...]
    disabled: bool = False
    rights: frozenset[str] | None = None


@dataclass(frozen=True)
class Circle:
    """A group: where, for whom, whether it is archived, and which people run it."""

    unit: int
    public: bool
    archived: bool
    admins: tuple[int, ...]


@dataclass(frozen=True)
class World:
    """What an organisation is made of, by place in these lists. Units stand below earlier ones."""

    above: tuple[int | None, ...]
    people: tuple[int, ...]
    circles: tuple[Circle, ...]
    seats: tuple[tuple[int, int | None], ...]
    logins: tuple[Login, ...]

    def line(self, unit: int) -> Iterator[int]:
        """A unit and all above it."""
        at: int | None = unit
        while at is not None:
            yield at
            at = self.above[at]

    def depth(self, unit: int) -> int:
        return len(list(self.line(unit))) - 1

    @property
    def ended(self) -> int:
        """The last unit is one that ended yesterday: nothing hangs from it or is in it."""
        return len(self.above) - 1

    def reach(self, login: Login, right: str, *, by_key: bool = True) -> set[int]:
        """The units at which somebody has a right today, those that ended among them."""
        if login.disabled or (by_key and login.rights is not None and right not in login.rights):
            return set()
        tops = {
            post.unit
            for post in login.posts
            if right in MAY[post.role]
            and post.unit != self.ended
            and post.since <= 0
            and (post.until is None or post.until >= 0)
        }
        return {unit for unit in range(len(self.above)) if tops & set(self.line(unit))}

    def above_of(self, units: Iterable[int]) -> set[int]:
        """What stands above some units: told by name, so that people know where they are."""
        return {step for unit in units for step in self.line(unit)}


@st.composite
def worlds(draw) -> World:
    """A forest of some units, people, groups and offices, and logins of every kind."""
    above: list[int | None] = [None]
    for _ in range(draw(st.integers(4, 8))):
        shallow = [u for u in range(len(above)) if _depth(above, u) < DEEPEST]
        above.append(draw(st.one_of(st.sampled_from(shallow), st.sampled_from([0, None]))))
    shallow = [u for u in _below_the_first(above) if _depth(above, u) < DEEPEST]
    above.append(draw(st.sampled_from(shallow)))
    units = st.integers(0, len(above) - 2)
    people = (0, *draw(st.lists(units, min_size=5, max_size=10)))
    everybody = st.integers(1, len(people) - 1)
    circle = st.builds(
        Circle, units, st.booleans(), st.booleans(), st.tuples(everybody) | st.just(())
    )
    return World(
        above=tuple(above),
        people=people,
        circles=tuple(draw(st.lists(circle, min_size=4, max_size=8))),
        seats=tuple(draw(st.lists(st.tuples(units, everybody | st.none()), max_size=4))),
        logins=tuple(_logins(draw, units, ended=len(above) - 1)),
    )


def _below_the_first(above: list[int | None]) -> list[int]:
    """The units of the first tree, in which the one is that ends."""
    within = {0}
    for unit, parent in enumerate(above):
        if parent in within:
            within.add(unit)
    return sorted(within)


def _depth(above: list[int | None], unit: int) -> int:
    depth, at = 0, above[unit]
    while at is not None:
        depth, at = depth + 1, above[at]
    return depth


def _logins(draw, units, *, ended: int) -> Iterator[Login]:
    roles = st.sampled_from(sorted(MAY))
    rights = st.frozensets(st.sampled_from(EVERY_RIGHT), min_size=1, max_size=4)
    yield Login((Post(0, "administrator"),))
    yield Login((Post(draw(units), "administrator"),))
    yield Login((Post(draw(units), draw(roles)), Post(draw(units), "coordinator")))
    yield Login((Post(draw(units), "desk"), Post(draw(units), "office_bearer")))
    yield Login((Post(draw(units), "administrator"),), rights=draw(rights) | {"view"})
    yield Login((Post(0, "administrator"),), rights=frozenset({"export"}))
    yield Login((Post(draw(units), "administrator", until=-1),))
    yield Login((Post(draw(units), "administrator", since=1),))
    yield Login((Post(0, "administrator"),), disabled=True)
    yield Login((Post(ended, "administrator"), Post(draw(units), "coordinator", -3, 0)))


@dataclass
class Built:
    """A world in the database: the ids of its things, by the same places."""

    world: World
    place: Place
    units: list[UUID] = field(default_factory=list)
    people: list[UUID] = field(default_factory=list)
    circles: list[UUID] = field(default_factory=list)
    seats: list[tuple[UUID, int]] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def secrets_for(self, seen: set[int], told: set[int]) -> set[str]:
        """The marks of everything that lies outside: none of them may stand in an answer.

        Of the units in `told` the name may be said, and nothing of what is in them.
        """
        world = self.world
        return {
            *(mark("u", n) for n in range(len(world.above)) if n not in seen | told),
            *(mark("p", n) for n, unit in enumerate(world.people) if unit not in seen or n == 0),
            *(mark("g", n) for n, c in enumerate(world.circles) if c.unit not in seen),
            *(mark("o", n) for n, (_, unit) in enumerate(self.seats) if unit not in seen),
        }


def mark(kind: str, n: int) -> str:
    """A word that stands in the names of one thing and nowhere else."""
    return f"{kind}zq{''.join('abcdefghij'[int(digit)] for digit in f'{n:04}')}"


async def build(rt: Runtime, world: World, *, today: date) -> Built:
    """Write a world down, the ending of its last unit and the erasure of its first person last."""
    slug = f"w-{secrets.token_hex(5)}"
    organisation = await actions.found(
        rt, slug=slug, type=OrganisationType.NGO, name_hi="संगठन", name_en="Union", levels=LEVELS
    )
    place = Place(rt, organisation.id, slug, {}, {})
    built = Built(world, place)
    async with place.transaction() as conn:
        await _units(conn, built)
        await _people(conn, built)
        await _circles(conn, built)
        for unit, holder in world.seats:
            person = built.people[holder] if holder is not None else None
            await _seat(conn, built, Post(unit, "office_bearer"), today, person=person)
        for n, login in enumerate(world.logins):
            await _login(conn, built, n, login, today)
    boss = built.actors[0]
    reference = mark("p", 0)
    yesterday = today - timedelta(days=1)
    await tree.end(
        rt, built.units[world.ended], on_day=yesterday, key=str(new_id()), actor=_whole(boss)
    )
    await erasure.erase(rt, built.people[0], typed=reference, key=str(new_id()), actor=_whole(boss))
    return built


def _whole(actor: Actor) -> Actor:
    return Actor(actor.organisation, actor.id, actor.label)


async def _units(conn: AsyncConnection, built: Built) -> None:
    paths: list[str] = []
    for n, above in enumerate(built.world.above):
        id, name = new_id(), mark("u", n)
        paths.append(("/" if above is None else paths[above]) + f"{n + 100}/")
        await conn.execute(
            "INSERT INTO unit (organisation_id, id, number, parent_id, level_rank, code, name_hi,"
            " name_en, path, search_key) VALUES (current_organisation(), %s, %s, %s, %s, %s, %s,"
            " %s, %s, %s)",
            (id, n + 100, None if above is None else built.units[above], built.world.depth(n),
             name, f"इलाक़ा {name}", f"Locality {name}", paths[n], search_key(f"Locality {name}")),
        )  # fmt: skip
        built.units.append(id)


async def _people(conn: AsyncConnection, built: Built) -> None:
    for n, unit in enumerate(built.world.people):
        id, name = new_id(), f"Invented Name {mark('p', n)}"
        await conn.execute(
            "INSERT INTO person (organisation_id, id, reference, unit_id, name, search_key, since)"
            " VALUES (current_organisation(), %s, %s, %s, %s, %s, '2020-01-01')",
            (id, mark("p", n), built.units[unit], name, search_key(name)),
        )
        await built.place._contact(conn, id, f"s:{mark('p', n)}", channel="sandbox")
        await built.place._said(conn, id, "given", channel="sandbox", purpose="coordination")
        built.people.append(id)


async def _circles(conn: AsyncConnection, built: Built) -> None:
    for n, circle in enumerate(built.world.circles):
        id, name = new_id(), f"Gathering {mark('g', n)}"
        await conn.execute(
            "INSERT INTO chat_group (organisation_id, id, unit_id, name, purpose, channel, address,"
            " archived_at, search_key) VALUES (current_organisation(), %s, %s, %s,"
            " %s::group_purpose, 'whatsapp', %s, %s, %s)",
            (id, built.units[circle.unit], name, "public" if circle.public else "internal",
             f"g:{mark('g', n)}", datetime(2026, 1, 1).astimezone() if circle.archived else None,
             search_key(name)),
        )  # fmt: skip
        for turn, person in enumerate(circle.admins, 1):
            await conn.execute(
                "INSERT INTO group_admin (organisation_id, group_id, person_id, turn, since)"
                " VALUES (current_organisation(), %s, %s, %s, '2026-01-01')",
                (id, built.people[person], turn),
            )
        built.circles.append(id)


async def _seat(
    conn: AsyncConnection,
    built: Built,
    post: Post,
    today: date,
    *,
    person: UUID | None = None,
    account: UUID | None = None,
) -> None:
    id, title = new_id(), f"Seat {mark('o', len(built.seats))}"
    unit = built.units[post.unit]
    await conn.execute(
        "INSERT INTO office (organisation_id, id, unit_id, role, title_hi, title_en, since)"
        " VALUES (current_organisation(), %s, %s, %s, %s, %s, '2020-01-01')",
        (id, unit, post.role, title, title),
    )
    built.seats.append((id, post.unit))
    if person is None and account is None:
        return
    until = None if post.until is None else today + timedelta(days=post.until)
    await conn.execute(
        "INSERT INTO post (organisation_id, id, office_id, unit_id, person_id, account_id, role,"
        " title_hi, title_en, since, until) VALUES (current_organisation(), %s, %s, %s, %s, %s,"
        " %s, %s, %s, %s, %s)",
        (id, id, unit, person, account, post.role, title, title,
         today + timedelta(days=post.since), until),
    )  # fmt: skip


async def _login(conn: AsyncConnection, built: Built, n: int, login: Login, today: date) -> None:
    id, name, secret = new_id(), f"login-{n}", secrets.token_urlsafe(32)
    organisation = built.place.organisation
    await conn.execute(
        "INSERT INTO account (organisation_id, id, login, name, language, password_hash,"
        " disabled_at) VALUES (current_organisation(), %s, %s, %s, 'en', %s, %s)",
        (id, name, name, HASHED, datetime(2026, 1, 1).astimezone() if login.disabled else None),
    )
    for post in login.posts:
        await _seat(conn, built, post, today, account=id)
    await conn.execute(
        "INSERT INTO api_token (organisation_id, id, account_id, name, token_hash, rights,"
        " created_at, expires_at) VALUES (current_organisation(), %s, %s, 'key', %s, %s,"
        " '2026-01-01', '2036-01-01')",
        (
            new_id(),
            id,
            hashlib.sha256(secret.encode()).digest(),
            sorted(login.rights or EVERY_RIGHT),
        ),
    )
    built.actors.append(Actor(organisation, id, name))
    built.keys.append(f"chaupal_{organisation}_{secret}")
