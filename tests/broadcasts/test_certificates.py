"""Election matter of a party goes out by certified channels as it was certified, or not at all."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chaupal.broadcasts import actions, certificates, jobs
from chaupal.broadcasts.audience import Categories, Everyone
from chaupal.broadcasts.models import Stage as At
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused
from chaupal.law.models import CERTIFICATION
from chaupal.organisations.models import OrganisationType
from factories import an_organisation
from staging import Stage

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(clock):
    clock.at = NOON


async def a_stage(rt, type=OrganisationType.PARTY, *, relayed: bool = True) -> Stage:
    place = await an_organisation(rt, type=type)
    await place.category("farmers")
    bot = await place.sender()
    stage = Stage(rt, place, await place.account("asha"), await place.account("ravi"), bot)
    await place.group("east-one", sender=bot, categories=("farmers",))
    if relayed:
        await place.group("east-two", categories=("farmers",))
    return stage


async def certify(stage, id, *, actor=None, **changes):
    await certificates.certify(
        stage.rt,
        id,
        **{
            "number": "MCMC/2026/118",
            "committee": "District MCMC",
            "certified_on": date(2026, 3, 9),
            "key": str(new_id()),
            "actor": actor or stage.author,
            **changes,
        },
    )


@pytest.mark.parametrize("type", OrganisationType)
def test_the_rule_is_for_parties_on_the_channels_that_it_names(type):
    assert CERTIFICATION.needed(type, {"whatsapp", "sandbox"}) == (type == "party")
    assert not CERTIFICATION.needed(type, {"matrix", "sandbox", "email"})


def test_a_certificate_is_bound_to_what_readers_see_and_to_nothing_else():
    texts = {"hi": "एक", "en": "One"}
    whole = certificates.wording_hash(texts, synthetic=False)
    assert whole == certificates.wording_hash(dict(reversed(texts.items())), synthetic=False)
    assert whole != certificates.wording_hash(texts, synthetic=True)
    assert whole != certificates.wording_hash({"hi": "एक"}, synthetic=False)
    assert whole != certificates.wording_hash({"hi": "एक", "en": "One."}, synthetic=False)


async def test_without_a_certificate_nobody_approves_it(rt):
    stage = await a_stage(rt)
    id = await stage.submitted()
    with pytest.raises(Refused, match=r"certificate\.missing"):
        await stage.approve(id)
    await certify(stage, id)
    await stage.approve(id)
    assert (await stage.broadcast(id)).stage is At.APPROVED
    assert await jobs.freeze(rt, stage.place.organisation, id) == 2


async def test_a_changed_word_needs_another_certificate(rt):
    stage = await a_stage(rt)
    id = await stage.submitted()
    await certify(stage, id)
    for changes in ({"texts": {"hi": "और कुछ"}}, {"synthetic": True}):
        await actions.rewrite(rt, id, stage.draft(**changes), key=str(new_id()), actor=stage.author)
        await actions.submit(rt, id, key=str(new_id()), actor=stage.author)
        with pytest.raises(Refused, match=r"certificate\.of_another_text"):
            await stage.approve(id)
    await certify(stage, id, number="MCMC/2026/119")
    await stage.approve(id)


async def test_a_later_end_needs_none(rt):
    stage = await a_stage(rt)
    id = await stage.submitted()
    await certify(stage, id)
    later = stage.draft(expires_at=NOON + timedelta(hours=9))
    await actions.rewrite(rt, id, later, key=str(new_id()), actor=stage.author)
    await actions.submit(rt, id, key=str(new_id()), actor=stage.author)
    assert (await stage.approve(id)).stage is At.APPROVED


@pytest.mark.parametrize(
    ("type", "relayed", "election_matter"),
    [
        (OrganisationType.NGO, True, True),
        (OrganisationType.UNION, True, True),
        (OrganisationType.PARTY, False, True),
        (OrganisationType.PARTY, True, False),
    ],
)
async def test_who_needs_none_is_not_asked_for_one(rt, type, relayed, election_matter):
    stage = await a_stage(rt, type, relayed=relayed)
    approved = await stage.approve(await stage.submitted(election_matter=election_matter))
    assert approved.stage is At.APPROVED


async def test_one_who_does_not_deny_it_is_asked_for_the_certificate(rt):
    stage = await a_stage(rt)
    id = await stage.submitted(election_matter=False)
    with pytest.raises(Refused, match=r"certificate\.missing"):
        await stage.approve(id, denies=False)


@pytest.mark.parametrize("via", ["sandbox", "telegram"])
async def test_it_holds_for_people_as_for_groups(rt, via):
    stage = await a_stage(rt, relayed=False)
    await stage.place.sender("other", channel="telegram")
    await stage.place.person("east-one", chat="7", purpose="messages", channel=via)
    id = await stage.submitted(Everyone(), via=(via,))
    if via == "telegram":
        with pytest.raises(Refused, match=r"certificate\.missing"):
            await stage.approve(id)
        await certify(stage, id)
    await stage.approve(id)
    assert await jobs.freeze(rt, stage.place.organisation, id) == 1


async def test_a_group_that_joined_after_the_approval_does_not_slip_through(rt):
    stage = await a_stage(rt, relayed=False)
    id = await stage.submitted(Categories(["farmers"]))
    await stage.approve(id)
    await stage.place.group("west-one", categories=("farmers",))
    assert await jobs.freeze(rt, stage.place.organisation, id) == 0
    assert (await stage.broadcast(id)).stage is At.CANCELLED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": " "}, "certificate.malformed"),
        ({"number": "x" * 101}, "certificate.malformed"),
        ({"committee": ""}, "certificate.malformed"),
        ({"certified_on": date(2026, 3, 11)}, "certificate.day_ahead"),
    ],
)
async def test_a_certificate_that_cannot_be_is_refused(rt, changes, code):
    stage = await a_stage(rt)
    with pytest.raises(Invalid) as refused:
        await certify(stage, await stage.written(), **changes)
    assert refused.value.code == code


async def test_only_who_may_write_it_enters_a_certificate_and_only_before_the_approval(rt):
    stage = await a_stage(rt)
    id = await stage.submitted()
    west = await stage.place.account("west", at="west")
    with pytest.raises(NotFound):
        await certify(stage, id, actor=west)
    with pytest.raises(NotAllowed):
        await certify(stage, id, actor=await stage.place.account("none", role="office_bearer"))
    await certify(stage, id)
    await stage.approve(id)
    with pytest.raises(Refused, match=r"broadcast\.cannot_move"):
        await certify(stage, id)
