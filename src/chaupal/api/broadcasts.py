"""Broadcasts: listed, one with its account, written, signed by a second person, steered.

A key acts for its owner, so the author's own key cannot approve, whatever rights it names.
"""

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from chaupal.api.broadcast_law import AheadShape, CertificateShape, ahead_of, certificate_of
from chaupal.api.callers import After, Called, Caller, Key, Limit, Listing
from chaupal.arrivals import log as arrivals_log
from chaupal.broadcasts import actions, again, ahead, audience, certificates, queries, templates
from chaupal.broadcasts.models import (
    Broadcast,
    BroadcastId,
    Draft,
    Lane,
    Pictured,
    Purpose,
    Stage,
    beside,
)
from chaupal.broadcasts.pictures import read_id
from chaupal.broadcasts.rendering import render
from chaupal.broadcasts.rungs import tally
from chaupal.kit.refusals import Invalid
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor

Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
BEFORE_FREEZE = frozenset({Stage.DRAFT, Stage.SUBMITTED, Stage.APPROVED})


class BroadcastLine(Struct, frozen=True):
    """A broadcast in a list. `targets` is known once its audience is fixed."""

    id: UUID
    stage: Stage
    title: str
    purpose: Purpose
    lane: Lane
    author: str
    created_at: datetime
    starts_at: datetime | None
    targets: int | None


class PictureShape(Struct, frozen=True, forbid_unknown_fields=True):
    """The picture beside a text, by its id, and what it shows, for those who do not see it."""

    id: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    description: str


class BroadcastShape(Struct, frozen=True):
    """A broadcast whole. `content` is what an approval is for: send it back as `seen`.

    `reaches` counts the audience as it is now, and `targets` as it was fixed; one of them is null.
    `account` counts the targets by how far each is known to have got; their sum is `targets`.
    `election_matter` is what its author says, `electoral` what counts. `wording` is the hash of
    what readers see, which a certificate is bound to. `ahead`: what the law will hold back.
    """

    id: UUID
    stage: Stage
    title: str
    texts: dict[str, str]
    purpose: Purpose
    audience: Any
    via: list[str]
    template: str | None
    lane: Lane
    election_matter: bool
    electoral: bool
    synthetic: bool
    pictures: dict[str, PictureShape]
    text_alone: bool
    starts_at: datetime | None
    expires_at: datetime
    content: str
    author: str
    created_at: datetime
    submitted_at: datetime | None
    approver: str | None
    approved_at: datetime | None
    frozen_at: datetime | None
    finished_at: datetime | None
    reaches: int | None
    targets: int | None
    account: dict[str, int]
    ahead: list[AheadShape]
    wording: str
    certificate: CertificateShape | None
    counted_at: datetime


class NewTemplate(Struct, frozen=True, forbid_unknown_fields=True):
    """A template that the provider has approved, and its variables in each language, in order."""

    name: Annotated[str, Meta(min_length=1, max_length=512)]
    variables: dict[str, list[str]] = {}


class NewBroadcast(Struct, frozen=True, forbid_unknown_fields=True):
    """What an author writes. `audience` is an expression, as docs/audiences.md describes it.

    With `via`, people themselves are written to, over the first of these channels that they agreed
    to. Without `starts_at` it begins as soon as it is approved. Moments carry their zone. With a
    `template` the texts are what it reads as, and none are given. With `pictures` each text has
    one, by its language; `text_alone`: where a channel takes no picture, the text goes alone.
    """

    title: str
    purpose: Purpose
    audience: Any
    expires_at: Moment
    texts: dict[str, str] = {}
    starts_at: Moment | None = None
    lane: Lane = Lane.NORMAL
    election_matter: bool = True
    synthetic: bool = False
    via: list[str] = []
    template: NewTemplate | None = None
    pictures: dict[str, PictureShape] = {}
    text_alone: bool = False

    async def filled(self, rt: Runtime, actor: Actor) -> Draft:
        """Return the broadcast that this describes, with its texts out of its template."""
        draft, asked = self.draft(), self.template
        if asked is None:
            return draft
        if self.texts:
            raise Invalid("request.malformed", where="texts")
        return await templates.filled_in(rt, draft, asked.name, asked.variables, actor=actor)

    def draft(self) -> Draft:
        """Return the broadcast that this describes."""
        return Draft(
            title=self.title.strip(),
            texts={language: text.strip() for language, text in self.texts.items()},
            purpose=self.purpose,
            audience=audience.parse(self.audience),
            expires_at=self.expires_at,
            lane=self.lane,
            election_matter=self.election_matter,
            synthetic=self.synthetic,
            via=tuple(self.via),
            starts_at=self.starts_at,
            pictures={
                language: Pictured(read_id(shown.id), shown.description.strip())
                for language, shown in self.pictures.items()
            },
            text_alone=self.text_alone,
        )


