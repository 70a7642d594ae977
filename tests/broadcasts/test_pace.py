"""The pace of a sender, with a clock of the test's own: no rate is exceeded by any pattern."""

import math
import random
from itertools import pairwise

import pytest

from chaupal.broadcasts.pace import BURST_S, CHATS_REMEMBERED, HEADROOM, Pace, Spacing


class Watch:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at

    async def sleep(self, wait_s: float) -> None:
        assert wait_s > 0
        self.at += max(wait_s, 1e-6)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def a_pace(watch: Watch, *, rate_per_s: float = 100, chat_interval_s: float = 0) -> Pace:
    return Pace(
        rate_per_s=rate_per_s, chat_interval_s=chat_interval_s, clock=watch, sleep=watch.sleep
    )


async def places(pace: Pace, watch: Watch, count: int, chat: str | None = None) -> list[float]:
    """When each of so many messages may go, one after the other."""
    times = []
    for number in range(count):
        assert await pace.turn(chat or f"g:{number}", until=math.inf)
        times.append(watch.at)
    return times


def most_within(times: list[float], window_s: float) -> int:
    return max(sum(start <= t < start + window_s for t in times) for start in times)


async def test_a_fresh_pace_has_nothing_to_spend(watch):
    began = watch.at
    [first] = await places(a_pace(watch, rate_per_s=10), watch, 1)
    assert first - began == pytest.approx(1 / 8)


async def test_the_rate_stays_a_fifth_below_the_providers_limit(watch):
    began = watch.at
    times = await places(a_pace(watch), watch, 800)
    assert times[-1] - began == pytest.approx(10)
    assert most_within(times, 1.0) <= 100 * HEADROOM + 1


async def test_a_pause_saves_up_a_tenth_of_a_second_and_no_more(watch):
    pace = a_pace(watch)
    await places(pace, watch, 5)
    watch.at += 3600
    times = await places(pace, watch, 200)
    at_once = sum(t == times[0] for t in times)
    assert at_once == 100 * HEADROOM * BURST_S


async def test_no_pattern_of_asking_exceeds_the_rate_in_any_second(watch):
    seed = random.randrange(2**32)
    dice, pace, times = random.Random(seed), a_pace(watch), []
    for _ in range(60):
        watch.at += dice.choice((0, 0.001, 0.3, 5)) * dice.random()
        if dice.random() < 0.1:
            pace.hold_back(dice.random())
        times += await places(pace, watch, dice.randrange(1, 40))
    assert most_within(times, 1.0) <= 100 * HEADROOM * (1 + BURST_S) + 1, f"seed {seed}"


async def test_a_chat_waits_its_interval_and_the_others_do_not_wait_with_it(watch):
    pace = a_pace(watch, chat_interval_s=3)
    first, second = await places(pace, watch, 2, chat="g:1")
    assert second - first == pytest.approx(3)
    [other] = await places(pace, watch, 1, chat="g:2")
    assert other - second < 0.1


async def test_a_chat_unknown_to_a_fresh_pace_waits_since_somebody_may_just_have_written(watch):
    began = watch.at
    [first] = await places(a_pace(watch, chat_interval_s=3), watch, 1, chat="g:1")
    assert first - began == pytest.approx(3)


async def test_a_provider_that_asks_for_a_wait_gets_it_and_no_burst_after_it(watch):
    pace = a_pace(watch)
    await places(pace, watch, 10)
    asked_at = watch.at
    pace.hold_back(30)
    pace.hold_back(5)  # a shorter wait does not shorten a longer one
    assert pace.is_held_back()
    times = await places(pace, watch, 20)
    assert not pace.is_held_back()
    assert times[0] - asked_at == pytest.approx(30 + 1 / 80)
    assert times[-1] - asked_at == pytest.approx(30 + 20 / 80)


async def test_a_place_that_comes_too_late_is_not_taken_nor_waited_for(watch):
    pace = a_pace(watch)
    pace.hold_back(30)
    began = watch.at
    assert not await pace.turn("g:1", until=began + 29)
    assert watch.at == began
    assert await pace.turn("g:1", until=began + 31)
    assert not await pace.turn("g:2", until=watch.at)


async def test_a_batch_is_what_fits_into_its_time_and_at_least_one(watch):
    assert a_pace(watch, rate_per_s=1000).batch(0.5) == 400
    assert a_pace(watch, rate_per_s=1).batch(0.5) == 1


