"""Rows for tests: everything has a sensible default, and only what matters is named."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg import AsyncConnection

from chaupal.kit import db
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.runtime import Runtime
from chaupal.kit.sound import search_key
from chaupal.organisations import actions
from chaupal.organisations.models import AccountId, Level, OrganisationType, UnitId
from chaupal.record import Actor

LEVELS = [
    Level(0, "state", "राज्य", "State"),
    Level(1, "division", "संभाग", "Division"),
    Level(2, "district", "ज़िला", "District"),
    Level(3, "booth", "बूथ", "Booth"),
]
PASSWORD = "a password for tests"


def _hashed() -> str:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


HASHED = _hashed()


@dataclass
class Place:
    """An organisation in the making: adds units, accounts, groups under short names."""

    rt: Runtime
    organisation: OrganisationId
    slug: str
    units: dict[str, UnitId]
    paths: dict[str, str]

    def transaction(self):
        return db.transaction(self.rt.pool, self.organisation)

    async def unit(
        self, code: str, parent: str | None = None, *, rank: int | None = None
    ) -> UnitId:
        id, number = UnitId(new_id()), len(self.units) + 1
        path = (self.paths[parent] if parent else "/") + f"{number}/"
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO unit (organisation_id, id, number, parent_id, level_rank, code,"
                " name_hi, name_en, path, search_key) VALUES (current_organisation(), %s, %s, %s,"
                " %s, %s, %s, %s, %s, %s)",
                (
                    id,
                    number,
                    self.units[parent] if parent else None,
                    path.count("/") - 2 if rank is None else rank,
                    code,
                    f"इकाई {code}",
                    f"Unit {code}",
                    path,
                    search_key(f"इकाई {code}", f"Unit {code}"),
                ),
            )
        self.units[code], self.paths[code] = id, path
        return id

    async def account(
        self, login: str, *, at: str = "state", role: str = "administrator", language: str = "en"
    ) -> Actor:
        id = AccountId(new_id())
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO account (organisation_id, id, login, name, language, password_hash)"
                " VALUES (current_organisation(), %s, %s, %s, %s, %s)",
                (id, login, login.title(), language, HASHED),
            )
        await self.post(at, account=id, role=role)
        return Actor(self.organisation, id, login)

    async def post(
        self,
        at: str,
        *,
        person: UUID | None = None,
        account: UUID | None = None,
        role: str = "coordinator",
    ) -> UUID:
        """An office with its holder. Returns its id, which is that of the term as well."""
        id = new_id()
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO office (organisation_id, id, unit_id, role, title_hi, title_en, since)"
                " VALUES (current_organisation(), %s, %s, %s, 'दायित्व', 'Post', %s)",
                (id, self.units[at], role, date(2020, 1, 1)),
            )
            await conn.execute(
                "INSERT INTO post (organisation_id, id, office_id, unit_id, person_id, account_id,"
                " role, title_hi, title_en, since) SELECT organisation_id, id, id, unit_id, %s, %s,"
                " role, title_hi, title_en, since FROM office WHERE id = %s",
                (person, account, id),
            )
        return id

    async def category(self, key: str) -> str:
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO category (organisation_id, key, name_hi, name_en)"
                " VALUES (current_organisation(), %s, %s, %s) ON CONFLICT DO NOTHING",
                (key, key, key.title()),
            )
        return key

    async def sender(
        self,
        name: str = "bot",
        *,
        channel: str = "sandbox",
        endpoint: str = "http://127.0.0.1:9",
        token: str = "token",
        webhook_secret: str = "secret",
        rate_per_s: int = 1000,
    ) -> UUID:
        id = new_id()
        sealer = self.rt.sealer
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO sender (organisation_id, id, name, channel, endpoint, sealed_token,"
                " sealed_webhook_secret, rate_per_s) VALUES (current_organisation(), %s, %s, %s,"
                " %s, %s, %s, %s)",
                (
                    id,
                    name,
                    channel,
                    endpoint,
                    sealer.seal(token, f"sender/{id}/token"),
                    sealer.seal(webhook_secret, f"sender/{id}/webhook_secret"),
                    rate_per_s,
                ),
            )
        return id

    async def group(
        self,
        at: str,
        *,
        sender: UUID | None = None,
        purpose: str = "public",
        categories: tuple[str, ...] = (),
        address: str | None = None,
        channel: str | None = None,
        language: str = "hi",
        notice: bool = True,
        name: str | None = None,
    ) -> UUID:
        id = new_id()
        name = name or f"Group {id}"
        channel = channel or ("sandbox" if sender else "whatsapp")
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO chat_group (organisation_id, id, unit_id, name, purpose, channel,"
                " sender_id, address, language, size, carries_notice, search_key) VALUES"
                " (current_organisation(), %s, %s, %s, %s::group_purpose, %s, %s, %s, %s, 100, %s,"
                " %s)",
                (
                    id,
                    self.units[at],
                    name,
                    purpose,
                    channel,
                    sender,
                    address or f"g:{id}",
                    language,
                    notice,
                    search_key(name),
                ),
            )
            for key in categories:
                await conn.execute(
                    "INSERT INTO group_category (organisation_id, category_key, group_id, since)"
                    " VALUES (current_organisation(), %s, %s, now())",
                    (key, id),
                )
        return id

    async def person(
        self,
        at: str,
        *,
        chat: str | None = None,
        consents: bool = True,
        language: str = "hi",
        channel: str = "sandbox",
        purpose: str = "coordination",
    ) -> UUID:
        id = new_id()
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO person (organisation_id, id, reference, unit_id, name, language,"
                " search_key, since) VALUES (current_organisation(), %s, %s, %s, %s, %s, %s,"
                " now())",
                (
                    id,
                    str(id),
                    self.units[at],
                    "Invented Name",
                    language,
                    search_key("Invented Name"),
                ),
            )
            if chat is not None:
                await self._contact(conn, id, chat, channel=channel)
                if consents:
                    await self._said(conn, id, "given", channel=channel, purpose=purpose)
        return id

    async def contact(self, person: UUID, chat: str, *, channel: str = "sandbox") -> None:
        """One more address of somebody, about which they have said nothing yet."""
        async with self.transaction() as conn:
            await self._contact(conn, person, chat, channel=channel)

    async def says(
        self, person: UUID, act: str, *, channel: str = "sandbox", purpose: str = "messages"
    ) -> None:
        """Somebody says yes ("given") or no ("withdrawn")."""
        async with self.transaction() as conn:
            await self._said(conn, person, act, channel=channel, purpose=purpose)

    async def _contact(
        self, conn: AsyncConnection, person: UUID, chat: str, *, channel: str
    ) -> None:
        context = f"contact/{self.organisation}/{channel}"
        await conn.execute(
            "INSERT INTO contact_point (organisation_id, person_id, channel, sealed, lookup, since)"
            " VALUES (current_organisation(), %s, %s, %s, %s, now())",
            (
                person,
                channel,
                self.rt.sealer.seal(chat, context),
                self.rt.sealer.lookup(chat, context),
            ),
        )

    async def _said(
        self, conn: AsyncConnection, person: UUID, act: str, *, channel: str, purpose: str
    ) -> None:
        await conn.execute(
            "INSERT INTO consent (organisation_id, person_id, purpose, channel, act,"
            " notice_version, language, basis, proof, at) VALUES (current_organisation(), %s,"
            " %s, %s, %s::consent_act, '1', 'hi', 'membership_form', 'test', clock_timestamp())",
            (person, purpose, channel, act),
        )

    async def admin(self, group: UUID, person: UUID, *, turn: int = 1) -> None:
        async with self.transaction() as conn:
            await conn.execute(
                "INSERT INTO group_admin (organisation_id, group_id, person_id, turn, since)"
                " VALUES (current_organisation(), %s, %s, %s, now())",
                (group, person, turn),
            )


async def an_organisation(
    rt: Runtime, slug: str = "sangh", *, type: OrganisationType = OrganisationType.NGO
) -> Place:
    """A small organisation: a state, two divisions, two districts in each."""
    organisation = await actions.found(
        rt,
        slug=slug,
        type=type,
        name_hi="परीक्षण संगठन",
        name_en="Test Organisation",
        levels=LEVELS,
    )
    place = Place(rt, organisation.id, slug, {}, {})
    await place.unit("state")
    for division in ("east", "west"):
        await place.unit(division, "state")
        for district in ("one", "two"):
            await place.unit(f"{division}-{district}", division)
    return place
