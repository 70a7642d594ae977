"""Sealing: opens only at its place, finds equal texts, and never shows itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.kit.sealing import Broken, Sealer

SEALER = Sealer(b"a" * 32)


@given(st.text(max_size=200), st.text(max_size=30))
def test_what_was_sealed_opens_at_its_place(text, context):
    assert SEALER.unseal(SEALER.seal(text, context), context) == text


def test_a_sealed_value_copied_into_another_row_does_not_open():
    sealed = SEALER.seal("+911100000001", "contact/1/phone")
    with pytest.raises(Broken):
        SEALER.unseal(sealed, "contact/2/phone")


@pytest.mark.parametrize("place", [0, 5, 20, -1])
def test_a_changed_byte_does_not_open(place):
    sealed = bytearray(SEALER.seal("something", "here"))
    sealed[place] ^= 1
    with pytest.raises(Broken):
        SEALER.unseal(bytes(sealed), "here")


def test_the_same_text_sealed_twice_looks_different_and_is_found_by_one_lookup():
    assert SEALER.seal("x", "c") != SEALER.seal("x", "c")
    assert SEALER.lookup("x", "c") == SEALER.lookup("x", "c")
    assert SEALER.lookup("x", "c") != SEALER.lookup("x", "d")
    assert SEALER.lookup("x", "c") != Sealer(b"b" * 32).lookup("x", "c")


def test_a_signature_is_for_one_use_only():
    signature = SEALER.sign("link", b"body", length=8)
    assert SEALER.signed("link", b"body", signature)
    assert not SEALER.signed("code", b"body", signature)
    assert not SEALER.signed("link", b"bodY", signature)


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match="31 bytes"):
        Sealer(b"a" * 31)


def test_the_key_is_not_shown():
    assert "a" * 4 not in repr(SEALER)
