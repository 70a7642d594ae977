"""The approved texts of the broadcasts whose pages are being read, remembered for a while."""

from collections import OrderedDict

from chaupal.broadcasts.approved import approved_texts
from chaupal.broadcasts.models import BroadcastId
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId

REMEMBERED = 200

# What two people signed can't change any more, so the first reading serves all: a hundred
# thousand admins may open their pages within minutes. Nothing is remembered of a text that is
# not what was approved.
_known: OrderedDict[tuple[OrganisationId, BroadcastId], dict[str, str]] = OrderedDict()


async def approved(conn: db.Conn, organisation: OrganisationId, id: BroadcastId) -> dict[str, str]:
    """Return the texts of a broadcast by language, label included; none if not as approved."""
    known = _known.get((organisation, id))
    if known is not None:
        return known
    texts = await approved_texts(conn, id)
    if texts:
        _known[organisation, id] = texts
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
    return texts
