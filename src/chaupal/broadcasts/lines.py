"""A sender's line: opened by its sealed account; what comes over it goes first into the log."""

from chaupal.arrivals.inlet import Inlet
from chaupal.arrivals.log import Handed
from chaupal.broadcasts.deliveries import Leased
from chaupal.channels.contract import Account, Connection, Listening
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime
from chaupal.kit.sealing import Sealer


def account_of(sealer: Sealer, leased: Leased) -> Account:
    """Return a sender's account with its secrets open; `Broken` where they are another key's."""
    return Account(
        endpoint=leased.endpoint,
        token=sealer.unseal(leased.sealed_token, f"sender/{leased.id}/token"),
        webhook_secret=sealer.unseal(
            leased.sealed_webhook_secret, f"sender/{leased.id}/webhook_secret"
        ),
    )


async def hear(rt: Runtime, organisation: OrganisationId, leased: Leased, line: Connection) -> None:
    """Hold a line that is listened to, until cancelled; one that is not needs no holding."""
    if not isinstance(line, Listening):
        return
    inlet = Inlet(rt.nats)

    async def keep(body: bytes) -> None:
        await inlet.put(Handed(organisation, leased.id.hex, leased.channel, rt.now(), body))

    await line.listen(keep, rt.now)
