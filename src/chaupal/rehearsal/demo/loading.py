"""Bringing an organisation of the rehearsal into Chaupal, so that an interrupted run goes on.

Founding, each sender, the directory and each account are one transaction each; what is there
already is left as it is. The directory is the last word: an organisation with a tree is loaded.
"""

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from argon2 import PasswordHasher

from chaupal import directory, record
from chaupal.channels.limits import Limits
from chaupal.groups import queries as groups
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.organisations import accounts
from chaupal.organisations import actions as organisations
from chaupal.organisations import queries as organisation_queries
from chaupal.organisations.models import AccountId, Level, OrganisationType, Role
from chaupal.record import Actor
from chaupal.rehearsal import roster
from chaupal.rehearsal.demo import queries
from chaupal.rehearsal.demo.progress import Steps
from chaupal.rehearsal.demo.rows import Rows

# The first bot also writes to the volunteers, so it is quick. The others take so long over the
# bulk broadcast of the story at any size, six seconds, that the urgent one finds it under way.
FIRST_BOT_RATE_PER_S = 2500
GROUPS_FOR_ONE_A_SECOND = 100
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account of the demonstration, with a password made for this run alone."""

    organisation: str
    login: str
    password: str
    what: str


# login, name, unit code, role, title, what the newcomer is told
ACCOUNTS = {
    "rajasthan": (
        ("asha", "आशा", "RJ", Role.ADMINISTRATOR, "प्रदेश संयोजक", "State convenor", "writes"),
        ("ravi", "रवि", "RJ", Role.ADMINISTRATOR, "सह-संयोजक", "Co-convenor", "approves"),
        ("desk", "कक्ष", "RJ", Role.DESK, "कक्ष", "Desk", "watches and steers"),
        (
            "bikaner",
            "मीना",
            "RJ-BKN",
            Role.COORDINATOR,
            "संभाग संयोजक",
            "Coordinator",
            "one division",
        ),
    ),
    "dhora-dairy": (
        ("lata", "लता", None, Role.ADMINISTRATOR, "प्रबंधक", "Manager", "another organisation"),
        ("mohan", "मोहन", None, Role.ADMINISTRATOR, "उप-प्रबंधक", "Deputy manager", "approves there"),
    ),
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a folder's organisation was made, and from which seed."""

    groups: int
    people: int
    seed: int


async def loaded(rt: Runtime, slug: str) -> queries.Sizes | None:
    """Return how much there is in the organisation of this slug, once it is loaded whole."""
    id = await _founded(rt, slug)
    if id is None:
        return None
    async with db.transaction(rt.pool, id) as conn:
        sizes = await queries.sizes(conn)
    return sizes if sizes.units else None


async def _founded(rt: Runtime, slug: str) -> OrganisationId | None:
    async with db.installation(rt.pool) as conn:
        found = await organisation_queries.organisation_by_slug(conn, slug)
    return found.id if found else None


