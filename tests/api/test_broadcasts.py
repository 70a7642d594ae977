"""Broadcasts by program: the pages' own rules, one key at a time."""

import asyncio
import csv
import io
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from calling import Program
from chaupal.broadcasts import jobs
from chaupal.broadcasts.rendering import LABELS
from chaupal.kit.ids import new_id
from chaupal.organisations import Right
from factories import Place, an_organisation
from lawful import entered

TEXT = "मंडी कल सुबह सात बजे खुलेगी।"
SECRET = "मरुथल"
FARMERS = {"op": "categories", "categories": ["farmers"]}
MOVES = ("send-back", "pause", "resume", "cancel", "recall")


@dataclass
class Two:
    """The programs of two people who may sign, and groups to write to."""

    place: Place
    author: Program
    approver: Program
    groups: list[UUID] = field(default_factory=list)

    def body(self, **changes) -> dict:
        now = self.place.rt.now()
        return {
            "title": "मंडी का समय",
            "texts": {"hi": TEXT},
            "purpose": "public",
            "audience": FARMERS,
            "expires_at": (now + timedelta(hours=6)).isoformat(),
            **changes,
        }

    async def written(self, **changes) -> str:
        told = await self.author.post("broadcasts", self.body(**changes))
        assert told.status == 201, told.text
        return told.json["id"]

    async def submitted(self, **changes) -> str:
        id = await self.written(**changes)
        assert (await self.author.post(f"broadcasts/{id}/submit")).status == 200
        return id

    async def approve(self, id: str, *, by: Program | None = None, key: str | None = None):
        program = by or self.approver
        seen = (await program.get(f"broadcasts/{id}")).json["content"]
        return await program.post(f"broadcasts/{id}/approve", {"seen": seen}, key=key)

    async def frozen(self, **changes) -> str:
        id = await self.submitted(**changes)
        assert (await self.approve(id)).status == 200
        await jobs.freeze_approved(self.place.rt, self.place.organisation)
        return id

    async def kinds(self) -> list[str]:
        async with self.place.transaction() as conn:
            found = await conn.execute("SELECT kind FROM record ORDER BY number")
            return [kind for (kind,) in await found.fetchall()]


@pytest.fixture
async def two(place, keyed) -> Two:
    two = Two(
        place,
        await keyed(await place.account("asha", language="en")),
        await keyed(await place.account("ravi", language="en")),
    )
    bot = await place.sender()
    for code in ("east-one", "east-two", "west-one"):
        two.groups.append(await place.group(code, sender=bot, categories=("farmers",)))
    return two


async def test_a_broadcast_goes_all_the_way_by_two_programs(two):
    id = await two.written()
    draft = (await two.author.get(f"broadcasts/{id}")).json
    assert (draft["stage"], draft["reaches"], draft["targets"]) == ("draft", 3, None)

    moved = await two.author.post(f"broadcasts/{id}/submit")
    assert moved.json == {"id": id, "stage": "submitted", "content": draft["content"]}
    approved = await two.approve(id)
    assert (approved.status, approved.json["stage"]) == (200, "approved")
    await jobs.freeze_approved(two.place.rt, two.place.organisation)

    shown = (await two.approver.get(f"broadcasts/{id}")).json
    assert (shown["author"], shown["approver"]) == ("asha", "ravi")
    assert (shown["stage"], shown["targets"], shown["reaches"]) == ("sending", 3, None)
    assert shown["account"] == {"planned": 3}
    stages = [
        (await two.approver.post(f"broadcasts/{id}/{verb}")).json["stage"]
        for verb in ("pause", "resume", "cancel")
    ]
    assert stages == ["paused", "sending", "cancelled"]
    assert (await two.author.get(f"broadcasts/{id}")).json["account"] == {"cancelled": 3}
    assert (await two.approver.post(f"broadcasts/{id}/resume")).status == 409
    assert [kind for kind in await two.kinds() if kind.startswith("broadcast.")] == [
        f"broadcast.{word}"
        for word in ("drafted", "submitted", "approved", "frozen", "paused", "resumed", "cancelled")
    ]


