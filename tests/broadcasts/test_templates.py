"""Templates: fetched whole, chosen, filled, approved as they read, and sent as exactly that."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from chaupal.broadcasts import actions, fetching, jobs, templates
from chaupal.broadcasts.audience import Everyone
from chaupal.broadcasts.dispatch import SenderLoop
from chaupal.broadcasts.fetching import AFTER_A_FAILURE, EVERY, fetch_due, fetches
from chaupal.broadcasts.filling import Chosen, Fill
from chaupal.broadcasts.models import Purpose
from chaupal.channels.http import HttpClient
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, Refused
from cloudserver import ACCOUNT_ID, APP_SECRET, TOKEN, CloudServer, a_cloud_server
from factories import an_organisation
from staging import Stage
from worker.test_dispatch import Post

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOUD = "whatsapp_cloud"
HINDI, ENGLISH = "कल {{1}} की मंडी {{2}} बजे खुलेगी।", "Tomorrow the market of {{1}} opens at {{2}}."
VARIABLES = {"hi": ["बीकानेर", "सात"], "en": ["Bikaner", "seven"]}


def template(
    code: str = "hi", body: str = HINDI, *parts: dict, name: str = "mandi", **changes
) -> dict:
    return {
        "id": f"9{name}{code}"[:15],
        "name": name,
        "language": code,
        "status": "APPROVED",
        "category": "MARKETING",
        "components": [*parts, {"type": "BODY", "text": body}],
        **changes,
    }


@dataclass
class Mandi(Stage):
    """An NGO with a number, and two people who read Hindi and English."""

    meta: CloudServer | None = None
    http: HttpClient | None = None
    held: SenderLoop | None = None

    async def fetch(self) -> int:
        return await fetch_due(self.rt, self.place.organisation, self.http)

    async def fetch_now(self) -> int:
        await fetching.ask(self.rt, key=str(new_id()), actor=self.author)
        return await self.fetch()

    async def reader(self, number: str, language: str) -> None:
        person = await self.place.person(
            "east-one", chat=number, channel=CLOUD, language=language, consents=False
        )
        await self.place.says(person, "given", channel=CLOUD)

    async def as_template(self, name: str = "mandi", variables=VARIABLES, **changes):
        draft = self.draft(Everyone(), **{"via": (CLOUD,), "texts": {}, **changes})
        return await templates.filled_in(self.rt, draft, name, variables, actor=self.author)

    async def kept(self, draft):
        return await actions.write(self.rt, draft, key=str(new_id()), actor=self.author)

    async def sending(self, **changes):
        id = await self.kept(await self.as_template(**changes))
        await actions.submit(self.rt, id, key=str(new_id()), actor=self.author)
        await self.approve(id)
        await jobs.freeze(self.rt, self.place.organisation, id)
        return id

    async def loop(self) -> SenderLoop:
        """The number's line, held by one worker throughout a test."""
        if self.held is None:
            post = Post(
                self.rt, self.rt.now, self.place, self.author, self.approver, None, self.http
            )
            self.held = await post.loop()
        return self.held


@pytest.fixture
async def mandi(rt, clock) -> AsyncIterator[Mandi]:
    clock.at = NOON
    place = await an_organisation(rt)
    async with a_cloud_server() as meta, HttpClient() as http:
        line = {"endpoint": meta.endpoint, "token": TOKEN, "webhook_secret": APP_SECRET}
        number = await place.sender("number", channel=CLOUD, **line)
        async with place.transaction() as conn:
            await conn.execute("UPDATE sender SET business_account = %s", (ACCOUNT_ID,))
        author, approver = await place.account("asha"), await place.account("ravi")
        meta.templates = [template(), template("en", ENGLISH)]
        yield Mandi(rt, place, author, approver, number, meta=meta, http=http)


async def known(stage: Mandi, name: str | None = None) -> dict[str, str]:
    async with stage.place.transaction() as conn:
        return {row.code: row.status for row in await templates.known(conn, name)}


