"""The texts of what is on its way, each held against what two people approved before it goes."""

from dataclasses import dataclass, field

from chaupal.broadcasts import queries, registered
from chaupal.broadcasts.filling import Chosen
from chaupal.broadcasts.models import Broadcast, BroadcastId, Claim
from chaupal.broadcasts.rendering import render
from chaupal.channels.contract import FilledTemplate
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.runtime import Runtime

logger = log.logger(__name__)


@dataclass(slots=True)
class Wording:
    """The texts of the broadcasts under way, each checked once against what was approved.

    With `header`, the name that a sender's texts are registered under, also their registrations;
    one that lacks any is looked for again, as somebody may enter it meanwhile.
    """

    rt: Runtime
    organisation: OrganisationId
    header: str | None = None
    known: dict[BroadcastId, dict[str, str]] = field(default_factory=dict)
    templates: dict[BroadcastId, Chosen] = field(default_factory=dict)
    registrations: dict[BroadcastId, dict[str, FilledTemplate]] = field(default_factory=dict)

    async def of(self, claims: list[Claim]) -> None:
        """Load what these claims need and is not known yet."""
        whole = {id for id in self.known if self._is_whole(id)}
        for id in {claim.broadcast_id for claim in claims} - whole:
            if len(self.known) >= 200:
                self.known.clear()
                self.templates.clear()
                self.registrations.clear()
            async with db.transaction(self.rt.pool, self.organisation) as conn:
                self.known[id], template = await _approved(conn, id)
                if self.header is not None:
                    found = await registered.found(conn, self.known[id], self.header)
                    self.registrations[id] = found
            if template is not None:
                self.templates[id] = template

    def _is_whole(self, id: BroadcastId) -> bool:
        if self.header is None:
            return True
        return self.registrations.get(id, {}).keys() == self.known[id].keys()

    def text(self, claim: Claim) -> str | None:
        """Return the text of a claim, or None where it is not what was approved."""
        return self.known[claim.broadcast_id].get(claim.language)

    def template(self, claim: Claim) -> FilledTemplate | None:
        """Return as what a claim goes where its provider wants a template, if it has one; or under
        what its text is registered, where texts have to be."""
        if self.header is not None:
            return self.registrations.get(claim.broadcast_id, {}).get(claim.language)
        chosen = self.templates.get(claim.broadcast_id)
        if chosen is None:
            return None
        fill = chosen.fills[claim.language]
        return FilledTemplate(chosen.name, fill.code, fill.variables)

    def lacks_registration(self, claim: Claim) -> bool:
        """Say whether a claim's text would have to be registered, and is not."""
        return self.header is not None and self.template(claim) is None


async def approved_texts(conn: db.Conn, id: BroadcastId) -> dict[str, str]:
    """Return the rendered texts of a broadcast, or nothing if they are not what was approved."""
    texts, _ = await _approved(conn, id)
    return texts


async def _approved(conn: db.Conn, id: BroadcastId) -> tuple[dict[str, str], Chosen | None]:
    """Return the rendered texts of a broadcast, and the template as which they go.

    Approved text = sent text: the hash of what is about to be sent is computed again here and
    compared with the one that the second signature stands under.
    """
    broadcast = await queries.lock(conn, id)
    texts = {text.language: text.body for text in await queries.texts(conn, id)}
    if broadcast is None or not is_as_approved(broadcast, texts):
        logger.error("broadcast.text_is_not_what_was_approved", broadcast=str(id))
        return {}, None
    rendered = {
        language: render(body, synthetic=broadcast.synthetic, language=language)
        for language, body in texts.items()
    }
    return rendered, broadcast.chosen


def is_as_approved(broadcast: Broadcast, texts: dict[str, str]) -> bool:
    """Say whether what stands in the tables now is what the approval was given for."""
    return broadcast.draft(texts).content_hash() == broadcast.approved_hash