async def test_a_recall_by_a_program_starts_the_clock(two):
    id = await two.frozen()
    told = await two.approver.post(f"broadcasts/{id}/recall")
    assert (told.status, told.json["stage"]) == (200, "recalled")
    async with two.place.transaction() as conn:
        started = await conn.execute("SELECT count(*) FROM recall WHERE broadcast_id = %s", (id,))
        assert await started.fetchone() == (1,)


async def test_no_key_of_the_author_approves(two, keyed, rt, place):
    id = await two.submitted()
    seen = (await two.author.get(f"broadcasts/{id}")).json["content"]
    async with place.transaction() as conn:
        row = await conn.execute("SELECT id FROM account WHERE login = 'asha'")
        [asha] = await row.fetchone()
    from chaupal.record import Actor

    second = await keyed(Actor(place.organisation, asha, "asha"), Right.APPROVE, Right.VIEW)

    for program in (two.author, second):
        told = await program.post(f"broadcasts/{id}/approve", {"seen": seen})
        assert (told.status, told.json["code"]) == (403, "broadcast.author_cannot_approve")
    assert (await two.author.get(f"broadcasts/{id}")).json["stage"] == "submitted"


@pytest.mark.parametrize("author_says", [True, False])
@pytest.mark.parametrize("approver_denies", [True, False])
async def test_only_two_together_say_that_it_is_no_election_matter(
    two, author_says, approver_denies
):
    id = await two.submitted(election_matter=author_says)
    seen = (await two.approver.get(f"broadcasts/{id}")).json["content"]
    said = {"seen": seen, "no_election_matter": approver_denies}
    assert (await two.approver.post(f"broadcasts/{id}/approve", said)).status == 200
    told = (await two.author.get(f"broadcasts/{id}")).json
    assert told["election_matter"] is author_says
    assert told["electoral"] is (author_says or not approver_denies)


async def test_an_approval_is_for_what_was_read_and_an_edit_voids_it(two):
    id = await two.submitted()
    seen = (await two.approver.get(f"broadcasts/{id}")).json["content"]
    changed = await two.author.post(f"broadcasts/{id}", two.body(title="बदला हुआ"))
    assert changed.status == 200
    assert changed.json["content"] != seen

    early = await two.approver.post(f"broadcasts/{id}/approve", {"seen": seen})
    await two.author.post(f"broadcasts/{id}/submit")
    late = await two.approver.post(f"broadcasts/{id}/approve", {"seen": seen})
    others = await two.approver.post(f"broadcasts/{id}", two.body())

    assert (early.status, early.json["code"]) == (409, "broadcast.not_awaiting_approval")
    assert (late.status, late.json["code"]) == (409, "broadcast.edited_since_submission")
    assert (others.status, others.json["code"]) == (403, "broadcast.only_the_author_edits")


async def test_what_is_sent_twice_with_one_key_is_done_once(two, keyed, place):
    body = two.body()
    told = await asyncio.gather(
        *(two.author.post("broadcasts", body, key="market-of-today") for _ in range(3))
    )
    assert {answer.status for answer in told} == {201}
    [id] = {answer.json["id"] for answer in told}
    other = await two.author.post("broadcasts", two.body(title="और"), key="market-of-today")
    assert (other.status, other.json["code"]) == (409, "idempotency.other_request")

    for _ in range(2):
        assert (await two.author.post(f"broadcasts/{id}/submit", key="submit-it")).status == 200
    third = await keyed(await place.account("mina"))
    signed = await asyncio.gather(
        *(two.approve(id, key="approve-it") for _ in range(2)), two.approve(id, by=third)
    )
    assert sorted(answer.status for answer in signed) in ([200, 200, 409], [200, 409, 409])
    for _ in range(2):
        assert (await two.approver.post(f"broadcasts/{id}/cancel", key="stop-it-now")).status == 200
    kinds = await two.kinds()
    for word in ("drafted", "submitted", "approved", "cancelled"):
        assert kinds.count(f"broadcast.{word}") == 1, word


