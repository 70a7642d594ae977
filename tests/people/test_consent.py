"""The ledger: who may write a yes or a no into it, what holds, and whom nobody may write to."""

import asyncio

import pytest

from chaupal import record
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.people import consent, ledger, notices, suppression
from chaupal.people.consent import Saying
from chaupal.people.models import Act, Basis, ContactChannel, NewContact, Purpose
from factories import an_organisation
from people.conftest import BODIES, holds, may_write, publish

SANDBOX = ContactChannel.SANDBOX
COORDINATION, MESSAGES = (Purpose.COORDINATION, SANDBOX), (Purpose.MESSAGES, SANDBOX)


def saying(act: Act, *lines, version: str = "2026-1", **changes) -> Saying:
    return Saying(
        **{
            "act": act,
            "lines": list(lines),
            "language": "hi",
            "basis": Basis.PAPER,
            "proof": "form 7",
            "notice_version": version if act is Act.GIVEN else "",
            **changes,
        }
    )


async def kinds(place) -> list[str]:
    async with place.transaction() as conn:
        return [entry.kind for entry in await record.after(conn, 0)]


async def test_the_newest_act_holds_and_the_ledger_keeps_all(rt, place, admin):
    await publish(rt, admin)
    asha = await place.person("east-one", chat="p:1", consents=False)
    for act in (Act.GIVEN, Act.WITHDRAWN, Act.GIVEN):
        assert await consent.note(rt, asha, saying(act, MESSAGES), actor=admin) == 1
        assert await holds(place, asha) == {MESSAGES: act}
    async with place.transaction() as conn:
        acts = await ledger.history(conn, asha)
        entries = await record.after(conn, 0)
    assert [act.act for act in acts] == [Act.GIVEN, Act.WITHDRAWN, Act.GIVEN]
    assert [entry.kind for entry in entries[-3:]] == [
        "consent.given",
        "consent.withdrawn",
        "consent.given",
    ]
    assert "form 7" not in str(entries), "the record holds no proofs, the ledger does"


async def test_what_holds_already_adds_nothing_but_a_newer_notice_does(rt, place, admin):
    await publish(rt, admin)
    await publish(rt, admin, "2026-2")
    asha = await place.person("east-one", chat="p:1", consents=False)
    assert await consent.note(rt, asha, saying(Act.GIVEN, MESSAGES, COORDINATION), actor=admin) == 2
    assert await consent.note(rt, asha, saying(Act.GIVEN, MESSAGES), actor=admin) == 0
    newer = saying(Act.GIVEN, MESSAGES, version="2026-2")
    assert await consent.note(rt, asha, newer, actor=admin) == 1
    assert (await kinds(place)).count("consent.given") == 2


async def test_two_who_write_down_the_same_no_at_once_write_it_once(rt, place, admin):
    asha = await place.person("east-one", chat="p:1")
    no = saying(Act.WITHDRAWN, COORDINATION)
    added = await asyncio.gather(*(consent.note(rt, asha, no, actor=admin) for _ in range(5)))
    assert sum(added) == 1


async def test_a_yes_needs_a_published_notice_a_proof_and_a_basis_of_the_desk(rt, place, admin):
    await publish(rt, admin)
    asha = await place.person("east-one", chat="p:1", consents=False)
    for changes, code in (
        ({"version": "2020-9"}, "notice.unknown"),
        ({"proof": " "}, "consent.proof_missing"),
        ({"basis": Basis.OWN_PAGE}, "consent.basis_not_yours"),
        ({"basis": Basis.KEYWORD}, "consent.basis_not_yours"),
        ({"lines": []}, "consent.nothing_chosen"),
    ):
        with pytest.raises(Invalid) as refused:
            await consent.note(rt, asha, saying(Act.GIVEN, MESSAGES, **changes), actor=admin)
        assert refused.value.code == code
    assert await holds(place, asha) == {}


async def test_a_no_is_taken_by_everybody_who_may_see_them_and_a_yes_by_fewer(rt, place, admin):
    await publish(rt, admin)
    asha = await place.person("east-one", chat="p:1")
    desk = await place.account("desk", at="east", role="desk")
    stranger = await place.account("stranger", at="west")
    no = saying(Act.WITHDRAWN, COORDINATION)
    with pytest.raises(NotFound):
        await consent.note(rt, asha, no, actor=stranger)
    with pytest.raises(NotAllowed):
        await consent.note(rt, asha, saying(Act.GIVEN, MESSAGES), actor=desk)
    assert await consent.note(rt, asha, no, actor=desk) == 1
    assert not await may_write(place, asha)
    with pytest.raises(NotFound):
        await consent.note(rt, place.units["east"], no, actor=admin)


async def test_on_their_own_page_a_yes_names_the_newest_notice(rt, place, admin):
    asha = await place.person("east-one", chat="p:1", consents=False)
    give = (rt, place.organisation, asha, Act.GIVEN, [MESSAGES])
    with pytest.raises(Refused) as refused:
        await consent.choose(*give, language="hi")
    assert refused.value.code == "notice.none_yet"
    await publish(rt, admin)
    await publish(rt, admin, "2026-2")
    await consent.choose(*give, language="hi")
    async with place.transaction() as conn:
        [act] = await ledger.held(conn, asha)
    assert (act.notice_version, act.basis, act.language) == ("2026-2", Basis.OWN_PAGE, "hi")


