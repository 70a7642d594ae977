"""What admins and members do at their links. Whatever they do goes through the arrivals log."""

from datetime import date, timedelta
from urllib.parse import quote

from chaupal.arrivals import log as arrivals_log
from chaupal.arrivals import own
from chaupal.arrivals.models import LinkClicked, RelayDeleted, RelayOpened, RelayPosted
from chaupal.broadcasts.approved import Approved
from chaupal.broadcasts.models import Stage, State
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Gone, Invalid, NotFound, Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.organisations.scope import INDIA
from chaupal.relay import links, pages, texts
from chaupal.relay.models import LinkPage, OpenTask, RelayPage, WithdrawnPage

OTHERS_LIMIT = 20
# A tap that was kept without signal may come long after the task has closed.
POSTED_GRACE = timedelta(days=7)

logger = log.logger(__name__)


async def open_page(
    rt: Runtime,
    token: str,
    *,
    language: str | None = None,
    by_person: bool = True,
    just_posted: bool = False,
    just_deleted: bool = False,
) -> RelayPage | WithdrawnPage:
    """Return what a person sees at their personal link, and note that they opened it.

    A machine that only draws a preview (not `by_person`) sees it too, and nothing is noted.
    A task that somebody else has done, that was withdrawn, or whose area is silent now shows
    no text: nobody shall post it any more. Whoever posted what was recalled, or has seen it, is
    asked to delete it, also after the link's own time. With `just_posted` or `just_deleted` the
    page thanks at once, even if the projector is a moment behind. The page is in `language`, where
    its reader asked for one, and else in the admin's; the text stays in the admin's.
    """
    organisation, assignment = links.read_token(rt.sealer, token, now=rt.now(), grace=POSTED_GRACE)
    async with db.transaction(rt.pool, organisation) as conn:
        part = await pages.part(conn, assignment, now=rt.now(), today=_today(rt))
        if part is None:
            raise Invalid("relay.link_broken")
        has_seen = part.posted_at or part.opened_at or just_posted
        if part.stage is Stage.RECALLED and has_seen:
            return _withdrawn(
                part,
                language=language or part.person_language,
                deleted=just_deleted or part.deleted_at is not None,
            )
        links.read_token(rt.sealer, token, now=rt.now())
        _check_open(part, just_posted=just_posted)
        approved = await texts.approved(conn, organisation, part.broadcast_id)
        others = await pages.others(
            conn, part.person_id, besides=assignment, now=rt.now(), limit=OTHERS_LIMIT
        )
    if by_person and part.opened_at is None:
        try:
            await _say(rt, organisation, own.RELAY, RelayOpened(rt.now(), assignment))
        except Unavailable:  # the page matters more: the rung stays lower than the truth
            logger.warning("relay.opening_not_noted", organisation=organisation)
    return _page(
        rt,
        organisation,
        part,
        approved,
        others,
        language=language or part.person_language,
        just_posted=just_posted,
    )


def _withdrawn(part: pages.Part, *, language: str, deleted: bool) -> WithdrawnPage:
    in_hindi = language == "hi"
    return WithdrawnPage(
        organisation_name=part.organisation_name_hi if in_hindi else part.organisation_name_en,
        language=language,
        group_name=part.group_name,
        title=part.title,
        deleted=deleted,
    )


def _check_open(part: pages.Part, *, just_posted: bool) -> None:
    if part.posted_at is not None or just_posted:
        if part.stage is not Stage.RECALLED:
            return
    elif part.handed_over_at is not None:
        raise _handed_over(part)
    elif part.state is State.TASKED and part.stage is Stage.SENDING and not part.silent:
        return
    raise Gone("relay.task_closed")


def _handed_over(part: pages.Part) -> Gone:
    """Say that a task went along with an office, and to whom, by title."""
    if not part.office_held:
        return Gone("relay.passed_on")
    return Gone(
        "relay.handed_over",
        title_hi=f"{part.office_title_hi}, {part.office_unit_hi}",
        title_en=f"{part.office_title_en}, {part.office_unit_en}",
    )


def _page(
    rt: Runtime,
    organisation: OrganisationId,
    part: pages.Part,
    approved: Approved,
    others: list[pages.Other],
    *,
    language: str,
    just_posted: bool,
) -> RelayPage:
    text_language = _language(part, approved)
    text = f"{approved.texts[text_language]}\n\n{group_url(rt, organisation, part.delivery_id)}"
    in_hindi = language == "hi"
    return RelayPage(
        organisation=organisation,
        organisation_name=part.organisation_name_hi if in_hindi else part.organisation_name_en,
        language=language,
        group_name=part.group_name,
        title=part.title,
        text=text,
        text_language=text_language,
        wa_url=f"https://wa.me/?text={quote(text, safe='')}",
        posted_at=part.posted_at or (rt.now() if just_posted else None),
        closes_at=part.closes_at,
        picture=approved.pictures.get(text_language),
        others=tuple(
            OpenTask(
                title=other.title,
                group_name=other.group_name,
                url=personal_url(rt, organisation, other),
            )
            for other in others
        ),
    )


