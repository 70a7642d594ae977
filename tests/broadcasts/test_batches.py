"""How much a sender's loop takes at a time."""

from chaupal.broadcasts.dispatch import BATCH_S, IN_FLIGHT, next_batch


def test_a_slow_provider_is_given_half_a_seconds_worth_so_that_urgent_ones_need_not_wait():
    assert next_batch(1000, 4.0) == 1000 / 4.0 * BATCH_S == 125


def test_a_quick_provider_is_given_more_the_next_time():
    assert next_batch(128, 0.05) > 1000


def test_there_is_always_something_for_every_line_to_carry():
    assert next_batch(1, 30.0) == IN_FLIGHT
    assert next_batch(1, 0.0) >= IN_FLIGHT
