"""Whom a channel's provider does not take can't use it: asked wherever it is named or sent with."""

import asyncio
import io
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from chaupal import directory, groups, record
from chaupal.broadcasts import actions, deliveries, jobs, people, queries
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.dispatch import Dispatcher
from chaupal.broadcasts.models import Purpose
from chaupal.channels.http import HttpClient
from chaupal.directory import Kind
from chaupal.directory.models import Reason
from chaupal.groups import GroupPurpose, NewGroup
from chaupal.groups.models import GroupChannel
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import NotAllowed
from chaupal.law import exclusions
from chaupal.organisations.models import OrganisationType
from chaupal.web.words import refusal_words
from factories import an_organisation
from staging import Stage

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOUD = "whatsapp_cloud"
LEASE = timedelta(minutes=1)
GROUPS = "unit_code,name,purpose,channel,sender,address\n"
RULE = (
    "INSERT INTO channel_exclusion (channel, organisation_type, since, until, source, as_of)"
    " VALUES (%s, 'ngo', %s, %s, 'Rule 7 of the provider', '2026-11-01')"
)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def staged(rt, type: OrganisationType) -> Stage:
    place = await an_organisation(rt, type.value, type=type)
    bot = await place.sender()
    return Stage(rt, place, await place.account("asha"), await place.account("ravi"), bot)


@pytest.fixture
async def party(rt) -> Stage:
    return await staged(rt, OrganisationType.PARTY)


@pytest.fixture
async def ngo(rt) -> Stage:
    return await staged(rt, OrganisationType.NGO)


def rule(database, channel: str, since: date = date(2020, 1, 1), until: date | None = None):
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute(RULE, (channel, since, until))


async def add_cloud(stage: Stage):
    await directory.add_sender(
        stage.rt,
        name="number",
        channel=CLOUD,
        endpoint="https://graph.facebook.com/v23.0/1",
        token="t",
        webhook_secret="s",
        rate_per_s=80,
        chat_interval_s=0,
        business_account="102290129340398",
        actor=record.part_of_the_system(stage.place.organisation, "console"),
    )


async def agreed(stage: Stage, channel: str):
    person = await stage.place.person("east-one", chat=f"{channel}:{new_id()}", channel=channel)
    await stage.place.says(person, "given", channel=channel)


async def loops(stage: Stage) -> set[str]:
    """Through which channels a worker would send now."""
    async with HttpClient() as http:
        worker = Dispatcher(stage.rt, stage.place.organisation, http)
        await worker.renew(asyncio.Event())
        for task in worker.tasks.values():
            task.cancel()
        await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
        return {loop.leased.channel for loop in worker.loops.values()}


@pytest.mark.parametrize("type", list(OrganisationType))
async def test_of_all_types_parties_alone_are_kept_from_the_cloud_api(rt, type):
    stage = await staged(rt, type)
    if type is OrganisationType.PARTY:
        with pytest.raises(NotAllowed) as refusal:
            await add_cloud(stage)
        assert refusal.value.code == "channel.excluded"
    else:
        await add_cloud(stage)


async def test_the_refusal_names_the_rule_and_its_source_in_both_languages(party):
    with pytest.raises(NotAllowed) as refusal:
        await add_cloud(party)
    for language in ("hi", "en"):
        said = refusal_words(refusal.value.code, refusal.value.facts, language)
        assert "WhatsApp Business Messaging Policy" in said.what, said
        assert "%(" not in said.title + said.what + said.mend
        assert "23" in said.what, "the day on which it was known"
    assert "राजनीतिक दल" in refusal_words("channel.excluded", refusal.value.facts, "hi").what


async def test_a_party_names_no_such_channel_in_a_broadcast_and_is_offered_none(party, ngo):
    for stage, offered in ((party, ["sandbox"]), (ngo, ["sandbox", CLOUD])):
        await stage.place.sender("number", channel=CLOUD)
        async with stage.place.transaction() as conn:
            assert await people.channels(conn, now=stage.rt.now()) == offered
    with pytest.raises(NotAllowed) as refusal:
        await party.written(Everyone(), via=("sandbox", CLOUD))
    assert refusal.value.code == "channel.excluded"
    with pytest.raises(NotAllowed) as refusal:
        await actions.count_people(
            party.rt, Everyone(), Purpose.PUBLIC, (CLOUD,), actor=party.author
        )
    assert refusal.value.code == "channel.excluded"