async def load(
    rt: Runtime, source: roster.Organisation, *, provider: str, steps: Steps
) -> OrganisationId:
    """Load one organisation: its tree, people, groups and posts, as far as they are missing."""
    id = await _founded(rt, source.slug) or await _found(rt, source)
    actor = record.part_of_the_system(id, "rehearsal")
    names = [f"bot-{number}" for number in range(source.senders)]
    paced = min(FIRST_BOT_RATE_PER_S, max(1, source.group_count // GROUPS_FOR_ONE_A_SECOND))
    rates_per_s = dict.fromkeys(names, paced) | {names[0]: FIRST_BOT_RATE_PER_S}
    await _add_senders(rt, rates_per_s, provider=provider, actor=actor)
    async with db.transaction(rt.pool, id) as conn:
        if (await queries.sizes(conn)).units:
            return id
        for category in source.categories:
            await groups.add_category(
                conn, key=category.key, name_hi=category.name_hi, name_en=category.name_en
            )
        await _load_directory(rt, conn, source, names, steps)
        await record.append(
            conn,
            "organisation.loaded",
            id,
            actor=actor,
            now=rt.now(),
            units=source.unit_count,
            people=source.person_count,
            groups=source.group_count,
        )
    return id


async def _found(rt: Runtime, source: roster.Organisation) -> OrganisationId:
    organisation = await organisations.found(
        rt,
        slug=source.slug,
        type=OrganisationType(source.type),
        name_hi=source.name_hi,
        name_en=source.name_en,
        levels=[
            Level(level.rank, level.key, level.name_hi, level.name_en) for level in source.levels
        ],
    )
    return organisation.id


async def _add_senders(
    rt: Runtime, rates_per_s: dict[str, int], *, provider: str, actor: Actor
) -> None:
    async with db.transaction(rt.pool, actor.organisation) as conn:
        there = {sender.name for sender in await queries.senders(conn)}
    for name, rate_per_s in rates_per_s.items():  # a handful
        if name in there:
            continue
        await directory.add_sender(
            rt,
            name=name,
            channel="sandbox",
            endpoint=provider,
            token=secrets.token_urlsafe(16),
            webhook_secret=secrets.token_urlsafe(16),
            limits=Limits(rate_per_s=rate_per_s),
            actor=actor,
        )


async def _load_directory(
    rt: Runtime, conn: db.Conn, source: roster.Organisation, senders: list[str], steps: Steps
) -> None:
    rows, name = Rows(source, senders), source.name_en
    units = steps.counted(f"Units: {name}", rows.units(), source.unit_count)
    await directory.load_units(rt, conn, units)
    people = steps.counted(f"People: {name}", rows.people(), source.person_count)
    await directory.load_people(rt, conn, people)
    groups = steps.counted(f"Groups: {name}", rows.groups(), source.group_count)
    await directory.load_groups(rt, conn, groups)
    with steps.step(f"Posts: {name}"):
        await directory.load_posts(conn, rows.posts())


async def open_accounts(
    rt: Runtime, slug: str, organisation: OrganisationId, kept: list[SignIn]
) -> list[SignIn]:
    """Return how to sign in to each of the demonstration's accounts.

    A missing one is opened, and one whose password nobody kept gets a new one.
    """
    passwords = {
        sign_in.login: sign_in.password for sign_in in kept if sign_in.organisation == slug
    }
    actor = record.part_of_the_system(organisation, "rehearsal")
    sign_ins = []
    for login, name, code, role, title_hi, title_en, what in ACCOUNTS[slug]:
        fresh = secrets.token_urlsafe(9)
        async with db.transaction(rt.pool, organisation) as conn:
            account = await accounts.account_by_login(conn, login)
        if account is None:
            await organisations.open_account(
                rt,
                login=login,
                name=name,
                password=fresh,
                language="hi",
                unit=await directory.unit_with_code(rt, code, organisation=organisation),
                role=role,
                title_hi=title_hi,
                title_en=title_en,
                actor=actor,
            )
        elif login not in passwords:
            await _replace_password(rt, account.id, fresh, actor=actor)
        else:
            fresh = passwords[login]
        sign_ins.append(SignIn(slug, login, fresh, what))
    return sign_ins


async def _replace_password(rt: Runtime, id: AccountId, password: str, *, actor: Actor) -> None:
    password_hash = await asyncio.to_thread(PasswordHasher().hash, password)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        await accounts.set_password(conn, id, password_hash)
        await record.append(conn, "account.password_replaced", id, actor=actor, now=rt.now())


def keep_sign_ins(data: Path, sign_ins: list[SignIn]) -> None:
    """Keep the demonstration's passwords beside its data, for its owner alone, so that a later
    run on the same data can print them again."""
    _keep(data / "demo.sign-ins", sign_ins)


def read_sign_ins(data: Path) -> list[SignIn]:
    """Return what an earlier run on this data kept."""
    return _kept(data / "demo.sign-ins", list[SignIn]) or []


def keep_sizes(data: Path, sizes: Sizes) -> None:
    """Keep how large this folder's organisation is."""
    _keep(data / "demo.json", sizes)


def read_sizes(data: Path) -> Sizes | None:
    """Return how large an earlier run made this folder's organisation, where it said so."""
    return _kept(data / "demo.json", Sizes)


def _keep(path: Path, what: object) -> None:
    """Write a file for its owner alone, whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(what))
    draft.replace(path)


def _kept(path: Path, kind: type[T]) -> T | None:
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else None
