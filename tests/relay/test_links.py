from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.kit import tokens
from chaupal.kit.ids import OrganisationId, new_id
from chaupal.kit.refusals import Gone, Invalid, NotFound
from chaupal.kit.sealing import Sealer
from chaupal.relay import links

SEALER, OTHER = Sealer(b"a" * 32), Sealer(b"b" * 32)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ORGANISATION = OrganisationId(7)


@given(st.integers(1, 65535), st.integers(1, 2**40 - 1))
def test_a_group_code_is_sixteen_characters_and_comes_back(organisation, delivery):
    code = links.group_code(SEALER, OrganisationId(organisation), delivery)
    assert len(code) == 16
    assert links.read_group_code(SEALER, code) == (organisation, delivery)


@given(st.integers(0, 15), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_group_code_with_any_other_character_is_not_found(place, character):
    code = links.group_code(SEALER, ORGANISATION, 12345)
    changed = code[:place] + character + code[place + 1 :]
    if changed != code:
        with pytest.raises(NotFound):
            links.read_group_code(SEALER, changed)


@pytest.mark.parametrize("code", ["", "short", "x" * 16, "x" * 17, "é" * 16, "+/" * 8, "a" * 5000])
def test_what_is_no_code_is_not_found(code):
    with pytest.raises(NotFound):
        links.read_group_code(SEALER, code)


def test_a_code_of_another_installation_is_not_found():
    with pytest.raises(NotFound):
        links.read_group_code(SEALER, links.group_code(OTHER, ORGANISATION, 1))


def test_a_personal_token_comes_back_until_it_expires():
    assignment = new_id()
    token = links.personal_token(SEALER, ORGANISATION, assignment, NOW)
    before = NOW - timedelta(seconds=1)
    assert links.read_token(SEALER, token, now=before) == (ORGANISATION, assignment)
    with pytest.raises(Gone, match="link_expired"):
        links.read_token(SEALER, token, now=NOW)
    grace = timedelta(days=7)
    assert links.read_token(SEALER, token, now=before + grace, grace=grace)[1] == assignment
    with pytest.raises(Gone, match="link_expired"):
        links.read_token(SEALER, token, now=NOW + grace, grace=grace)


def test_a_token_with_any_changed_character_is_broken():
    token = links.personal_token(SEALER, ORGANISATION, new_id(), NOW + timedelta(days=1))
    changes = [
        token[:place] + other + token[place + 1 :]
        for place, was in enumerate(token)
        for other in (ascii_letters + digits + "-_" if place == len(token) - 1 else "AB")
        if other != was
    ]
    for changed in changes:
        with pytest.raises(Invalid, match="link_broken"):
            links.read_token(SEALER, changed, now=NOW)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 10_000, "…" * 43, "=" * 43])
def test_what_is_no_token_is_broken(token):
    with pytest.raises(Invalid, match="link_broken"):
        links.read_token(SEALER, token, now=NOW)


def test_a_code_signed_for_one_use_is_not_good_for_another():
    body = ORGANISATION.to_bytes(2, "big") + (9).to_bytes(5, "big")
    raw = body + SEALER.sign("relay-link", body, length=links.CODE_MAC_BYTES)
    with pytest.raises(NotFound):
        links.read_group_code(SEALER, tokens.written(raw))