async def test_all_pages_are_fetched_by_themselves_and_again_when_they_are_old(mandi, clock):
    mandi.meta.templates += [template(name=f"t{n}") for n in range(11)]
    assert await mandi.fetch() == 13
    assert await mandi.fetch() == 0, "it is fresh"
    clock.at += EVERY + timedelta(seconds=1)
    assert await mandi.fetch() == 13
    async with mandi.place.transaction() as conn:
        [one] = await fetches(conn)
    assert (one.templates, one.failure, one.under_way) == (13, None, False)


async def test_asked_for_it_is_fetched_at_once_and_once(mandi, clock):
    await mandi.fetch()
    key = str(new_id())
    clock.at += timedelta(minutes=1)
    for _ in range(2):
        await fetching.ask(mandi.rt, key=key, actor=mandi.author)
    async with mandi.place.transaction() as conn:
        [one] = await fetches(conn)
    assert (one.under_way, one.asked_label) == (True, "asha")
    assert await mandi.fetch() == 2
    assert await mandi.fetch() == 0
    with pytest.raises(NotAllowed):
        nobody = await mandi.place.account("nobody", role="office_bearer")
        await fetching.ask(mandi.rt, key=str(new_id()), actor=nobody)


async def test_a_provider_that_says_no_is_told_of_and_asked_again_later(mandi, clock, database):
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute(
            "UPDATE sender SET sealed_token = %s",
            (mandi.rt.sealer.seal("withdrawn", f"sender/{mandi.bot}/token"),),
        )
    assert await mandi.fetch() == 0
    async with mandi.place.transaction() as conn:
        [one] = await fetches(conn)
    assert one.failure == "error_190"
    assert not one.under_way
    clock.at += AFTER_A_FAILURE + timedelta(seconds=1)
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute(
            "UPDATE sender SET sealed_token = %s",
            (mandi.rt.sealer.seal(TOKEN, f"sender/{mandi.bot}/token"),),
        )
    assert await mandi.fetch() == 2


async def test_a_worker_that_died_in_a_fetch_is_followed_by_another_and_writes_no_more(
    mandi, clock
):
    async with mandi.place.transaction() as conn:
        [due] = await fetching._lease(conn, now=NOON)
    assert await mandi.fetch() == 0, "another has it"
    clock.at += fetching.LEASE + timedelta(seconds=1)
    assert await mandi.fetch() == 2
    assert not await fetching._write(mandi.rt, mandi.place.organisation, due, [], NOON)
    await fetching._end(mandi.rt, mandi.place.organisation, due, 0, None)
    assert set((await known(mandi)).values()) == {"approved"}, "and the late one took none away"


async def test_what_the_provider_lists_no_more_is_gone(mandi, clock):
    await mandi.fetch()
    mandi.meta.templates = [template()]
    clock.at += timedelta(minutes=1)
    await mandi.fetch_now()
    assert await known(mandi) == {"hi": "approved", "en": "gone"}


async def test_approved_text_is_sent_text_in_each_readers_language(mandi):
    footer = {"type": "FOOTER", "text": "बंद करने को STOP लिखें"}
    mandi.meta.templates = [template("hi", HINDI, footer), template("en", ENGLISH)]
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    await mandi.reader("+911100000002", "en")
    id = await mandi.sending()
    async with mandi.place.transaction() as conn:
        shown = {t.language: t.body for t in await actions.queries.texts(conn, id)}
    assert shown["hi"] == "कल बीकानेर की मंडी सात बजे खुलेगी।\n\nबंद करने को STOP लिखें"
    assert await (await mandi.loop()).batch() == 2
    went = {
        taken.to: (
            taken.body["template"]["name"],
            taken.body["template"]["language"]["code"],
            [p["text"] for p in taken.body["template"]["components"][0]["parameters"]],
        )
        for taken in mandi.meta.taken
    }
    assert went == {
        "+911100000001": ("mandi", "hi", VARIABLES["hi"]),
        "+911100000002": ("mandi", "en", VARIABLES["en"]),
    }
    assert await mandi.states(id) == {"sent": 2}


