"""A provider in trouble is left alone for a while; one message asks whether it is over."""

from datetime import timedelta
from itertools import pairwise

import pytest

from chaupal.arrivals.models import Failure
from chaupal.broadcasts.breaker import LONGEST_WAIT_S, TROUBLE, Breaker
from chaupal.channels.contract import Accepted, Deferred, Rejected, Unknown

SILENT = [Unknown("http_502")] * TROUBLE


def test_a_batch_without_an_answer_stops_the_sender_longer_each_time():
    breaker = Breaker()
    waits = [breaker.note(SILENT)] + [breaker.note([Unknown("lost")]) for _ in range(9)]
    for earlier, later in pairwise(waits):
        assert later == min(2 * earlier, LONGEST_WAIT_S)
    assert waits[0] > 0
    assert breaker.asks


@pytest.mark.parametrize(
    "clear",
    [
        Accepted("1"),
        Rejected(Failure.BLOCKED, "blocked"),
        Deferred("throttled", timedelta(seconds=1)),
        Deferred("too often", pair_only=True),
    ],
)
def test_any_clear_answer_says_that_the_trouble_is_over(clear):
    breaker = Breaker()
    breaker.note(SILENT)
    assert breaker.note([Unknown("lost"), clear]) == 0
    assert not breaker.asks


def test_one_lost_answer_among_few_messages_is_no_trouble_yet_but_several_in_a_row_are():
    breaker = Breaker()
    assert [breaker.note([Unknown("lost")]) for _ in range(TROUBLE - 1)] == [0] * (TROUBLE - 1)
    assert breaker.note([Deferred("not reached")]) > 0


def test_what_was_not_tried_says_nothing():
    breaker = Breaker()
    assert breaker.note([None] * 50) == 0
    assert not breaker.asks
