"""A plain organisation of exactly so many groups, all on the sandbox, and its broadcasts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec

from bench.ground import Ground
from chaupal import directory, record
from chaupal.broadcasts import actions, jobs, queries
from chaupal.broadcasts.audience import Everyone, Expression
from chaupal.broadcasts.models import BroadcastId, Draft, Lane, Purpose
from chaupal.directory import GroupRow, UnitRow, tallies
from chaupal.groups import queries as groups
from chaupal.groups.coverage import jobs as coverage
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.organisations import actions as organisations
from chaupal.organisations.models import Level, OrganisationType, Role
from chaupal.record import Actor

LEVELS = [
    Level(0, "state", "राज्य", "State"),
    Level(1, "division", "संभाग", "Division"),
    Level(2, "booth", "बूथ", "Booth"),
]
DIVISIONS = 10
GROUPS_A_BOOTH = 2
SENDERS = 4
RATE_PER_S = 20_000  # so that nobody's limit but the machine's is met
LIFE = timedelta(hours=6)
EVERYONE = Everyone()
HINDI = (
    "राम राम सा। इस रविवार सुबह 10 बजे अपने बूथ की सालाना बैठक है। चाय-नाश्ता साथ में। सब घर से एक जन ज़रूर आए।"
)
ENGLISH = (
    "The yearly meeting of your booth is this Sunday at 10. One person from each home, please."
)


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender of ours, with the secrets that its provider knows."""

    id: UUID
    name: str
    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation with its groups loaded, and two people who may sign."""

    ground: Ground
    organisation: OrganisationId
    slug: str
    author: Actor
    approver: Actor
    senders: list[Sender]
    groups: int

    def address(self, number: int) -> str:
        """Return where a group is, counted from 0."""
        return f"g:{self.slug}-{number}"

    async def approved(
        self,
        *,
        via: tuple[str, ...] = (),
        audience: Expression = EVERYONE,
        lane: Lane = Lane.NORMAL,
    ) -> BroadcastId:
        """Write, submit and approve a broadcast to an audience of groups, or of people `via`
        channels; workers will freeze it."""
        rt = self.ground.rt
        draft = Draft(
            title="सालाना बैठक",
            texts={"hi": HINDI, "en": ENGLISH},
            purpose=Purpose.PUBLIC,
            audience=audience,
            lane=lane,
            expires_at=rt.now() + LIFE,
            election_matter=False,
            via=via,
        )
        id = await actions.write(rt, draft, key=str(new_id()), actor=self.author)
        await actions.submit(rt, id, key=str(new_id()), actor=self.author)
        async with db.transaction(rt.pool, self.organisation) as conn:
            broadcast = await queries.lock(conn, id)
        assert broadcast is not None
        await actions.approve(
            rt, id, seen_hash=broadcast.content_hash, key=str(new_id()), actor=self.approver
        )
        return id

    async def freeze(self, id: BroadcastId, targets: int) -> None:
        """Freeze a broadcast as a worker does, which may be just doing it; check its targets."""
        await jobs.freeze(self.ground.rt, self.organisation, id)
        async with db.transaction(self.ground.rt.pool, self.organisation) as conn:
            broadcast = await queries.lock(conn, id)
        assert broadcast is not None
        assert broadcast.targets == targets

    async def tell_sandbox(self, provider: str) -> None:
        """Give the sandbox our bots and groups; it has nowhere to send receipts to."""
        http = self.ground.http
        for sender in self.senders:
            bot = {"token": sender.token, "name": sender.name, "idempotent": True}
            async with http.post(f"{provider}/control/bots", json=bot) as answer:
                answer.raise_for_status()
        lines = b"".join(
            msgspec.json.encode({"id": self.address(number), "members": 100}) + b"\n"
            for number in range(self.groups)
        )
        async with http.post(f"{provider}/control/groups", data=lines) as answer:
            answer.raise_for_status()


async def founded(
    ground: Ground,
    slug: str,
    groups: int,
    *,
    provider: str = "http://127.0.0.1:9",
    rate_per_s: int = RATE_PER_S,
    chosen: int = 0,
) -> Place:
    """Found an organisation and load its tree, senders and `groups` groups, of which so many are in
    the category `chosen`."""
    rt = ground.rt
    with ground.step(f"{slug}: {groups:,} groups to measure on"):
        founded = await organisations.found(
            rt,
            slug=slug,
            type=OrganisationType.NGO,
            name_hi="माप संगठन",
            name_en="Measured Organisation",
            levels=LEVELS,
        )
        actor = record.part_of_the_system(founded.id, "bench")
        senders = [
            await _sender(ground, founded.id, f"{slug}-{n}", provider, rate_per_s)
            for n in range(SENDERS)
        ]
        await _load(ground, founded.id, slug, groups, chosen)
        # What a worker counts once after an import is not what is measured here.
        await coverage.recount(rt, founded.id, at_once=True)
        await tallies.fold(rt, founded.id)
        author, approver = [
            await _account(ground, login, actor=actor) for login in ("author", "approver")
        ]
    return Place(ground, founded.id, slug, author, approver, senders, groups)


async def _sender(
    ground: Ground, organisation: OrganisationId, name: str, provider: str, rate_per_s: int
) -> Sender:
    token, secret = new_id().hex, new_id().hex
    await directory.add_sender(
        ground.rt,
        name=name,
        channel="sandbox",
        endpoint=provider,
        token=token,
        webhook_secret=secret,
        rate_per_s=rate_per_s,
        chat_interval_s=0,
        actor=record.part_of_the_system(organisation, "bench"),
    )
    async with ground.owner(organisation) as conn:
        found = await conn.execute(
            "SELECT id FROM sender WHERE organisation_id = %s AND name = %s", (organisation, name)
        )
        (id,) = await found.fetchone() or (None,)
    assert isinstance(id, UUID)
    return Sender(id, name, token, secret)


async def _load(
    ground: Ground, organisation: OrganisationId, slug: str, groups_: int, chosen: int
) -> None:
    async with db.transaction(ground.rt.pool, organisation) as conn:
        for key in ("farmers", "students", "chosen"):
            await groups.add_category(conn, key=key, name_hi=key, name_en=key)
        await directory.load_units(ground.rt, conn, _units(groups_))
        loaded = await directory.load_groups(ground.rt, conn, _groups(slug, groups_, chosen))
    assert loaded.accepted == groups_


def _units(groups_: int) -> Iterator[UnitRow]:
    yield UnitRow("S", None, "state", "राज्य", "State")
    for number in range(DIVISIONS):
        yield UnitRow(f"D{number}", "S", "division", f"संभाग {number}", f"Division {number}")
    for number in range(-(-groups_ // GROUPS_A_BOOTH)):
        parent = f"D{number % DIVISIONS}"
        yield UnitRow(f"B{number}", parent, "booth", f"बूथ {number}", f"Booth {number}")


def _groups(slug: str, groups_: int, chosen: int) -> Iterator[GroupRow]:
    for number in range(groups_):
        yield GroupRow(
            address=f"g:{slug}-{number}",
            unit_code=f"B{number // GROUPS_A_BOOTH}",
            name=f"Group {number}",
            purpose="public",
            channel="sandbox",
            sender=f"{slug}-{number % SENDERS}",
            language="hi",
            size=100,
            categories=("chosen",)
            if number < chosen
            else (("farmers",), ("students",), ())[number % 3],
            notice=True,
        )


async def _account(ground: Ground, login: str, *, actor: Actor) -> Actor:
    account = await organisations.open_account(
        ground.rt,
        login=login,
        name=login,
        password=new_id().hex,
        language="en",
        unit=await directory.unit_with_code(ground.rt, None, organisation=actor.organisation),
        role=Role.ADMINISTRATOR,
        title_hi="माप",
        title_en="Measuring",
        actor=actor,
    )
    return Actor(actor.organisation, account.id, account.login)
