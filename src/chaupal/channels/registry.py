"""Which channels there are. To remove one, delete its folder and its line here."""

from collections.abc import Mapping
from types import MappingProxyType

from chaupal.channels.contract import Channel
from chaupal.channels.email import Email
from chaupal.channels.matrix import Matrix
from chaupal.channels.sandbox import Sandbox
from chaupal.channels.sms import Sms
from chaupal.channels.telegram import Telegram
from chaupal.channels.whatsapp_cloud import WhatsAppCloud
from chaupal.kit.refusals import Invalid

CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {
        channel.traits.name: channel
        for channel in (Sandbox(), Telegram(), Matrix(), WhatsAppCloud(), Email(), Sms())
    }
)

# What a sender's address begins with, where its provider is not asked over the web.
OF_THE_WEB = frozenset({"http", "https"})
SCHEMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {"email": frozenset({"smtp", "smtps"}), "sms": frozenset({"smpp", "smpps"})}
)

# Channels that no program may drive: their deliveries become tasks for the group's admins.
RELAYED = frozenset({"whatsapp"})


def channel(name: str) -> Channel:
    """Return the channel of this name; one that we don't have, or only relay to, is refused."""
    found = CHANNELS.get(name)
    if found is None:
        raise Invalid("channel.unknown", channel=name)
    return found
