"""Invite links: what is one, on which channel, and how we write it."""

import pytest

from chaupal.groups import invites
from chaupal.groups.models import GroupChannel
from chaupal.kit.refusals import Invalid

CODE = "AbCdEfGhIjKlMnOpQrStUv"


@pytest.mark.parametrize(
    "pasted",
    [
        f"https://chat.whatsapp.com/{CODE}",
        f"http://chat.whatsapp.com/invite/{CODE}",
        f"  https://chat.whatsapp.com/{CODE}?mode=ac_t\n",
        f"मेरे समूह से जुड़ें: https://chat.whatsapp.com/{CODE}. धन्यवाद",
    ],
)
def test_a_link_is_found_in_what_a_phone_shares(pasted):
    assert invites.read(pasted, GroupChannel.WHATSAPP) == f"https://chat.whatsapp.com/{CODE}"


@pytest.mark.parametrize(
    ("pasted", "written"),
    [
        ("https://t.me/+AbCdEfGhIjK", "https://t.me/+AbCdEfGhIjK"),
        ("https://telegram.me/joinchat/AbCdEfGhIjK", "https://t.me/joinchat/AbCdEfGhIjK"),
    ],
)
def test_other_channels_have_links_of_their_own(pasted, written):
    assert invites.read(pasted, GroupChannel.TELEGRAM) == written
    with pytest.raises(Invalid, match="invite_malformed"):
        invites.read(pasted, GroupChannel.WHATSAPP)


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "chat.whatsapp.com",
        "https://chat.whatsapp.com/",
        "https://chat.whatsapp.com/short",
        f"https://chat.whatsapp.com.evil.invalid/{CODE}",
        f"https://evil.invalid/chat.whatsapp.com/{CODE}",
        f"javascript:alert('https:chat.whatsapp.com/{CODE}')",
        f"https://chat.whatsapp.com/{CODE * 3}",
        "x" * 2000 + f"https://chat.whatsapp.com/{CODE}",
    ],
)
def test_what_only_looks_like_a_link_is_refused_and_not_repeated(pasted):
    with pytest.raises(Invalid) as refused:
        invites.read(pasted, GroupChannel.WHATSAPP)
    assert refused.value.facts == {"channel": "whatsapp"}


def test_a_channel_without_invites_takes_none():
    with pytest.raises(Invalid):
        invites.read(f"https://chat.whatsapp.com/{CODE}", GroupChannel.SANDBOX)
