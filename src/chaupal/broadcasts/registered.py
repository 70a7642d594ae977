"""Texts registered with TRAI's ledger: entered once, held against what is written and approved."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from chaupal import record
from chaupal.broadcasts.rendering import render
from chaupal.channels.contract import Account, Channel, FilledTemplate, Vetted
from chaupal.channels.registry import CHANNELS
from chaupal.channels.sms import segments, templates
from chaupal.channels.sms.centre import HEADER_NAME, Centre
from chaupal.channels.sms.templates import Registered
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, NotFound, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.people.actions import need_everywhere
from chaupal.record import Actor

SMS = "sms"
BODY_LIMIT_CHARACTERS = 2000
NUMBER_DIGITS = range(10, 26)
LISTED = 500


@dataclass(frozen=True, slots=True)
class Entered:
    """A registered text as its page shows it."""

    number: str
    header: str
    language: str
    body: str
    entered_label: str
    entered_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """An enabled sender, as far as its header and price go."""

    endpoint: str


async def enter(
    rt: Runtime, *, number: str, header: str, language: str, body: str, key: str, actor: Actor
) -> None:
    """Enter a text as the ledger has it. For administrators of the whole organisation."""
    number, header, body = number.strip(), header.strip(), templates.plain(body).strip()
    if not (number.isascii() and number.isdigit() and len(number) in NUMBER_DIGITS):
        raise Invalid("registered.number_malformed")
    if not HEADER_NAME.fullmatch(header):
        raise Invalid("registered.header_malformed")
    if language not in ("hi", "en"):
        raise Invalid("request.malformed", where="language")
    if not body or len(body) > BODY_LIMIT_CHARACTERS:
        raise Invalid("registered.body_malformed", limit=BODY_LIMIT_CHARACTERS)
    if unknown := templates.kinds_unknown(body):
        raise Invalid("registered.variable_unknown", variable=unknown[0][:20])
    request = f"registered\0{number}\0{header}\0{language}\0{body}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await need_everywhere(conn, scope=scope, right=Right.MANAGE)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        added = await _add(
            conn, number, header, language, body, by=actor, label=actor.label, now=rt.now()
        )
        if not added:
            raise Refused("registered.number_taken", number=number)
        await record.answer(conn, key, request, number, actor=actor, now=rt.now())
        await record.append(
            conn, "registered_text.entered", number, actor=actor, now=rt.now(), header=header
        )


async def withdraw(rt: Runtime, number: str, *, key: str, actor: Actor) -> None:
    """Use a registered text no more. What was approved under it alone waits from now on."""
    request = f"registered.withdraw\0{number}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await need_everywhere(conn, scope=scope, right=Right.MANAGE)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        if not await _withdraw(conn, number, now=rt.now()):
            raise NotFound("registered.not_found")
        await record.answer(conn, key, request, number, actor=actor, now=rt.now())
        await record.append(conn, "registered_text.withdrawn", number, actor=actor, now=rt.now())


async def check(
    conn: db.Conn, texts: Mapping[str, str], via: Sequence[str], *, synthetic: bool
) -> None:
    """Refuse what could not go by SMS as it stands: too long, or registered under no number.

    Each language is held against the texts of every header that would send it.
    """
    if SMS not in via:
        return
    for language, body in texts.items():
        counted = segments.count(render(body, synthetic=synthetic, language=language))
        if counted.segments > segments.SEGMENTS_LIMIT:
            raise Invalid(
                "broadcast.too_many_segments",
                language=language,
                limit=segments.SEGMENTS_LIMIT,
                segments=counted.segments,
            )
    for header in await headers(conn):
        rendered = {
            language: render(body, synthetic=synthetic, language=language)
            for language, body in texts.items()
        }
        fits = await found(conn, rendered, header)
        for language in rendered.keys() - fits.keys():
            raise Invalid("broadcast.not_registered", language=language, header=header)


async def found(conn: db.Conn, texts: Mapping[str, str], header: str) -> dict[str, FilledTemplate]:
    """Return under which number each text is registered for a header, where it is."""
    known = await _of_header(conn, header)
    fits = {
        language: templates.find([one for one in known if one.language == language], text)
        for language, text in texts.items()
    }
    return {
        language: FilledTemplate(one.number, language)
        for language, one in fits.items()
        if one is not None
    }


def name_of(channel: Channel, account: Account) -> str | None:
    """Return the name that a sender's texts are registered under, where they have to be."""
    if not isinstance(channel, Vetted):
        return None
    try:
        return channel.name_of(account)
    except ValueError:  # its messages say so one by one
        return None


async def headers(conn: db.Conn) -> list[str]:
    """Return the headers under which SMS go out, each once."""
    sms = CHANNELS.get(SMS)
    if sms is None:
        return []
    names = [name_of(sms, Account(line.endpoint, "", "")) for line in await lines(conn)]
    return sorted({name for name in names if name is not None})


async def price_paise(conn: db.Conn) -> Decimal | None:
    """Return what a segment costs: of several senders' prices the highest, None without any."""
    prices = []
    for line in await lines(conn):
        with suppress(ValueError):
            prices.append(Centre.of(Account(line.endpoint, "", "")).price_paise)
    return max((price for price in prices if price is not None), default=None)


async def lines(conn: db.Conn) -> list[Line]:
    """Return the endpoints of the enabled senders of SMS."""
    return await db.many(
        conn,
        Line,
        """
        SELECT endpoint FROM sender
         WHERE organisation_id = current_organisation() AND channel = 'sms'
           AND disabled_at IS NULL
         ORDER BY id
        """,
    )


async def listed(conn: db.Conn) -> list[Entered]:
    """Return every registered text, those in use first."""
    return await db.many(
        conn,
        Entered,
        """
        SELECT number, header, language, body, entered_label, entered_at, withdrawn_at
          FROM registered_text
         WHERE organisation_id = current_organisation()
         ORDER BY withdrawn_at IS NOT NULL, entered_at DESC, number
         LIMIT %(limit)s
        """,
        limit=LISTED,
    )


async def _of_header(conn: db.Conn, header: str) -> list[Registered]:
    return await db.many(
        conn,
        Registered,
        """
        SELECT number, header, language, body FROM registered_text
         WHERE organisation_id = current_organisation() AND header = %(header)s
           AND withdrawn_at IS NULL
         ORDER BY number
        """,
        header=header,
    )


async def _add(
    conn: db.Conn,
    number: str,
    header: str,
    language: str,
    body: str,
    *,
    by: Actor,
    label: str,
    now: datetime,
) -> int:
    return await db.run(
        conn,
        """
        INSERT INTO registered_text (organisation_id, number, header, language, body, entered_by,
                                     entered_label, entered_at)
        SELECT current_organisation(), %(number)s, %(header)s, %(language)s, %(body)s, %(by)s,
               %(label)s, %(now)s
        ON CONFLICT (organisation_id, number) DO NOTHING
        """,
        number=number,
        header=header,
        language=language,
        body=body,
        by=by.id,
        label=label,
        now=now,
    )


async def _withdraw(conn: db.Conn, number: str, *, now: datetime) -> int:
    return await db.run(
        conn,
        """
        UPDATE registered_text SET withdrawn_at = %(now)s
         WHERE organisation_id = current_organisation() AND number = %(number)s
           AND withdrawn_at IS NULL
        """,
        number=number,
        now=now,
    )
