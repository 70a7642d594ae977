"""What a provider says of a template by itself stops what goes as it, in any order of words."""

import asyncio
import itertools
from datetime import datetime, timedelta

import psycopg
import pytest

from broadcasts.test_templates import ENGLISH, HINDI, NOON, Mandi, mandi, template
from chaupal import record
from chaupal.arrivals import log
from chaupal.broadcasts import actions, fetching, template_words, templates
from chaupal.broadcasts.fetching import AFTER_A_WORD, fetches
from chaupal.broadcasts.models import Stage
from chaupal.channels.registry import CHANNELS
from chaupal.channels.whatsapp_cloud import WhatsAppCloud
from chaupal.kit.ids import new_id
from cloudserver import became, of_template, status, webhook
from factories import an_organisation
from relaying import projected

__all__ = ["mandi"]
CLOUD = WhatsAppCloud()
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
EDITED = of_template("message_template_components_update")
MOVED = of_template(
    "template_category_update", previous_category="UTILITY", new_category="MARKETING"
)


async def told(stage: Mandi, *changes: dict, at: datetime) -> None:
    """A webhook that Meta wrote at that moment, applied."""
    await log.publish(
        stage.rt.nats,
        stage.place.organisation,
        stage.bot.hex,
        webhook(*changes, at=int(at.timestamp())),
        received_at=stage.rt.now(),
        channel="whatsapp_cloud",
    )
    await projected(stage.rt, await log.prepare(stage.rt.nats))


async def rows(stage: Mandi, statement: str) -> list[tuple]:
    async with stage.place.transaction() as conn:
        return await (await conn.execute(statement)).fetchall()


async def statuses(stage: Mandi) -> dict[str, str]:
    return dict(await rows(stage, "SELECT code, status FROM message_template"))


async def stage_of(stage: Mandi, id) -> Stage:
    return (await stage.broadcast(id)).stage


@pytest.fixture
async def sending(mandi, clock):
    """A broadcast to one reader, of which nothing has gone, a minute after the last fetch."""
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    id = await mandi.sending()
    clock.at = NOON + MINUTE
    return id


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("PAUSED", "paused"),
        ("DISABLED", "disabled"),
        ("REJECTED", "rejected"),
        ("DELETED", "gone"),
    ],
)
async def test_a_template_that_is_stopped_pauses_what_goes_as_it_at_once(
    mandi, sending, event, status
):
    await told(mandi, became(event), at=mandi.rt.now())
    assert await statuses(mandi) == {"hi": status, "en": "approved"}
    assert await stage_of(mandi, sending) is Stage.PAUSED
    assert await rows(mandi, "SELECT reason FROM broadcast_halt") == [(f"template_{status}",)]
    halted = "SELECT actor_label FROM record WHERE kind = 'broadcast.halted'"
    assert await rows(mandi, halted) == [("worker.projection",)]
    await (await mandi.loop()).batch()
    assert mandi.meta.taken == []


@pytest.mark.parametrize("event", ["FLAGGED", "LOCKED", "APPROVED", "PENDING", "SOMEHOW"])
async def test_what_does_not_stop_a_template_pauses_nothing(mandi, sending, event):
    await told(mandi, became(event), at=mandi.rt.now())
    assert await stage_of(mandi, sending) is Stage.SENDING


async def test_other_templates_other_languages_and_other_accounts_go_on(mandi, sending):
    await told(mandi, became("PAUSED", name="other"), at=mandi.rt.now())
    await told(mandi, became("PAUSED", code="en_US"), at=mandi.rt.now())
    elsewhere = webhook(became("PAUSED"), at=int(mandi.rt.now().timestamp()))
    await log.publish(
        mandi.rt.nats, mandi.place.organisation, mandi.bot.hex,
        elsewhere.replace(b"102290129340398", b"77"), received_at=mandi.rt.now(),
        channel="whatsapp_cloud",
    )  # fmt: skip
    await projected(mandi.rt, await log.prepare(mandi.rt.nats))
    assert await stage_of(mandi, sending) is Stage.SENDING
    await (await mandi.loop()).batch()
    assert len(mandi.meta.taken) == 1


async def test_what_has_all_gone_is_not_paused(mandi, sending):
    await (await mandi.loop()).batch()
    await told(mandi, became("PAUSED"), at=mandi.rt.now())
    assert await rows(mandi, "SELECT 1 FROM broadcast_halt") == []
    assert (await statuses(mandi))["hi"] == "paused"