async def test_a_start_is_kept_shown_and_waited_for(two):
    starts_at = (two.place.rt.now() + timedelta(hours=2)).replace(microsecond=0)
    id = await two.frozen(starts_at=starts_at.isoformat())
    shown = (await two.author.get(f"broadcasts/{id}")).json
    [line] = await two.author.every("broadcasts")
    assert line["starts_at"] == shown["starts_at"] == starts_at.isoformat().replace("+00:00", "Z")
    async with two.place.transaction() as conn:
        found = await conn.execute("SELECT DISTINCT due_at FROM delivery")
        assert await found.fetchall() == [(starts_at,)]
    report = (await two.author.get(f"broadcasts/{id}/report")).json
    assert report["begins_at"] == shown["starts_at"]


async def test_a_preview_checks_and_counts_and_keeps_nothing(two):
    looked = await two.author.post("broadcasts/preview", two.body(synthetic=True))
    assert (looked.status, looked.json["reaches"]) == (200, 3)
    assert looked.json["texts"] == {"hi": f"{LABELS['hi']}\n{TEXT}"}
    assert await two.author.every("broadcasts") == []
    written = await two.author.post("broadcasts", two.body())
    same = await two.author.post("broadcasts/preview", two.body())
    assert looked.json["content"] != written.json["content"]
    assert same.json["reaches"] == 3


async def test_a_certificate_is_bound_to_the_wording_that_is_shown(two):
    body = {"number": "118", "committee": "District", "certified_on": "2026-03-01"}
    id = (await two.author.post("broadcasts", two.body())).json["id"]
    shown = (await two.author.get(f"broadcasts/{id}")).json
    assert shown["certificate"] is None
    path = f"broadcasts/{id}/certificate"
    other = await two.author.post(path, body | {"wording": "00" * 32})
    assert (other.status, other.json["code"]) == (409, "certificate.of_another_text")
    assert (await two.author.post(path, body | {"wording": shown["wording"]})).status == 204
    told = (await two.author.get(f"broadcasts/{id}")).json["certificate"]
    assert (told["number"], told["fits"], told["wording"]) == ("118", True, shown["wording"])
    await two.author.post(f"broadcasts/{id}", two.body(texts={"hi": "नया"}))
    assert not (await two.author.get(f"broadcasts/{id}")).json["certificate"]["fits"]


async def test_what_a_silence_will_hold_back_is_told_before_it_is_written(two, place):
    assert (await two.author.post("broadcasts/preview", two.body())).json["ahead"] == []
    await entered(place, await place.account("admin"), "east", closes_in=timedelta(hours=49))
    [told] = (await two.author.post("broadcasts/preview", two.body())).json["ahead"]
    assert (told["why"], told["unit"], told["title"]) == ("silence", "east", "Assembly")
    assert told["targets"] > 0
    id = (await two.author.post("broadcasts", two.body())).json["id"]
    assert (await two.author.get(f"broadcasts/{id}")).json["ahead"] == [told]