async def test_a_group_is_not_registered_or_imported_through_such_a_channel(
    ngo, database, tmp_path
):
    line = await ngo.place.sender("line", channel="telegram")
    rule(database, "telegram")
    new = NewGroup(
        unit=ngo.place.units["east-one"],
        name="समूह",
        purpose=GroupPurpose.PUBLIC,
        channel=GroupChannel.TELEGRAM,
        sender=line,
        address="-100200300",
    )
    with pytest.raises(NotAllowed) as refusal:
        await groups.register(ngo.rt, new, key=str(new_id()), actor=ngo.author)
    assert refusal.value.facts["source"] == "Rule 7 of the provider"
    told = await directory.import_file(
        ngo.rt,
        Kind.GROUPS,
        io.BytesIO(f"{GROUPS}east-one,समूह,public,telegram,line,-100200300\n".encode()),
        actor=record.part_of_the_system(ngo.place.organisation, "console"),
    )
    assert told.reasons == {Reason.CHANNEL_EXCLUDED: 1}


async def test_nothing_goes_out_through_an_excluded_channel_whoever_wrote_its_sender(party):
    """The heir of the gate that kept the channel from everybody."""
    for channel in (CLOUD, "sandbox"):
        await party.place.sender(f"a {channel}", channel=channel)
        await agreed(party, channel)
    draft = party.draft(Everyone(), via=("sandbox",))
    id = await actions.write(party.rt, draft, key=str(new_id()), actor=party.author)
    async with party.place.transaction() as conn:
        written = await people.freeze(
            conn,
            id,
            actions.target_of(await queries.lock(conn, id), now=party.rt.now()),
            (CLOUD, "sandbox"),
            languages=["hi"],
            due_at=party.rt.now(),
        )
    assert written == 2
    assert await loops(party) == {"sandbox"}


async def test_a_rule_of_today_stops_the_next_claim_of_a_sender_that_is_held(ngo, database):
    await agreed(ngo, "sandbox")
    id = await ngo.frozen(Everyone(), via=("sandbox",))
    worker = new_id()

    async def claimed():
        async with ngo.place.transaction() as conn:
            return await deliveries.claim(
                conn,
                ngo.bot,
                worker=worker,
                now=NOON,
                lease=LEASE,
                time_to_live=LEASE,
                remembers_keys_for=LEASE,
                limit=10,
            )

    async with ngo.place.transaction() as conn:
        assert await deliveries.lease_senders(
            conn, worker, channels=["sandbox"], now=NOON, lease=LEASE
        )
    rule(database, "sandbox", date(2026, 11, 24))
    rule(database, "sandbox", date(2026, 11, 1), date(2026, 11, 22))
    rule(database, "sandbox", date(2026, 11, 2))
    assert await claimed() == [], "its provider does not take it any more"
    assert await ngo.states(id) == {"queued": 1}
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute(
            "UPDATE channel_exclusion SET until = '2026-11-22' WHERE since < '2026-11-23'"
        )
    assert len(await claimed()) == 1, "one is over, and one has yet to begin"


async def test_an_organisation_that_became_a_party_sends_nothing_more_there(ngo, database):
    await ngo.place.sender("number", channel=CLOUD)
    await agreed(ngo, "sandbox")
    await agreed(ngo, CLOUD)
    draft = ngo.draft(Everyone(), via=("sandbox",))
    id = await actions.write(ngo.rt, draft, key=str(new_id()), actor=ngo.author)
    async with ngo.place.transaction() as conn:
        await people.freeze(
            conn,
            id,
            actions.target_of(await queries.lock(conn, id), now=NOON),
            (CLOUD, "sandbox"),
            languages=["hi"],
            due_at=NOON,
        )
    assert await loops(ngo) == {"sandbox", CLOUD}
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute("UPDATE sender SET lease_owner = NULL, lease_until = NULL")
        owner.execute("UPDATE organisation SET type = 'party' WHERE slug = 'ngo'")
    assert await loops(ngo) == {"sandbox"}


@pytest.mark.parametrize("when", ["submit", "approve", "freeze"])
async def test_a_rule_that_came_after_the_draft_is_asked_at_every_step(ngo, database, when):
    await agreed(ngo, "sandbox")
    id = await ngo.written(Everyone(), via=("sandbox",))
    if when != "submit":
        await actions.submit(ngo.rt, id, key=str(new_id()), actor=ngo.author)
    if when == "freeze":
        await ngo.approve(id)
        rule(database, "sandbox")
        assert await jobs.freeze(ngo.rt, ngo.place.organisation, id) == 0
        assert (await ngo.broadcast(id)).stage == "cancelled"
        return
    rule(database, "sandbox")
    with pytest.raises(NotAllowed) as refusal:
        if when == "submit":
            await actions.submit(ngo.rt, id, key=str(new_id()), actor=ngo.author)
        else:
            await ngo.approve(id)
    assert refusal.value.code == "channel.excluded"


async def test_a_rule_holds_through_its_last_day_in_india(ngo, database):
    rule(database, "telegram", date(2026, 11, 1), date(2026, 11, 24))
    evening = datetime(2026, 11, 24, 18, 29, tzinfo=UTC)
    async with ngo.place.transaction() as conn:
        assert [r.channel for r in await exclusions.excluded(conn, now=evening)] == ["telegram"]
        assert await exclusions.excluded(conn, now=evening + timedelta(minutes=1)) == []