async def test_one_that_is_free_again_is_looked_at_and_goes_on_when_a_person_says_so(
    mandi, sending, clock
):
    await told(mandi, became("PAUSED"), at=clock.at)
    clock.at += MINUTE
    await told(mandi, became("APPROVED"), at=clock.at - SECOND)
    assert (await statuses(mandi))["hi"] == "paused", "nobody has looked what it says now"
    clock.at += SECOND
    assert await mandi.fetch() == 2
    assert (await statuses(mandi))["hi"] == "approved"
    await actions.steer(mandi.rt, sending, "resume", key=str(new_id()), actor=mandi.approver)
    await (await mandi.loop()).batch()
    assert len(mandi.meta.taken) == 1


@pytest.mark.parametrize("change", [EDITED, MOVED], ids=["edited", "another category"])
async def test_what_changed_waits_until_it_was_looked_at_and_says_what_was_approved(
    mandi, sending, clock, change
):
    await told(mandi, change, at=clock.at)
    assert (await statuses(mandi))["hi"] == "pending"
    assert await stage_of(mandi, sending) is Stage.SENDING
    await (await mandi.loop()).batch()
    assert mandi.meta.taken == []
    clock.at += SECOND
    assert await mandi.fetch() == 2, "it is looked at by itself"
    await (await mandi.loop()).batch()
    assert len(mandi.meta.taken) == 1


async def test_what_was_edited_to_another_text_never_goes_as_approved(mandi, sending, clock):
    mandi.meta.templates = [template("hi", f"{HINDI} आइए।"), template("en", ENGLISH)]
    await told(mandi, EDITED, became("APPROVED"), at=clock.at)
    await (await mandi.loop()).batch()
    clock.at += SECOND
    await mandi.fetch()
    assert (await statuses(mandi))["hi"] == "approved"
    await (await mandi.loop()).batch()
    assert mandi.meta.taken == []


async def test_a_template_that_we_do_not_know_yet_is_fetched(mandi, clock):
    await mandi.fetch()
    clock.at += MINUTE
    mandi.meta.templates.append(template(name="new"))
    await told(mandi, became("APPROVED", name="new"), at=clock.at)
    async with mandi.place.transaction() as conn:
        [one] = await fetches(conn)
    assert one.under_way
    clock.at += SECOND
    assert await mandi.fetch() == 3
    assert await mandi.fetch() == 0


HEARD = [
    (became("PAUSED"), MINUTE),
    (became("PENDING"), MINUTE),
    (became("DISABLED"), 2 * MINUTE),
    (became("APPROVED"), 3 * MINUTE),
    (became("REJECTED"), -MINUTE),
    (of_template("message_template_quality_update", new_quality_score="RED"), MINUTE),
    (of_template("message_template_quality_update", new_quality_score="GREEN"), MINUTE),
]
KEPT = "SELECT status, heard_at, quality, quality_at FROM message_template WHERE code = 'hi'"


async def test_words_in_any_order_any_number_of_times_end_the_same(mandi, clock, database):
    await mandi.fetch()
    clock.at = NOON + 5 * MINUTE
    ends = set()
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        for order in itertools.islice(itertools.permutations(HEARD), 0, 5040, 341):
            owner.execute(
                "UPDATE message_template SET status = 'approved', heard_at = NULL,"
                " quality = NULL, quality_at = NULL"
            )
            for change, after in (*order, order[0], order[3]):
                heard = CLOUD.read(webhook(change, at=int((NOON + after).timestamp())))
                async with mandi.place.transaction() as conn:
                    await template_words.apply(conn, mandi.bot, heard, now=clock.at)
            ends.add((await rows(mandi, KEPT))[0])
    assert ends == {("disabled", NOON + 2 * MINUTE, "low", NOON + MINUTE)}
    assert await mandi.fetch() == 2
    assert (await statuses(mandi))["hi"] == "approved"


async def test_a_word_from_well_before_the_last_look_changes_nothing(mandi, sending, clock):
    clock.at = NOON + 3 * MINUTE + SECOND
    await mandi.fetch_now()
    clock.at += MINUTE
    for event in ("PAUSED", "APPROVED", "DELETED"):
        await told(mandi, became(event), at=NOON + 2 * MINUTE)
    assert await statuses(mandi) == {"hi": "approved", "en": "approved"}
    assert await stage_of(mandi, sending) is Stage.SENDING
    assert await mandi.fetch() == 0


@pytest.mark.parametrize("before", [SECOND, 30 * SECOND, MINUTE])
async def test_a_list_that_does_not_show_a_pause_yet_undoes_it_neither_before_nor_after(
    mandi, sending, clock, before
):
    clock.at = NOON + 3 * MINUTE
    await mandi.fetch_now()
    await told(mandi, became("PAUSED"), at=clock.at - before)
    assert (await statuses(mandi))["hi"] == "paused"
    assert await stage_of(mandi, sending) is Stage.PAUSED
    clock.at += 10 * SECOND
    await mandi.fetch_now()
    assert (await statuses(mandi))["hi"] == ("paused" if before < 50 * SECOND else "approved")
    clock.at += AFTER_A_WORD + SECOND
    await mandi.fetch()
    assert (await statuses(mandi))["hi"] == "approved", "the list has the last word"


