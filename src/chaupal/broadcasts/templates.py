"""Texts that a provider approved beforehand: which there are, and what may go as one.

People are shared out among a channel's senders, and each sender belongs to a business account. So a
template is good for a broadcast where every account has it, approved, and saying the same.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from chaupal.broadcasts import people, queries
from chaupal.broadcasts.audience import And, Languages
from chaupal.broadcasts.compiler import Target
from chaupal.broadcasts.filling import LIFE_KNOWN_FOR, VARIABLE, Chosen, Fill, filled, wanted
from chaupal.broadcasts.models import LANGUAGES, Broadcast, Draft, Purpose
from chaupal.channels.registry import CHANNELS
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor

TEMPLATED = tuple(name for name, channel in CHANNELS.items() if channel.traits.templated)
TEMPLATES_READ = 2000
# What goes to the people of the booths is marketing by WhatsApp's words, and whoever stopped that
# must not get it as something else. Office-bearers' own business may be either.
FITTING = {
    Purpose.PUBLIC: frozenset({"marketing"}),
    Purpose.INTERNAL: frozenset({"marketing", "utility"}),
}


@dataclass(frozen=True, slots=True)
class Template:
    """One template in one language of one business account, as it was when it was last fetched."""

    id: UUID
    business_account: str
    name: str
    code: str
    language: str
    category: str
    status: str
    body: str = field(repr=False)
    header: str | None = field(repr=False)
    footer: str | None = field(repr=False)
    buttons: str = field(repr=False)
    unfit: str | None
    ttl_s: int | None
    checked_at: datetime
    changed_at: datetime
    quality: str | None
    pictured: bool

    @property
    def parts(self) -> tuple[str | None, str, str | None]:
        """Return what is read from top to bottom."""
        return self.header, self.body, self.footer


@dataclass(frozen=True, slots=True)
class Account:
    """A business account through which something can be sent; None where a sender names none."""

    business_account: str | None


async def known(conn: db.Conn, name: str | None = None) -> list[Template]:
    """Return the templates of the organisation, or those of a name, by name and language."""
    return await db.many(
        conn,
        Template,
        """
        SELECT id, business_account, name, code, language, category, status, body, header, footer,
               buttons, unfit, ttl_s, checked_at, changed_at, quality,
               pictured
          FROM message_template
         WHERE organisation_id = current_organisation()
           AND (%(name)s::text IS NULL OR name = %(name)s)
         ORDER BY name, language DESC, code, business_account
         LIMIT %(limit)s
        """,
        name=name,
        limit=TEMPLATES_READ,
    )


async def accounts(conn: db.Conn) -> list[Account]:
    """Return the business accounts of the enabled senders that need templates."""
    return await db.many(
        conn,
        Account,
        """
        SELECT DISTINCT business_account FROM sender
         WHERE organisation_id = current_organisation() AND disabled_at IS NULL
           AND channel = ANY(%(channels)s::text[])
         ORDER BY business_account
        """,
        channels=list(TEMPLATED),
    )


async def filled_in(
    rt: Runtime,
    draft: Draft,
    name: str,
    variables: Mapping[str, Sequence[str]],
    *,
    actor: Actor,
) -> Draft:
    """Return the draft as it goes as this template, with these variables by language.

    Its texts are what the template reads as, in each language in which it can be sent. Where a
    picture stands above them, the draft has to have one.
    """
    async with db.transaction(rt.pool, actor.organisation) as conn:
        usable = await _usable(conn, name, draft)
    unknown = variables.keys() - usable.keys()
    if any(variables[language] for language in unknown):
        raise Invalid("template.no_such_language", name=name, language=min(unknown))
    given = {language: tuple(variables.get(language, ())) for language in usable}
    fills = {
        language: Fill(row.code, given[language], row.pictured) for language, row in usable.items()
    }
    return replace(draft, texts=_texts(usable, given), template=Chosen(name, fills))


def _texts(usable: Mapping[str, Template], given: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {
        language: filled(language, usable[language].parts, given[language]) for language in usable
    }


async def check(conn: db.Conn, draft: Draft) -> None:
    """Refuse a template that cannot go like this now, and texts that are not what it says."""
    if draft.template is None:
        return
    usable = await _usable(conn, draft.template.name, draft)
    fills = draft.template.fills
    if {language: (row.code, row.pictured) for language, row in usable.items()} != {
        language: (fill.code, fill.pictured) for language, fill in fills.items()
    }:
        raise Refused("template.changed", name=draft.template.name)
    if draft.texts != _texts(usable, {language: fills[language].variables for language in usable}):
        raise Refused("template.changed", name=draft.template.name)


async def check_whole(conn: db.Conn, broadcast: Broadcast, target: Target) -> None:
    """Refuse a broadcast over a channel that needs a template without one, one whose template
    cannot go now, and one that has people on that channel who read a language it lacks."""
    via = tuple(name for name in broadcast.via if name in TEMPLATED)
    if not via:
        return
    chosen = broadcast.chosen
    if chosen is None:
        raise Refused("template.missing", channel=via[0])
    await check(conn, broadcast.draft(await queries.texts(conn, broadcast.id)))
    for language in LANGUAGES:
        if language in chosen.fills:
            continue
        readers = replace(target, expression=And([target.expression, Languages([language])]))
        count = await people.total(conn, readers, via)
        if count:
            raise Refused("template.language_missing", language=language, count=count)


async def holding(conn: db.Conn, broadcast: Broadcast) -> Template | None:
    """Return the template that keeps an approved broadcast from going now, if one does."""
    chosen = broadcast.chosen
    if chosen is None or broadcast.approved_at is None:
        return None
    codes = {fill.code for fill in chosen.fills.values()}
    homes = [row.business_account for row in await accounts(conn)]
    return next(
        (
            row
            for row in await known(conn, chosen.name)
            if row.code in codes
            and row.business_account in homes
            and (row.status != "approved" or row.changed_at > broadcast.approved_at)
        ),
        None,
    )


async def own_life(
    conn: db.Conn, name: str, codes: Collection[str] | None = None, *, now: datetime
) -> timedelta | None:
    """Return the longest that what goes as a template may take to arrive, in these codes of it or
    in those in which it can go. None: not all of it is known, or was seen lately, so it takes as
    long as its channel does.

    Each business account has a time of its own for it, and the longest counts.
    """
    homes = [row.business_account for row in await accounts(conn)]
    rows = [row for row in await known(conn, name) if row.business_account in homes]
    if codes is None:
        codes = {row.code for row in by_language(rows, homes).values()}
    lives = {
        (row.business_account, row.code): row.ttl_s
        for row in rows
        if row.code in codes and row.checked_at > now - LIFE_KNOWN_FOR and row.ttl_s is not None
    }
    if not lives or len(lives) < len(codes) * len(homes):
        return None
    return timedelta(seconds=max(lives.values()))


async def _usable(conn: db.Conn, name: str, draft: Draft) -> dict[str, Template]:
    """Return the template by language as far as every business account can send it."""
    if not any(channel in TEMPLATED for channel in draft.via):
        raise Invalid("template.not_for_this")
    if draft.synthetic:
        raise Invalid("template.synthetic")
    rows = await known(conn, name)
    if not rows:
        raise Invalid("template.unknown", name=name)
    homes = [row.business_account for row in await accounts(conn)]
    usable = by_language(rows, homes)
    if not usable:
        raise _why_not(rows, homes, name)
    for language, row in usable.items():
        if row.pictured and not draft.pictures:
            raise Invalid("template.picture_missing", name=name, language=language)
        if row.category not in FITTING[draft.purpose]:
            raise Invalid(
                "template.category_mismatch",
                name=name,
                template_category=row.category,
                purpose=draft.purpose.value,
            )
    return usable


def by_language(rows: Iterable[Template], homes: Sequence[str | None]) -> dict[str, Template]:
    """Return for each language the template that all of these accounts can send alike."""
    usable: dict[str, Template] = {}
    by_code: dict[str, list[Template]] = {}
    for row in rows:
        if row.status == "approved" and row.unfit is None and row.business_account in homes:
            by_code.setdefault(row.code, []).append(row)
    for code in sorted(by_code, key=lambda code: (len(code), code)):
        found = by_code[code]
        says = {(row.parts, row.buttons, row.category, row.pictured) for row in found}
        if len(found) == len(homes) and len(says) == 1:
            usable.setdefault(found[0].language, found[0])
    return usable


def _why_not(rows: Sequence[Template], homes: Sequence[str | None], name: str) -> Refused:
    if not homes or None in homes:
        return Refused("template.account_unknown")
    here = [row for row in rows if row.business_account in homes]
    off = [row for row in here if row.status != "approved"]
    unfit = [row.unfit for row in here if row.unfit is not None]
    if unfit:
        return Invalid("template.unfit", name=name, unfit=unfit[0])
    if off:
        return Refused("template.not_approved", name=name, template_status=off[0].status)
    return Refused("template.not_everywhere", name=name)


def blanks(row: Template) -> int:
    """Return how many variables somebody has to fill."""
    return wanted(row.body)


def so_far(row: Template, values: Sequence[str]) -> str:
    """Return how it reads with what is filled; a blank that is still empty stands as a line."""
    said = tuple(value.strip() or "____" for value in values)
    body = VARIABLE.sub(lambda found: said[int(found[1]) - 1], row.body)
    return "\n\n".join(part for part in (row.header, body, row.footer) if part)
