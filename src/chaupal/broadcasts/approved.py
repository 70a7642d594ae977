"""What is on its way, each held against what two people approved before it goes."""

from dataclasses import dataclass, field

from chaupal.broadcasts import queries, registered
from chaupal.broadcasts.filling import Chosen
from chaupal.broadcasts.models import Broadcast, BroadcastId, Claim, Pictured, Text, beside
from chaupal.broadcasts.rendering import render
from chaupal.channels.contract import FilledTemplate
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime

logger = log.logger(__name__)

KNOWN_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Approved:
    """The rendered texts by language, which picture stands beside each if there are any, and the
    template as which they go, if they go as one."""

    texts: dict[str, str]
    pictures: dict[str, Pictured] = field(default_factory=dict)
    text_alone: bool = False
    template: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture beside a text, whether the text may go without it, and whether the template as
    which it goes has no place for it."""

    picture: Pictured
    text_alone: bool
    no_place: bool = False


@dataclass(slots=True)
class Wording:
    """What the broadcasts under way say and show, each checked once against what was approved.

    With `header`, the name that a sender's texts are registered under, also their registrations;
    one that lacks any is looked for again, as somebody may enter it meanwhile.
    """

    rt: Runtime
    organisation: OrganisationId
    header: str | None = None
    known: dict[BroadcastId, Approved] = field(default_factory=dict)
    registrations: dict[BroadcastId, dict[str, FilledTemplate]] = field(default_factory=dict)

    async def of(self, claims: list[Claim]) -> None:
        """Load what these claims need and is not known yet."""
        whole = {id for id in self.known if self._is_whole(id)}
        for id in {claim.broadcast_id for claim in claims} - whole:
            if len(self.known) >= KNOWN_LIMIT:
                self.known.clear()
                self.registrations.clear()
            async with db.transaction(self.rt.pool, self.organisation) as conn:
                self.known[id] = await approved(conn, id)
                if self.header is not None:
                    texts = self.known[id].texts
                    self.registrations[id] = await registered.found(conn, texts, self.header)

    def _is_whole(self, id: BroadcastId) -> bool:
        if self.header is None:
            return True
        return self.registrations.get(id, {}).keys() == self.known[id].texts.keys()

    def text(self, claim: Claim) -> str | None:
        """Return the text of a claim, or None where it is not what was approved."""
        return self.known[claim.broadcast_id].texts.get(claim.language)

    def beside(self, claim: Claim) -> Shown | None:
        """Return what stands beside a claim's text, if anything does."""
        what = self.known[claim.broadcast_id]
        if not what.pictures:
            return None
        chosen = what.template
        no_place = chosen is not None and not chosen.fills[claim.language].pictured
        return Shown(what.pictures[claim.language], what.text_alone, no_place)

    def template(self, claim: Claim) -> FilledTemplate | None:
        """Return as what a claim goes where its provider wants a template, if it has one; or under
        what its text is registered, where texts have to be."""
        if self.header is not None:
            return self.registrations.get(claim.broadcast_id, {}).get(claim.language)
        chosen = self.known[claim.broadcast_id].template
        if chosen is None:
            return None
        fill = chosen.fills[claim.language]
        return FilledTemplate(chosen.name, fill.code, fill.variables)

    def lacks_registration(self, claim: Claim) -> bool:
        """Say whether a claim's text would have to be registered, and is not."""
        return self.header is not None and self.template(claim) is None


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
        broadcast.chosen,
    )


async def approved_texts(conn: db.Conn, id: BroadcastId) -> dict[str, str]:
    """Return the rendered texts of a broadcast, or nothing if they are not what was approved."""
    return (await approved(conn, id)).texts


def is_as_approved(broadcast: Broadcast, texts: list[Text]) -> bool:
    """Say whether what stands in the tables now is what the approval was given for."""
    return broadcast.draft(texts).content_hash() == broadcast.approved_hash