class Preview(Struct, frozen=True):
    """What would be sent, in each language, how many it would reach now, and what would wait."""

    texts: dict[str, str]
    reaches: int
    content: str
    wording: str
    ahead: list[AheadShape]
    counted_at: datetime


class Written(Struct, frozen=True):
    """Which broadcast was written, and what an approval of it would be for."""

    id: UUID
    content: str


class Doubted(Struct, frozen=True, forbid_unknown_fields=True):
    """How many sends were unknown when somebody decided about them."""

    unknown: Annotated[int, Meta(ge=1, le=1_000_000_000)]


class Seen(Struct, frozen=True, forbid_unknown_fields=True):
    """The `content` of the broadcast that was read: one that was edited since is not approved.

    What counts as election matter unless author and approver both deny it: `no_election_matter` is
    the approver's word.
    """

    seen: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    no_election_matter: bool = False


class Moved(Struct, frozen=True):
    """Where a broadcast stands now."""

    id: UUID
    stage: Stage
    content: str


@get("/broadcasts")
async def listing(
    caller: Called, limit: Limit = 50, after: After = None, stage: FromQuery[Stage | None] = None
) -> Listing[BroadcastLine]:
    """List the broadcasts of those whose area lies within the caller's, the newest first."""
    behind = caller.after("broadcasts", after, tuple[UUID])
    async with caller.transaction() as conn:
        found = await queries.page(
            conn,
            scope=caller.scope,
            stages=[stage.value] if stage else [],
            before=behind[0] if behind else None,
            limit=limit + 1,
        )
    shown = found[:limit]
    return Listing(
        items=[_line(row) for row in shown],
        next=caller.cursor("broadcasts", shown[-1].id) if len(found) > limit else None,
    )


def _line(row: queries.Listed) -> BroadcastLine:
    return BroadcastLine(
        row.id,
        row.stage,
        row.title,
        Purpose(row.purpose),
        Lane(row.lane),
        row.author_label,
        row.created_at,
        row.starts_at,
        row.targets,
    )


@get("/broadcasts/{id:uuid}")
async def broadcast(caller: Called, id: FromPath[UUID]) -> BroadcastShape:
    """Show what a broadcast says, whom it is for, who signed it, and how far it has got."""
    shown = await actions.show(caller.rt, BroadcastId(id), actor=caller.actor)
    row, now = shown.broadcast, caller.rt.now()
    reaches: int | None = None
    texts = {text.language: text.body for text in shown.texts}
    async with caller.transaction() as conn:
        if row.stage in BEFORE_FREEZE:
            reaches = await actions.total(conn, row, now=now)
        meets = await ahead.of_broadcast(conn, row, now=now)
        certificate = await certificates.find(conn, row.id)
    wording = certificates.wording_hash(texts, synthetic=row.synthetic)
    return BroadcastShape(
        id=row.id,
        stage=row.stage,
        title=row.title,
        texts=texts,
        purpose=row.purpose,
        audience=row.audience,
        via=row.via,
        template=row.chosen.name if row.chosen else None,
        lane=row.lane,
        election_matter=row.election_matter,
        electoral=row.electoral,
        synthetic=row.synthetic,
        pictures={
            language: PictureShape(shown.id.hex(), shown.description)
            for language, shown in beside(shown.texts).items()
        },
        text_alone=row.text_alone,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        content=row.content_hash.hex(),
        author=row.author_label,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        approver=row.approver_label,
        approved_at=row.approved_at,
        frozen_at=row.frozen_at,
        finished_at=row.finished_at,
        reaches=reaches,
        targets=row.targets,
        account=tally(shown.counts),
        ahead=ahead_of(meets),
        wording=wording.hex(),
        certificate=certificate_of(certificate, wording) if certificate else None,
        counted_at=now,
    )


@post("/broadcasts/preview", status_code=200)
async def preview(caller: Called, data: JSONBody[NewBroadcast]) -> Preview:
    """Check a broadcast as if it were written, and count whom it would reach. Nothing is kept."""
    draft, now = await data.filled(caller.rt, caller.actor), caller.rt.now()
    draft.check(now=now)
    await actions.check_picture(caller.rt, draft, actor=caller.actor)
    if draft.via:
        reached = await actions.count_people(
            caller.rt, draft.audience, draft.purpose, draft.via, actor=caller.actor
        )
        reaches = sum(part.people for part in reached)
    else:
        slices = await actions.count(caller.rt, draft.audience, draft.purpose, actor=caller.actor)
        reaches = sum(part.groups for part in slices)
    return Preview(
        texts={
            language: render(text, synthetic=draft.synthetic, language=language)
            for language, text in draft.texts.items()
        },
        reaches=reaches,
        content=draft.content_hash().hex(),
        wording=certificates.wording_hash(draft.texts, synthetic=draft.synthetic).hex(),
        ahead=ahead_of(await ahead.of_draft(caller.rt, draft, actor=caller.actor)),
        counted_at=now,
    )