def _language(part: pages.Part, approved: Approved) -> str:
    """Return in which language a person gets the text: their own if there is one in it."""
    for language in (part.person_language, part.delivery_language):
        if language in approved.texts:
            return language
    raise Gone("relay.task_closed")


async def picture(rt: Runtime, token: str, *, just_posted: bool = False) -> bytes:
    """Return the picture of a task, as long as its page shows it."""
    organisation, assignment = links.read_token(rt.sealer, token, now=rt.now())
    async with db.transaction(rt.pool, organisation) as conn:
        part = await pages.part(conn, assignment, now=rt.now(), today=_today(rt))
        if part is None:
            raise Invalid("relay.link_broken")
        _check_open(part, just_posted=just_posted)
        approved = await texts.approved(conn, organisation, part.broadcast_id)
        beside = approved.pictures.get(_language(part, approved))
        shown = await texts.picture(conn, organisation, beside.id) if beside else None
    if shown is None:
        raise NotFound("not_found")
    return shown


def group_url(rt: Runtime, organisation: OrganisationId, delivery_id: int) -> str:
    """Return the short link that stands in one group's text and in no other's."""
    return f"{rt.public_url}/g/{links.group_code(rt.sealer, organisation, delivery_id)}"


def personal_url(rt: Runtime, organisation: OrganisationId, part: pages.Other) -> str:
    """Return the link of one person's part in one task."""
    token = links.personal_token(rt.sealer, organisation, part.assignment_id, part.closes_at)
    return f"{rt.desk_url}/r/{token}"


async def posted(rt: Runtime, token: str) -> None:
    """Take an admin's word that the text is in the group; return once the log has it.

    Said twice it counts once. It is taken from a closed task too, for `POSTED_GRACE`: what
    stands in a group stands there, and the evidence has to say so.
    """
    organisation, assignment = links.read_token(rt.sealer, token, now=rt.now(), grace=POSTED_GRACE)
    async with db.transaction(rt.pool, organisation) as conn:
        part = await pages.part(conn, assignment, now=rt.now(), today=_today(rt))
    if part is None:
        raise Invalid("relay.link_broken")
    if part.posted_at is None:
        await _say(rt, organisation, own.RELAY, RelayPosted(rt.now(), assignment))


async def deleted(rt: Runtime, token: str) -> None:
    """Take an admin's word that a recalled text is not in the group (any more); return once the
    log has it. Said twice it counts once; of what was not recalled it says nothing."""
    organisation, assignment = links.read_token(rt.sealer, token, now=rt.now(), grace=POSTED_GRACE)
    async with db.transaction(rt.pool, organisation) as conn:
        part = await pages.part(conn, assignment, now=rt.now(), today=_today(rt))
    if part is None:
        raise Invalid("relay.link_broken")
    if part.stage is not Stage.RECALLED:
        raise Gone("relay.task_closed")
    if part.deleted_at is None:
        await _say(rt, organisation, own.RELAY, RelayDeleted(rt.now(), assignment))


async def clicked(rt: Runtime, organisation: OrganisationId, delivery_id: int) -> None:
    """Note that a person followed a group's own link; return once the log has it."""
    await _say(rt, organisation, own.LINK, LinkClicked(rt.now(), delivery_id))


async def link_page(rt: Runtime, organisation: OrganisationId, delivery_id: int) -> LinkPage:
    """Return what a member sees at their group's link.

    What was recalled is not shown again, and nothing is where the law keeps the area still.
    """
    async with db.transaction(rt.pool, organisation) as conn:
        linked = await pages.linked(conn, delivery_id, now=rt.now())
        if linked is None:
            raise NotFound("link.unknown")
        approved = await texts.approved(conn, organisation, linked.broadcast_id)
    withdrawn = linked.stage is Stage.RECALLED or linked.language not in approved.texts
    hidden = withdrawn or linked.still
    in_hindi = linked.language == "hi"
    return LinkPage(
        organisation_name=linked.organisation_name_hi if in_hindi else linked.organisation_name_en,
        title="" if hidden else linked.title,
        text="" if hidden else approved.texts[linked.language],
        language=linked.language,
        withdrawn=withdrawn,
        still=linked.still,
    )


def _today(rt: Runtime) -> date:
    return rt.now().astimezone(INDIA).date()


async def _say(rt: Runtime, organisation: OrganisationId, source: str, arrival: own.Own) -> None:
    await arrivals_log.publish(
        rt.nats, organisation, source, own.write(arrival), received_at=rt.now()
    )