async def test_memory_does_not_grow_with_the_chats(watch):
    pace = a_pace(watch, rate_per_s=20_000, chat_interval_s=0.01)
    await places(pace, watch, CHATS_REMEMBERED + 50)
    assert [len(kept) for kept in pace._kept] == [CHATS_REMEMBERED]


async def test_one_who_is_throttled_goes_slower_and_comes_back_within_a_minute():
    clock = [0.0]

    async def sleep(wait_s: float) -> None:
        clock[0] += max(wait_s, 1e-6)

    pace = Pace(rate_per_s=100, chat_interval_s=0, clock=lambda: clock[0], sleep=sleep)
    full = pace.rate_per_s
    for _ in range(3):
        pace.throttled()
    slow = pace.rate_per_s
    assert slow < 0.4 * full
    for _ in range(100):
        pace.throttled()
    assert 0 < pace.rate_per_s < slow

    sent = 0
    while clock[0] < 70:
        assert await pace.turn("g:1", until=80)
        sent += 1
    assert pace.rate_per_s == full
    assert sent < 70 * full


def a_pair_pace(watch: Watch, *, interval_s: float = 6, burst: int = 45) -> Pace:
    return Pace(
        rate_per_s=1000,
        chat_interval_s=0,
        clock=watch,
        sleep=watch.sleep,
        pair_interval_s=interval_s,
        pair_burst=burst,
    )


async def test_a_pair_has_its_burst_and_then_one_in_each_interval_a_fifth_below_both(watch):
    pace = a_pair_pace(watch)
    watch.at += 3600  # whoever held the sender before has used the burst; by now it is whole
    times = await places(pace, watch, 40, chat="p:1")
    assert times[35] - times[0] < 1, "36 at once"
    gaps = [later - earlier for earlier, later in pairwise(times[36:])]
    assert gaps == pytest.approx([7.5] * 3)
    [other] = await places(pace, watch, 1, chat="p:2")
    assert other - times[-1] < 0.1, "the others do not wait with it"


async def test_after_a_lease_moved_a_pair_begins_as_if_its_burst_were_used(watch):
    began = watch.at
    times = await places(a_pair_pace(watch), watch, 3, chat="p:1")
    assert [at - began for at in times] == pytest.approx([7.5, 15, 22.5])


async def test_no_pattern_exceeds_a_pairs_limit_however_many_are_forgotten(watch):
    seed = random.randrange(2**32)
    dice, interval_s, burst = random.Random(seed), 6.0, 5
    pace = a_pair_pace(watch, interval_s=interval_s, burst=burst)
    times: dict[str, list[float]] = {}
    for _ in range(300):
        watch.at += dice.choice((0, 0, 3, 40)) * dice.random()
        chat = f"p:{dice.randrange(4)}"
        times.setdefault(chat, []).extend(await places(pace, watch, dice.randrange(1, 4), chat))
        if dice.random() < 0.02:
            pace._kept[0]._whole_at.clear()
            pace._kept[0]._unknown = watch.at + interval_s / HEADROOM * 4
    for at in times.values():
        for first in range(len(at)):
            for last in range(first, len(at)):
                allowed = burst + (at[last] - at[first]) / interval_s
                assert last - first + 1 <= allowed + 1e-6, f"seed {seed}"


async def test_those_who_are_forgotten_are_taken_to_have_used_their_burst(watch):
    spacing = Spacing(6, 3, began_at=0)
    for number in range(CHATS_REMEMBERED + 1):
        for _ in range(3):
            spacing.occupy(f"p:{number}", 1000.0)
    assert len(spacing) == CHATS_REMEMBERED
    assert spacing.free_at("p:0") == spacing.free_at("p:unknown") == 1000 + 6


async def test_a_recipient_who_is_held_waits_and_nobody_is_held_for_being_unknown(watch):
    pace = a_pace(watch)
    for number in range(CHATS_REMEMBERED + 1):
        pace.hold_back_from(f"p:{number}", 600)
    assert pace.held_from_s("p:0") == pace.held_from_s("p:unknown") == 0
    assert pace.held_from_s("p:7") == pytest.approx(600)
    assert not await pace.turn("p:7", until=watch.at + 599)
    assert await pace.turn("p:0", until=watch.at + 599)


async def test_who_is_stopped_gives_no_turn_even_to_those_who_wait_already(watch):
    pace = a_pace(watch, rate_per_s=1)

    async def sleep(wait_s: float) -> None:
        pace.stop()
        watch.at += wait_s

    pace._sleep = sleep
    assert not await pace.turn("g:1", until=math.inf)
