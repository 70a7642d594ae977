"""Loading the demonstration: interrupted anywhere, the next run goes on where it broke off."""

import stat
from collections.abc import Iterable, Iterator

import pytest

from chaupal.kit import db
from chaupal.organisations import actions as organisations
from chaupal.rehearsal import roster
from chaupal.rehearsal.demo import loading, queries
from chaupal.rehearsal.demo.progress import Steps

GROUPS, PEOPLE = 230, 140
ELSEWHERE = "http://127.0.0.1:9"
SOURCE = roster.rajasthan(2026, GROUPS, PEOPLE)


class Interrupted(BaseException):
    """Ctrl-C, as it arrives in the middle of a step."""


class Brief(Steps):
    """Steps of which one is broken off in its middle."""

    def __init__(self, broken_off: str) -> None:
        super().__init__()
        self.broken_off = broken_off

    def counted(self, name: str, rows: Iterable, total: int) -> Iterator:
        for passed, row in enumerate(super().counted(name, rows, total)):
            if name.startswith(self.broken_off) and passed == total // 2:
                raise Interrupted
            yield row


@pytest.mark.parametrize("step", ["Units", "People", "Groups"])
async def test_loading_broken_off_starts_over_and_comes_to_the_same(rt, step):
    with pytest.raises(Interrupted):
        await loading.load(rt, SOURCE, provider=ELSEWHERE, steps=Brief(step))
    assert await loading.loaded(rt, SOURCE.slug) is None, "half loaded is not loaded"
    id = await loading.load(rt, SOURCE, provider=ELSEWHERE, steps=Steps())
    whole = await loading.loaded(rt, SOURCE.slug)
    assert whole == queries.Sizes(SOURCE.unit_count, GROUPS, PEOPLE)
    assert await loading.load(rt, SOURCE, provider=ELSEWHERE, steps=Steps()) == id
    assert await loading.loaded(rt, SOURCE.slug) == whole, "what is loaded is left as it is"
    async with db.transaction(rt.pool, id) as conn:
        assert len(await queries.senders(conn)) == SOURCE.senders


async def test_founded_but_without_senders_is_completed(rt):
    await loading._found(rt, SOURCE)
    await loading.load(rt, SOURCE, provider=ELSEWHERE, steps=Steps())
    assert await loading.loaded(rt, SOURCE.slug) is not None


async def test_every_account_can_sign_in_even_when_nobody_kept_its_password(rt, tmp_path):
    id = await loading.load(rt, SOURCE, provider=ELSEWHERE, steps=Steps())
    first = await loading.open_accounts(rt, SOURCE.slug, id, [])
    loading.keep_sign_ins(tmp_path, first[:2])
    assert stat.S_IMODE((tmp_path / "demo.sign-ins").stat().st_mode) == 0o600
    kept = loading.read_sign_ins(tmp_path)
    again = await loading.open_accounts(rt, SOURCE.slug, id, kept)
    assert [one.login for one in again] == [one.login for one in first]
    assert again[:2] == first[:2], "a password that was kept stays"
    for sign_in in again:
        await organisations.sign_in(
            rt,
            slug=SOURCE.slug,
            login=sign_in.login,
            password=sign_in.password,
            address="127.0.0.1",
        )