async def test_stopping_everything_is_one_step_and_a_later_yes_lifts_it(rt, place, admin):
    await publish(rt, admin)
    asha = await place.person("east-one", chat="p:1")
    assert await may_write(place, asha)
    await consent.stop_everything(rt, place.organisation, asha)
    assert set((await holds(place, asha)).values()) == {Act.WITHDRAWN}
    assert not await may_write(place, asha)
    await consent.choose(rt, place.organisation, asha, Act.GIVEN, [COORDINATION], language="hi")
    assert await may_write(place, asha)
    assert not await may_write(place, asha, "messages"), "only what was chosen"


async def test_what_the_desk_suppressed_no_yes_lifts(rt, place, admin):
    await publish(rt, admin)
    asha = await place.person("east-one", chat="p:1")
    coordinator = await place.account("ravi", at="east", role="coordinator")
    await suppression.suppress(rt, asha, actor=coordinator)
    await consent.choose(rt, place.organisation, asha, Act.GIVEN, [COORDINATION], language="hi")
    assert not await may_write(place, asha)
    with pytest.raises(NotAllowed):
        await suppression.lift(rt, asha, actor=coordinator)
    await suppression.lift(rt, asha, actor=admin)
    assert await may_write(place, asha)
    with pytest.raises(Refused) as refused:
        await suppression.lift(rt, asha, actor=admin)
    assert refused.value.code == "suppression.none"


async def test_nobody_lifts_what_somebody_stopped_themselves(rt, place, admin):
    asha = await place.person("east-one", chat="p:1")
    await consent.stop_everything(rt, place.organisation, asha)
    with pytest.raises(Refused) as refused:
        await suppression.lift(rt, asha, actor=admin)
    assert refused.value.code == "suppression.their_own"


async def test_an_address_is_suppressed_whoever_has_it(rt, place, admin):
    desk = await place.account("desk", at="west", role="desk")
    address = NewContact(SANDBOX, "p:1")
    await suppression.suppress_address(rt, address, actor=desk)
    asha = await place.person("east-one", chat="p:1")
    assert not await may_write(place, asha)
    with pytest.raises(NotAllowed):
        await suppression.lift_address(rt, address, actor=desk)
    await suppression.lift_address(rt, address, actor=admin)
    assert await may_write(place, asha)
    with pytest.raises(NotFound):
        await suppression.lift_address(rt, address, actor=admin)


async def test_a_published_notice_never_changes(rt, place, admin):
    await publish(rt, admin)
    with pytest.raises(Refused) as refused:
        await publish(rt, admin, bodies={"hi": "कुछ और", "en": "Something else"})
    assert refused.value.code == "notice.version_taken"
    async with place.transaction() as conn:
        assert (await ledger.newest_notice(conn, "hi")).body == BODIES["hi"]
        cursor = await conn.execute(
            "SELECT has_table_privilege(current_user, 'notice', 'UPDATE, DELETE')"
        )
        assert await cursor.fetchone() == (False,)


async def test_a_notice_is_published_once_in_both_languages_by_administrators_of_all(
    rt, place, admin
):
    key = str(new_id())
    for _ in range(2):
        await notices.publish(rt, " 2026-1 ", BODIES, key=key, actor=admin)
    assert (await kinds(place)).count("notice.published") == 1
    with pytest.raises(Invalid):
        await publish(rt, admin, "2026-2", {"hi": "केवल हिंदी"})
    for at, role in (("east", "administrator"), ("state", "coordinator")):
        actor = await place.account(f"{at}-{role}".replace("_", "-"), at=at, role=role)
        with pytest.raises(NotAllowed):
            await publish(rt, actor, "2026-3")
    async with place.transaction() as conn:
        assert {notice.version for notice in await ledger.notices(conn, limit=10)} == {"2026-1"}


async def test_the_hold_is_a_years_until_somebody_writes_down_another_with_its_source(
    rt, place, admin
):
    async with place.transaction() as conn:
        usual = await notices.hold(conn)
    assert (usual.days, "DPDP" in usual.source) == (365, True)
    await notices.set_hold(rt, 400, "Counsel's letter", key=str(new_id()), actor=admin)
    async with place.transaction() as conn:
        assert (await notices.hold(conn)).days == 400
    with pytest.raises(Invalid):
        await notices.set_hold(rt, 1, "because", key=str(new_id()), actor=admin)


async def test_another_organisation_sees_no_ledger_notice_or_suppression(rt, place, admin):
    await publish(rt, admin)
    asha = await place.person("east-one", chat="p:1")
    await consent.stop_everything(rt, place.organisation, asha)
    await suppression.suppress_address(rt, NewContact(SANDBOX, "p:2"), actor=admin)
    other = await an_organisation(rt, "dusra")
    async with other.transaction() as conn:
        assert await ledger.history(conn, asha) == []
        assert await ledger.notices(conn, limit=10) == []
        assert await ledger.suppressed(conn) == []
        cursor = await conn.execute("SELECT count(*) FROM suppressed_person")
        assert await cursor.fetchone() == (0,)
