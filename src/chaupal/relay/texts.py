"""What the broadcasts whose pages are being read say and show, remembered for a while."""

from collections import OrderedDict

from chaupal.broadcasts import approved as approvals
from chaupal.broadcasts import pictures
from chaupal.broadcasts.approved import Approved
from chaupal.broadcasts.models import BroadcastId, PictureId
from chaupal.kit import db
from chaupal.kit.ids import OrganisationId

REMEMBERED = 200
PICTURES_REMEMBERED = 50  # of 60 kB at most

# What two people signed can't change any more, so the first reading serves all: a hundred
# thousand admins may open their pages within minutes. Nothing is remembered of a text that is
# not what was approved.
_known: OrderedDict[tuple[OrganisationId, BroadcastId], Approved] = OrderedDict()
_pictures: OrderedDict[tuple[OrganisationId, PictureId], bytes] = OrderedDict()


async def approved(conn: db.Conn, organisation: OrganisationId, id: BroadcastId) -> Approved:
    """Return what a broadcast says, label included, and shows; nothing if not as approved."""
    known = _known.get((organisation, id))
    if known is not None:
        return known
    what = await approvals.approved(conn, id)
    if what.texts:
        _known[organisation, id] = what
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
    return what


async def picture(conn: db.Conn, organisation: OrganisationId, id: PictureId) -> bytes | None:
    """Return a picture as volunteers' pages show it; none if it is not what was approved."""
    known = _pictures.get((organisation, id))
    if known is not None:
        return known
    kept = await pictures.find(conn, id)
    if kept is None:
        return None
    _pictures[organisation, id] = kept.light
    while len(_pictures) > PICTURES_REMEMBERED:
        _pictures.popitem(last=False)
    return kept.light
