"""Digits of any script are the digits 0 to 9."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.kit import digits


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("RJ-१२३", "RJ-123"),
        ("०९८", "098"),
        ("٣٢١", "321"),
        ("１２", "12"),
        ("x²½", "x²½"),
        ("वार्ड ५ क", "वार्ड 5 क"),
        ("", ""),
    ],
)
def test_digits_of_any_script_are_plain_ones(written, plain):
    assert digits.plain(written) == plain
    assert digits.plain(plain) == plain


@given(st.text())
def test_nothing_but_digits_changes(written):
    plain = digits.plain(written)
    assert len(plain) == len(written)
    assert not any(letter.isdecimal() and not letter.isascii() for letter in plain)
    assert all(a == b for a, b in zip(written, plain, strict=True) if not a.isdecimal())


def test_every_digit_that_unicode_knows_comes_after_its_scripts_zero():
    """On this stands the migration that made stored digits plain."""
    for letter in map(chr, range(sys.maxunicode + 1)):
        if letter.isdecimal():
            value = unicodedata.decimal(letter)
            assert unicodedata.decimal(chr(ord(letter) - value)) == 0


def test_what_was_typed_comes_before_what_it_means():
    assert digits.spellings("१२") == ["१२", "12"]
    assert digits.spellings("12") == ["12"]