def test_a_template_changes_a_drafts_hash_and_none_leaves_it_as_it_was(rt):
    stage = Stage(rt, None, None, None, None)
    plain = stage.draft(Everyone())
    assert b"template" not in plain.content()
    chosen = Chosen("mandi", {"hi": Fill("hi", ("a", "b"))})
    hashes = {
        draft.content_hash()
        for draft in (
            plain,
            replace(plain, template=chosen),
            replace(plain, template=Chosen("other", chosen.fills)),
            replace(plain, template=Chosen("mandi", {"hi": Fill("hi", ("b", "a"))})),
        )
    }
    assert len(hashes) == 4
    assert Chosen.of_json(chosen.to_json()) == chosen


@pytest.mark.parametrize(
    ("change", "resumes"),
    [({"status": "PAUSED"}, True), ({"status": "DISABLED"}, True), (None, False)],
)
async def test_a_template_that_is_paused_or_changed_after_the_approval_waits(
    mandi, clock, change, resumes
):
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    id = await mandi.sending()
    loop = await mandi.loop()
    before = mandi.meta.templates
    mandi.meta.templates = [
        template("hi", **change) if change else template("hi", "परसों {{1}} में {{2}} बजे"),
        before[1],
    ]
    clock.at += timedelta(minutes=1)
    await mandi.fetch_now()
    assert await loop.batch() == 0
    assert await mandi.states(id) == {"queued": 1}
    async with mandi.place.transaction() as conn:
        assert await templates.holding(conn, await mandi.broadcast(id)) is not None
    mandi.meta.templates = before
    clock.at += timedelta(minutes=1)
    await mandi.fetch_now()
    assert await loop.batch() == (1 if resumes else 0), "another text needs another approval"
    assert len(mandi.meta.taken) == (1 if resumes else 0)


async def test_a_template_paused_between_draft_and_signature_is_refused(mandi, clock):
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    id = await mandi.kept(await mandi.as_template())
    await actions.submit(mandi.rt, id, key=str(new_id()), actor=mandi.author)
    mandi.meta.templates = [template("hi", status="PAUSED"), template("en", status="PAUSED")]
    clock.at += timedelta(minutes=1)
    await mandi.fetch_now()
    with pytest.raises(Refused) as refusal:
        await mandi.approve(id)
    assert refusal.value.code == "template.not_approved"
    mandi.meta.templates = [template("hi", HINDI.replace("कल", "परसों")), template("en", ENGLISH)]
    clock.at += timedelta(minutes=1)
    await mandi.fetch_now()
    with pytest.raises(Refused) as refusal:
        await mandi.approve(id)
    assert refusal.value.code == "template.changed"


async def refused(mandi: Mandi, **asked) -> str:
    with pytest.raises(Refused) as refusal:
        await mandi.as_template(**asked)
    return refusal.value.code


WRONG = {
    "unknown": ({}, {"name": "other"}, "template.unknown"),
    "too few": ({}, {"variables": {**VARIABLES, "hi": ["एक"]}}, "template.variables_mismatched"),
    "none": ({}, {"variables": {}}, "template.variables_mismatched"),
    "empty": ({}, {"variables": {**VARIABLES, "hi": ["एक", " "]}}, "template.variable_malformed"),
    "a break": (
        {},
        {"variables": {**VARIABLES, "en": ["a\nb", "c"]}},
        "template.variable_malformed",
    ),
    "spaces": (
        {},
        {"variables": {**VARIABLES, "en": ["a     b", "c"]}},
        "template.variable_malformed",
    ),
    "too long": ({}, {"variables": {**VARIABLES, "en": ["a" * 1100, "c"]}}, "template.too_long"),
    "a language": ({}, {"variables": {**VARIABLES, "mr": ["एक"]}}, "template.no_such_language"),
    "no channel": ({}, {"via": ("sandbox",)}, "template.not_for_this"),
    "made with AI": ({}, {"synthetic": True}, "template.synthetic"),
    "utility for the public": ({"category": "UTILITY"}, {}, "template.category_mismatch"),
    "sign-in codes": (
        {"category": "AUTHENTICATION"},
        {"purpose": Purpose.INTERNAL},
        "template.category_mismatch",
    ),
    "pending": ({"status": "PENDING"}, {}, "template.not_approved"),
    "a picture, without one": (
        {"components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": HINDI}]},
        {},
        "template.picture_missing",
    ),
    "a film": (
        {"components": [{"type": "HEADER", "format": "VIDEO"}, {"type": "BODY", "text": HINDI}]},
        {},
        "template.unfit",
    ),
    "names": (
        {"components": [{"type": "BODY", "text": "कल {{place}} में"}]},
        {},
        "template.unfit",
    ),
    "a changing link": (
        {
            "components": [
                {"type": "BODY", "text": HINDI},
                {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]},
            ]
        },
        {},
        "template.unfit",
    ),
}