async def test_a_page_that_was_on_its_way_does_not_undo_a_word(mandi, sending, clock, rt):
    """The page was asked for before the pause, and is written after it."""
    async with mandi.place.transaction() as conn:
        await conn.execute("UPDATE template_fetch SET asked_at = %s", (clock.at,))
        [due] = await fetching._lease(conn, now=clock.at)
    asked_at = clock.at
    clock.at += MINUTE
    await told(mandi, became("PAUSED"), at=clock.at)
    line = CHANNELS[due.channel].connect(mandi.http, fetching._account(rt, due))
    page = await line.templates(due.business_account, None)
    assert await fetching._write(rt, mandi.place.organisation, due, page.templates, asked_at)
    await fetching._end(rt, mandi.place.organisation, due, 2, None)
    assert (await statuses(mandi))["hi"] == "paused"
    assert await mandi.fetch() == 0
    clock.at += AFTER_A_WORD + SECOND
    assert await mandi.fetch() == 2, "what was said since the last look is looked at a little later"
    assert (await statuses(mandi))["hi"] == "approved"
    clock.at += 3 * AFTER_A_WORD
    assert await mandi.fetch() == 0


async def test_what_is_gone_is_not_looked_for_for_ever(mandi, clock):
    await mandi.fetch()
    mandi.meta.templates = [template("en", ENGLISH)]
    clock.at += MINUTE
    await told(mandi, became("DELETED"), at=clock.at)
    clock.at += AFTER_A_WORD + SECOND
    assert await mandi.fetch() == 1
    clock.at += 3 * AFTER_A_WORD
    assert await mandi.fetch() == 0
    assert await statuses(mandi) == {"hi": "gone", "en": "approved"}


async def test_a_word_from_the_future_is_from_now(mandi, sending, clock):
    await told(mandi, became("PAUSED"), at=clock.at + timedelta(days=400))
    assert await rows(mandi, "SELECT max(heard_at) FROM message_template") == [(clock.at,)]


async def test_another_organisations_templates_are_not_moved(mandi, sending, rt):
    other = await an_organisation(rt, "other")
    stranger = Mandi(rt, other, None, None, await other.sender("number", channel="whatsapp_cloud"))
    await told(stranger, became("PAUSED"), at=rt.now())
    assert (await statuses(mandi))["hi"] == "approved"
    assert await stage_of(mandi, sending) is Stage.SENDING


async def test_the_page_says_how_people_take_it(mandi, clock):
    await mandi.fetch()
    await told(
        mandi,
        of_template("message_template_quality_update", new_quality_score="RED"),
        at=clock.at,
    )
    async with mandi.place.transaction() as conn:
        found = {row.code: row.quality for row in await templates.known(conn)}
    assert found == {"hi": "low", "en": None}


def test_every_word_that_is_no_yes_has_its_status():
    assert {*template_words.STATUSES} == {*template_words.TemplateWord} - {
        template_words.TemplateWord.APPROVED
    }


async def test_a_pause_and_a_receipt_in_one_batch_wait_for_who_settles_and_block_nobody(
    mandi, sending, clock
):
    """Who settles holds deliveries and then writes the record; so does whoever reads the log."""
    actor = record.part_of_the_system(mandi.place.organisation, "worker.dispatch")
    async with mandi.place.transaction() as settling:
        found = await settling.execute("SELECT id FROM delivery ORDER BY id LIMIT 1 FOR UPDATE")
        [delivery] = await found.fetchone()
        receipt = status("wamid.X", "delivered", biz_opaque_callback_data=f"chaupal/{delivery}")
        reading = asyncio.create_task(told(mandi, became("PAUSED"), receipt, at=clock.at))
        async with asyncio.timeout(30):
            while not await waiting_for_a_row(settling):  # noqa: ASYNC110  (another backend)
                await asyncio.sleep(0.01)
        await record.append(
            settling, "deliveries.attempted", mandi.bot, actor=actor, now=clock.at, settled=1
        )
    await reading
    assert (await statuses(mandi))["hi"] == "paused"
    assert await stage_of(mandi, sending) is Stage.PAUSED


async def waiting_for_a_row(conn) -> bool:
    found = await conn.execute(
        "SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
        " AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    return await found.fetchone() is not None