@post("/broadcasts")
async def write(caller: Called, data: JSONBody[NewBroadcast], key: Key) -> Written:
    """Keep a broadcast as a draft. Nothing is sent before a second person has approved it."""
    draft = await data.filled(caller.rt, caller.actor)
    id = await actions.write(caller.rt, draft, key=key, actor=caller.actor)
    await _hint(caller)
    return Written(id, draft.content_hash().hex())


@post("/broadcasts/{id:uuid}", status_code=200)
async def rewrite(
    caller: Called, id: FromPath[UUID], data: JSONBody[NewBroadcast], key: Key
) -> Written:
    """Put another text, audience or time in the place of a draft's; only its author may.

    What was submitted is a draft again.
    """
    draft = await data.filled(caller.rt, caller.actor)
    await actions.rewrite(caller.rt, BroadcastId(id), draft, key=key, actor=caller.actor)
    await _hint(caller)
    return Written(id, draft.content_hash().hex())


@post("/broadcasts/{id:uuid}/submit", status_code=200)
async def submit(caller: Called, id: FromPath[UUID], key: Key) -> Moved:
    """Ask for the second signature."""
    moved = await actions.submit(caller.rt, BroadcastId(id), key=key, actor=caller.actor)
    return await _moved(caller, moved)


@post("/broadcasts/{id:uuid}/approve", status_code=200)
async def approve(caller: Called, id: FromPath[UUID], data: JSONBody[Seen], key: Key) -> Moved:
    """Put the second signature on exactly what was read. The author's own key cannot."""
    moved = await actions.approve(
        caller.rt,
        BroadcastId(id),
        seen_hash=bytes.fromhex(data.seen),
        denies_election=data.no_election_matter,
        key=key,
        actor=caller.actor,
    )
    return await _moved(caller, moved)


@post("/broadcasts/{id:uuid}/send-back", status_code=200)
async def send_back(caller: Called, id: FromPath[UUID], key: Key) -> Moved:
    """Give what was submitted back to its author, as a draft."""
    return await _steer(caller, id, "send_back", key)


@post("/broadcasts/{id:uuid}/pause", status_code=200)
async def pause(caller: Called, id: FromPath[UUID], key: Key) -> Moved:
    """Send nothing more of it for now."""
    return await _steer(caller, id, "pause", key)


@post("/broadcasts/{id:uuid}/resume", status_code=200)
async def resume(caller: Called, id: FromPath[UUID], key: Key) -> Moved:
    """Go on with what was paused; one that has yet to begin still waits for its start."""
    return await _steer(caller, id, "resume", key)


@post("/broadcasts/{id:uuid}/cancel", status_code=200)
async def cancel(caller: Called, id: FromPath[UUID], key: Key) -> Moved:
    """Stop it for good. What was sent stays where it is."""
    return await _steer(caller, id, "cancel", key)


@post("/broadcasts/{id:uuid}/recall", status_code=200)
async def recall(caller: Called, id: FromPath[UUID], key: Key) -> Moved:
    """Stop it for good, and take back what stands in chats as far as channels and admins can."""
    return await _steer(caller, id, "recall", key)


@post("/broadcasts/{id:uuid}/again", status_code=200)
async def send_again(
    caller: Called, id: FromPath[UUID], data: JSONBody[Doubted], key: Key
) -> Moved:
    """Send again what is unknown: whoever had it has it twice. Another number than `unknown` is
    refused."""
    await again.send_again(caller.rt, BroadcastId(id), data.unknown, key=key, actor=caller.actor)
    moved = await actions.show(caller.rt, BroadcastId(id), actor=caller.actor)
    return await _moved(caller, moved.broadcast)


async def _steer(caller: Caller, id: UUID, verb: str, key: str) -> Moved:
    moved = await actions.steer(caller.rt, BroadcastId(id), verb, key=key, actor=caller.actor)
    return await _moved(caller, moved)


async def _moved(caller: Caller, broadcast: Broadcast) -> Moved:
    await _hint(caller)
    return Moved(broadcast.id, broadcast.stage, broadcast.content_hash.hex())


async def _hint(caller: Caller) -> None:
    """Let live pages look again."""
    await arrivals_log.hint(caller.rt.nats, caller.actor.organisation, "broadcasts")


ROUTES: tuple[Any, ...] = (
    listing,
    broadcast,
    preview,
    write,
    rewrite,
    submit,
    approve,
    send_back,
    pause,
    resume,
    cancel,
    recall,
    send_again,
)