@pytest.mark.parametrize(("there", "asked", "code"), WRONG.values(), ids=WRONG.keys())
async def test_what_cannot_go_as_a_template_is_refused(mandi, there, asked, code):
    mandi.meta.templates = [template("hi", **there), template("en", ENGLISH, **there)]
    await mandi.fetch()
    assert await refused(mandi, **asked) == code


async def test_utility_is_for_what_office_bearers_coordinate(mandi):
    mandi.meta.templates = [template("hi", category="UTILITY")]
    await mandi.fetch()
    hindi = {"hi": VARIABLES["hi"]}
    draft = await mandi.as_template(purpose=Purpose.INTERNAL, variables=hindi)
    assert draft.template == Chosen("mandi", {"hi": Fill("hi", ("बीकानेर", "सात"))})


async def test_texts_that_are_not_what_the_template_says_are_refused(mandi):
    await mandi.fetch()
    draft = await mandi.as_template()
    with pytest.raises(Refused) as refusal:
        await mandi.kept(replace(draft, texts={**draft.texts, "hi": "कल छुट्टी है।"}))
    assert refusal.value.code == "template.changed"
    chosen = replace(draft.template, fills={"hi": draft.template.fills["hi"]})
    with pytest.raises(Refused) as refusal:
        await mandi.kept(replace(draft, template=chosen))
    assert refusal.value.code == "template.changed"


async def test_over_the_cloud_api_nothing_is_submitted_without_a_template(mandi):
    await mandi.reader("+911100000001", "hi")
    id = await mandi.written(Everyone(), via=(CLOUD,))
    with pytest.raises(Refused) as refusal:
        await actions.submit(mandi.rt, id, key=str(new_id()), actor=mandi.author)
    assert refusal.value.code == "template.missing"


async def test_who_reads_a_language_that_the_template_lacks_is_not_passed_over(mandi):
    mandi.meta.templates = [template()]
    await mandi.fetch()
    await mandi.reader("+911100000001", "hi")
    hindi = {"variables": {"hi": VARIABLES["hi"]}}
    await mandi.sending(**hindi)
    await mandi.reader("+911100000002", "en")
    id = await mandi.kept(await mandi.as_template(**hindi))
    with pytest.raises(Refused) as refusal:
        await actions.submit(mandi.rt, id, key=str(new_id()), actor=mandi.author)
    assert refusal.value.code == "template.language_missing"
    assert refusal.value.facts == {"language": "en", "count": 1}


async def test_several_business_accounts_must_have_it_alike(mandi, database):
    await mandi.fetch()
    line = {"endpoint": "http://127.0.0.1:9/v23.0/7", "token": TOKEN}
    second = await mandi.place.sender("second", channel=CLOUD, **line)
    assert await refused(mandi) == "template.account_unknown"
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        owner.execute("UPDATE sender SET business_account = '77' WHERE id = %s", (second,))
        assert await refused(mandi) == "template.not_everywhere"
        owner.execute(
            "INSERT INTO message_template (organisation_id, id, business_account, name, code,"
            " language, category, status, body, checked_at, changed_at) SELECT organisation_id,"
            " gen_random_uuid(), '77', name, code, language, category, status, body, checked_at,"
            " changed_at FROM message_template"
        )
        await mandi.as_template()
        owner.execute(
            "UPDATE message_template SET body = 'x {{1}} {{2}}' WHERE business_account = '77'"
        )
    assert await refused(mandi) == "template.not_everywhere"


async def test_the_same_name_in_another_organisation_is_unknown(mandi, rt):
    await mandi.fetch()
    other = await an_organisation(rt, "other")
    stage = Mandi(rt, other, await other.account("asha"), None, None)
    await other.sender("number", channel=CLOUD)
    assert await refused(stage) == "template.unknown"
    with pytest.raises(Invalid):
        await stage.as_template()