async def test_people_are_counted_and_written_to_over_the_channels_that_are_named(two, place):
    for said in ("given", "withdrawn"):
        person = await place.person("east-one", chat=f"p:{said}", consents=False)
        await place.says(person, said)
    to_people = {"audience": {"op": "everyone"}, "via": ["sandbox"]}
    looked = await two.author.post("broadcasts/preview", two.body(**to_people))
    assert looked.json["reaches"] == 1
    id = await two.frozen(**to_people)
    [delivery] = await two.author.every(f"broadcasts/{id}/deliveries")
    assert (delivery["group_id"], delivery["unit_code"]) == (None, "east-one")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "broadcast.title_missing"),
        ({"title": None}, "request.malformed"),
        ({"texts": {}}, "broadcast.text_missing"),
        ({"texts": {"fr": "bonjour"}}, "request.malformed"),
        ({"texts": {"hi": "क" * 4001}}, "broadcast.text_too_long"),
        ({"texts": {"hi": "a\0b"}}, "request.malformed"),
        ({"purpose": "everybody"}, "request.malformed"),
        ({"lane": "fast"}, "request.malformed"),
        ({"audience": {"op": "caste"}}, "audience.malformed"),
        ({"audience": {"op": "categories", "categories": ["moon"]}}, "audience.unknown_category"),
        ({"via": ["pigeon"]}, None),
        ({"expires_at": "2026-11-24"}, "request.malformed"),
        ({"expires_at": "2999-01-01T00:00:00"}, "request.malformed"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "broadcast.expires_too_late"),
        ({"expires_at": "0001-01-01T00:00:00+05:30"}, "broadcast.expires_in_the_past"),
        ({"starts_at": "0001-01-01T00:00:00+05:30"}, "broadcast.starts_in_the_past"),
        ({"starts_at": "9999-12-31T23:59:59Z"}, "broadcast.starts_after_its_end"),
        ({"sender": "me"}, "request.malformed"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_cannot_be_sent_is_refused_before_it_is_kept(two, changes, code):
    body = two.body(**changes)
    for path in ("broadcasts", "broadcasts/preview"):
        told = await two.author.post(path, body)
        assert told.status == 422, told.text
        assert code is None or told.json["code"] == code
    assert await two.author.every("broadcasts") == []


async def test_an_approval_without_its_hash_and_an_empty_audience_are_refused(two, place):
    await place.category("students")
    id = await two.submitted()
    for body in (None, {}, {"seen": ""}, {"seen": "00"}, {"seen": "zz" * 32}):
        assert (await two.approver.post(f"broadcasts/{id}/approve", body)).status == 422, body
    other = await two.approver.post(f"broadcasts/{id}/approve", {"seen": "00" * 32})
    assert (other.status, other.json["code"]) == (409, "broadcast.edited_since_submission")
    empty = await two.written(audience={"op": "categories", "categories": ["students"]})
    told = await two.author.post(f"broadcasts/{empty}/submit")
    assert (told.status, told.json["code"]) == (409, "audience.empty")


async def test_a_key_does_what_its_rights_say_and_no_more(two, keyed, place):
    id = await two.submitted()
    body = two.body()
    seen = {"seen": (await two.approver.get(f"broadcasts/{id}")).json["content"]}
    mina = await place.account("mina")
    looker = await keyed(mina, Right.VIEW)
    for path, sent in (
        ("broadcasts", body), ("broadcasts/preview", body),
        (f"broadcasts/{id}/submit", None), (f"broadcasts/{id}/approve", seen),
        *((f"broadcasts/{id}/{verb}", None) for verb in MOVES),
    ):  # fmt: skip
        told = await looker.post(path, sent)
        assert (told.status, told.json["code"]) == (403, "access.not_allowed"), path
    signer = await keyed(mina, Right.VIEW, Right.APPROVE)
    assert (await two.approve(id, by=signer)).status == 200
    assert (await signer.post(f"broadcasts/{id}/cancel")).status == 403
    assert (await signer.get(f"broadcasts/{id}/deliveries.csv")).status == 403


async def test_whoever_it_does_not_belong_to_gets_nothing_on_any_route(two, keyed, rt, place):
    east = await keyed(await place.account("kiran", at="east", role="coordinator"))
    body = two.body(title=SECRET, texts={"hi": SECRET})
    id = (await east.post("broadcasts", body)).json["id"]
    assert [row["id"] for row in await two.author.every("broadcasts")] == [id]
    await east.post(f"broadcasts/{id}/submit")
    other = await an_organisation(rt, slug="doosra")
    strangers = (
        await keyed(await place.account("lata", at="west", role="coordinator")),
        await keyed(await place.account("below", at="east-one", role="coordinator")),
        await keyed(await other.account("asha")),
    )
    described = (await east.get("openapi.json")).json["paths"]
    routes = [(p, o) for p, of in described.items() for o in of if "/broadcasts/{id" in p]
    assert len(routes) > 12
    seen = {"seen": (await east.get(f"broadcasts/{id}")).json["content"]}
    certificate = {"number": "1", "committee": "State", "certified_on": "2026-03-01"}
    asked = {"again": {"unknown": 1}, "approve": seen, "certificate": certificate}
    for stranger in strangers:
        assert await stranger.every("broadcasts") == []
        for path, method in routes:
            at = path.replace("{id}", id).replace("{group}", str(two.groups[0]))
            if method == "get":
                told = await stranger.get(at)
            else:
                sent = body if at.endswith(id) else asked.get(at.rpartition("/")[2])
                told = await stranger.post(at, sent)
            assert told.status == 404, (at, told.text)
            assert SECRET not in told.text
    assert (await east.get(f"broadcasts/{id}")).json["stage"] == "submitted"


async def test_a_list_goes_on_from_where_it_ended_and_is_narrowed_by_stage(two):
    ids = [await two.written(title=str(n)) for n in range(3)]
    await two.author.post(f"broadcasts/{ids[1]}/submit")
    listed = [row["id"] for row in await two.author.every("broadcasts", limit=1)]
    assert listed == ids[::-1]
    [one] = await two.approver.every("broadcasts", stage="submitted")
    assert one["id"] == ids[1]
    assert (await two.author.get("broadcasts", stage="moon")).status == 422


async def reported(two: Two) -> str:
    """A broadcast of which one group has it, one refused it, and one still waits."""
    id = await two.frozen()
    sent = """state = 'sent', evidence = 2, sent_at = b.frozen_at + interval '60 s',
              delivered_at = b.frozen_at + interval '90 s'"""
    far = (sent, "state = 'refused', failure = 'blocked'")
    async with two.place.transaction() as conn:
        for changes, group in zip(far, two.groups, strict=False):
            await conn.execute(
                f"UPDATE delivery d SET {changes} FROM broadcast b"
                " WHERE b.id = d.broadcast_id AND d.group_id = %s",
                (group,),
            )
    return id


async def test_a_report_adds_up_as_json_and_as_a_file(two):
    id = await reported(two)
    told = (await two.author.get(f"broadcasts/{id}/report")).json
    east = (await two.author.get(f"broadcasts/{id}/report", unit="east")).json
    file = await two.author.get(f"broadcasts/{id}/report.csv", unit="east")

    assert told["account"] == {"delivered": 1, "refused": 1, "planned": 1}
    assert (told["targets"], east["targets"]) == (3, 2)
    assert sum(unit["targets"] for unit in told["units"]) == 3
    assert told["failures"] == {"blocked": 1}
    assert {unit["code"]: unit["account"] for unit in east["units"]} == {
        "east-one": {"delivered": 1},
        "east-two": {"refused": 1},
    }
    [one] = [unit for unit in east["units"] if unit["code"] == "east-one"]
    assert one["times"]["delivered"] == [90.0] * 3
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "Content-Length" not in file.headers, "it comes in pieces"
    rows = {
        row["unit_code"]: row for row in csv.DictReader(io.StringIO(file.text.lstrip("\ufeff")))
    }
    assert rows["east-one"]["delivered"] == "1"
    assert rows["east-one"]["delivered_50_s"] == "90"
    assert (rows["east-two"]["refused"], rows["east-two"]["delivered_50_s"]) == ("1", "")
    assert sum(int(row["targets"]) for row in rows.values()) == 2


async def test_the_deliveries_behind_a_number_are_listed_and_taken_along(two):
    id = await reported(two)
    every = await two.author.every(f"broadcasts/{id}/deliveries", limit=2)
    assert [row["group_id"] for row in every] == sorted(map(str, two.groups))
    [sent] = await two.author.every(f"broadcasts/{id}/deliveries", least="accepted")
    assert (sent["evidence"], [*sent["reached_at"]]) == ("delivered", ["accepted", "delivered"])
    [refused] = await two.author.every(f"broadcasts/{id}/deliveries", failure="blocked")
    assert refused["state"] == "refused"
    assert await two.author.every(f"broadcasts/{id}/deliveries", unit="west", state="sent") == []
    assert (await two.author.get(f"broadcasts/{id}/deliveries", rung="moon")).status == 422

    file = await two.author.get(f"broadcasts/{id}/deliveries.csv")
    rows = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert sorted(row["state"] for row in rows) == ["queued", "refused", "sent"]
    assert (await two.kinds())[-1] == "deliveries.exported"


async def test_before_the_freeze_there_is_nothing_to_report(two):
    id = await two.submitted()
    for path in ("report", "report.csv"):
        told = await two.author.get(f"broadcasts/{id}/{path}")
        assert (told.status, told.json["code"]) == (409, "broadcast.not_frozen")
    assert (await two.author.get(f"broadcasts/{new_id()}/report")).status == 404
    assert (await two.author.get(f"broadcasts/{id}/report", unit="nowhere")).status == 422
