"""What is on its way, held against what two people approved before any of it goes."""

from dataclasses import dataclass, field

from chaupal.broadcasts import queries
from chaupal.broadcasts.models import Broadcast, BroadcastId, Claim, Pictured, Text, beside
from chaupal.broadcasts.rendering import render
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Approved:
    """The rendered texts by language, and which picture stands beside each, if there are any."""

    texts: dict[str, str]
    pictures: dict[str, Pictured] = field(default_factory=dict)
    text_alone: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture beside a text, and whether the text may go without it."""

    picture: Pictured
    text_alone: bool


@dataclass(slots=True)
class Wording:
    """What the broadcasts under way say and show, each checked once against what was approved."""

    rt: Runtime
    organisation: OrganisationId
    known: dict[BroadcastId, Approved] = field(default_factory=dict)

    async def of(self, claims: list[Claim]) -> None:
        """Load what these claims need and is not known yet."""
        for id in {claim.broadcast_id for claim in claims} - self.known.keys():
            if len(self.known) >= 200:
                self.known.clear()
            async with db.transaction(self.rt.pool, self.organisation) as conn:
                self.known[id] = await approved(conn, id)

    def text(self, claim: Claim) -> str | None:
        """Return the text of a claim, or None where it is not what was approved."""
        return self.known[claim.broadcast_id].texts.get(claim.language)

    def beside(self, claim: Claim) -> Shown | None:
        """Return what stands beside a claim's text, if anything does."""
        what = self.known[claim.broadcast_id]
        return Shown(what.pictures[claim.language], what.text_alone) if what.pictures else None


async def approved(conn: db.Conn, id: BroadcastId) -> Approved:
    """Return what a broadcast says and shows, or nothing if that is not what was approved.

    Approved text = sent text: the hash of what is about to be sent is computed again here and
    compared with the one that the second signature stands under. It holds each picture's own.
    """
    broadcast = await queries.lock(conn, id)
    texts = await queries.texts(conn, id)
    if broadcast is None or not is_as_approved(broadcast, texts):
        logger.error("broadcast.text_is_not_what_was_approved", broadcast=str(id))
        return Approved({})
    return Approved(
        {
            text.language: render(text.body, synthetic=broadcast.synthetic, language=text.language)
            for text in texts
        },
        beside(texts),
        broadcast.text_alone,
    )


async def approved_texts(conn: db.Conn, id: BroadcastId) -> dict[str, str]:
    """Return the rendered texts of a broadcast, or nothing if they are not what was approved."""
    return (await approved(conn, id)).texts


def is_as_approved(broadcast: Broadcast, texts: list[Text]) -> bool:
    """Say whether what stands in the tables now is what the approval was given for."""
    return broadcast.draft(texts).content_hash() == broadcast.approved_hash
