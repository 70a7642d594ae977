"""`chaupal broadcasts`: people with accounts sign here too, and the operator signs nothing."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from chaupal.broadcasts import jobs
from chaupal.kit.ids import new_id
from cli.conftest import Said, Terminal
from factories import PASSWORD, Place, an_organisation
from imagery import SVG, a_picture

SECRET = "मरुथल"
FARMERS = {"op": "categories", "categories": ["farmers"]}


@dataclass
class Two:
    """A terminal, two people who may sign, and a file with a broadcast."""

    terminal: Terminal
    place: Place
    folder: Path

    async def run(self, *words: str, by: str = "asha") -> Said:
        password = self.folder / "password"
        password.write_text(PASSWORD + "\n")
        return await self.terminal.run(
            "broadcasts", *words, "--as", by, "--password-file", str(password)
        )

    def file(self, **changes) -> str:
        now = self.place.rt.now()
        body = {
            "title": "मंडी का समय",
            "texts": {"hi": SECRET},
            "purpose": "public",
            "audience": FARMERS,
            "expires_at": (now + timedelta(hours=6)).isoformat(),
            **changes,
        }
        file = self.folder / "broadcast.json"
        file.write_text(json.dumps(body))
        return str(file)

    async def written(self, *words: str, **changes) -> str:
        said = await self.run("write", self.file(**changes), *words)
        assert said.status == 0, said.err
        return said.out.strip()

    async def rows(self, statement: str) -> list[tuple]:
        async with self.place.transaction() as conn:
            return await (await conn.execute(statement)).fetchall()


@pytest.fixture
async def two(rt, terminal, tmp_path) -> Two:
    place = await an_organisation(rt)
    await place.category("farmers")
    for login in ("asha", "ravi"):
        await place.account(login)
    await place.account("looker", role="office_bearer")
    bot = await place.sender()
    for code in ("east-one", "west-one"):
        await place.group(code, sender=bot, categories=("farmers",))
    return Two(terminal, place, tmp_path)


def seen_in(said: Said) -> str:
    return said.out.rpartition("--seen ")[2].strip()


async def test_two_people_take_a_broadcast_all_the_way(two):
    id = await two.written()
    submitted = await two.run("submit", id)
    shown = await two.run("show", id, by="ravi")
    own = await two.run("approve", id, "--seen", seen_in(shown))
    approved = await two.run("approve", id, "--seen", seen_in(shown), by="ravi")
    await jobs.freeze_approved(two.place.rt, two.place.organisation)
    listed = await two.run("list", "--stage", "sending")
    moved = [await two.run(verb, id, by="ravi") for verb in ("pause", "resume", "cancel")]
    late = await two.run("resume", id)

    assert (submitted.status, submitted.out) == (0, "It stands at: Submitted.\n")
    assert SECRET in shown.out
    assert "It is for: 2\n" in shown.out
    assert (own.status, "A second person must approve" in own.err) == (2, True)
    assert (approved.status, approved.out) == (0, "It stands at: Approved.\n")
    assert listed.out.startswith(f"{id}  Sending")
    assert [said.out for said in moved] == [
        f"It stands at: {stage}.\n" for stage in ("Paused", "Sending", "Cancelled")
    ]
    assert (late.status, len(late.err.splitlines())) == (2, 1)
    signed = await two.rows("SELECT author_label, approver_label FROM broadcast")
    assert signed == [("asha", "ravi")]
    assert await two.rows("SELECT 1 FROM session") == [], "who acted was signed out again"


async def test_a_certificate_is_entered_for_the_text_that_was_certified(two):
    id = await two.written()
    shown = await two.run("show", id)
    wording = shown.out.rpartition("--wording ")[2].split()[0]
    entered = ("certify", id, "--number", "118", "--committee", "District", "--on", "2026-03-01")
    other = await two.run(*entered, "--wording", "00" * 32)
    told = await two.run(*entered, "--wording", wording)
    assert (other.status, "for another text" in other.err) == (2, True)
    assert (told.status, told.out) == (0, "The certificate is entered, for exactly this text.\n")
    rows = await two.rows("SELECT number, committee, wording_hash FROM certificate")
    assert rows == [("118", "District", bytes.fromhex(wording))]


async def test_a_picture_is_kept_named_in_a_broadcast_and_shown_to_who_approves(two):
    file = two.folder / "map.png"
    file.write_bytes(a_picture(kind="PNG"))
    kept = await two.run("picture", str(file), "--key", "the-map-of-today")
    again = await two.run("picture", str(file), "--key", "the-map-of-today")
    shown = {"hi": {"id": kept.out.strip(), "description": "मंडी का नक्शा"}}
    id = await two.written(pictures=shown)
    told = await two.run("show", id, by="ravi")
    file.write_bytes(SVG)
    refused = await two.run("picture", str(file))
    stranger = await two.run("picture", str(file), by="looker")

    assert (kept.status, again.out) == (0, kept.out), kept.err
    assert f"Picture: {kept.out.strip()}\n" in told.out
    assert "मंडी का नक्शा" in told.out
    assert (refused.status, "kind of picture" in refused.err) == (2, True)
    assert stranger.status == 2
    assert await two.rows("SELECT count(*) FROM picture") == [(1,)]


async def test_nobody_signs_without_their_password_and_an_office_bearer_signs_nothing(two):
    id = await two.written()
    wrong = two.folder / "wrong"
    wrong.write_text("not the password\n")
    told = await two.terminal.run(
        "broadcasts", "submit", id, "--as", "asha", "--password-file", str(wrong)
    )
    stranger = await two.run("submit", id, by="nobody")
    bearer = await two.run("list", by="looker")
    assert (told.status, stranger.status) == (2, 2)
    assert told.err == stranger.err
    assert (bearer.status, bearer.out) == (0, "")
    assert await two.rows("SELECT stage::text FROM broadcast") == [("draft",)]


async def test_what_is_run_twice_with_one_key_is_done_once(two):
    file = two.file()
    said = await asyncio.gather(
        *(two.run("write", file, "--key", "market-of-today") for _ in range(2))
    )
    assert {one.status for one in said} == {0}, [one.err for one in said]
    [id] = {one.out.strip() for one in said}
    for _ in range(2):
        assert (await two.run("submit", id, "--key", "submit-market")).status == 0
    kinds = await two.rows("SELECT kind FROM record WHERE kind LIKE 'broadcast.%' ORDER BY number")
    assert kinds == [("broadcast.drafted",), ("broadcast.submitted",)]


async def test_another_audience_comes_as_an_expression_or_a_file(two):
    everyone = {"op": "everyone"}
    audience = two.folder / "audience.json"
    audience.write_text(json.dumps(everyone))
    for given in (json.dumps(everyone), str(audience)):
        id = await two.written("--audience", given)
        assert await two.rows(f"SELECT audience FROM broadcast WHERE id = '{id}'") == [(everyone,)]


async def test_an_approval_is_for_what_was_shown(two):
    id = await two.written()
    await two.run("submit", id)
    told = await two.run("approve", id, "--seen", "00" * 32, by="ravi")
    assert (told.status, "It changed after you read it" in told.err) == (2, True)
    for seen in ("", "00", "zz" * 32):
        assert (await two.run("approve", id, "--seen", seen, by="ravi")).status == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": 7}, "look at: title"),
        ({"purpose": SECRET}, "look at: purpose"),
        ({"expires_at": "2026-11-24T09:00:00"}, "look at: expires_at"),
        ({"sender": SECRET}, "look at: sender"),
        ({"title": " "}, "The title is missing"),
        ({"title": "a\0b"}, "We could not read that"),
        ({"starts_at": "2020-01-01T00:00:00Z"}, "That start is over already"),
        ({"audience": {"op": SECRET}}, ""),
        ({"audience": {"op": "categories", "categories": ["moon"]}}, "moon"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_file_that_is_no_broadcast_is_refused_in_a_line(two, changes, said):
    told = await two.run("write", two.file(**changes))
    assert told.status == 2
    assert len(told.err.splitlines()) == 1
    assert said in told.err
    assert SECRET not in told.err
    assert await two.rows("SELECT 1 FROM broadcast") == []


async def test_a_file_that_cannot_be_read_and_an_id_of_nothing_are_refused(two):
    broken = two.folder / "broken.json"
    broken.write_bytes(b"{\xff")
    large = two.folder / "large.json"
    large.write_bytes(b" " * 300_000 + b"{}")
    for words in (
        ("write", str(two.folder / "missing.json")),
        ("write", str(two.folder)),
        ("write", str(broken)),
        ("write", str(large)),
        ("write", two.file(), "--audience", "{"),
        ("write", two.file(), "--audience", "[]"),
        ("write", two.file(), "--key", "short"),
        ("show", str(new_id())),
        ("pause", str(new_id())),
        ("pause", "not-an-id"),
    ):
        told = await two.run(*words)
        assert (told.status, "Traceback" in told.err) == (2, False), words
    hindi = await two.terminal.run(
        "--language", "hi", "broadcasts", "write", str(broken), "--as", "asha"
    )
    assert "JSON नहीं है" in hindi.err
