"""Publishing the words that people agree to, and how long what is left of the erased is held."""

from collections.abc import Mapping

from chaupal import record
from chaupal.kit import db
from chaupal.kit.refusals import Invalid, Refused
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.people import actions, ledger
from chaupal.people.models import HOLD, Hold
from chaupal.record import Actor

LANGUAGES = ("hi", "en")
VERSION_LENGTH, BODY_LENGTH, SOURCE_LENGTH = 100, 20_000, 300
HOLD_DAYS = range(30, 3651)


async def publish(
    rt: Runtime, version: str, bodies: Mapping[str, str], *, key: str, actor: Actor
) -> None:
    """Publish a notice in both languages at once. What is published never changes.

    For administrators of the whole organisation: everybody's consent names it from now on.
    """
    version = " ".join(version.split())
    said = {language: bodies.get(language, "").strip() for language in LANGUAGES}
    if not version or len(version) > VERSION_LENGTH or not version.isprintable():
        raise Invalid("notice.version_malformed", limit=VERSION_LENGTH)
    if not all(said.values()) or any(len(body) > BODY_LENGTH for body in said.values()):
        raise Invalid("notice.needs_both_languages", limit=BODY_LENGTH)
    request = "\0".join(("notice", version, *said.values())).encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await actions.need_everywhere(conn, scope=scope, right=Right.MANAGE)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        added = await ledger.publish(
            conn, version, languages=list(said), bodies=list(said.values()), now=rt.now()
        )
        if added != len(said):
            raise Refused("notice.version_taken", version=version)
        await record.answer(conn, key, request, version, actor=actor, now=rt.now())
        await record.append(
            conn, "notice.published", version, actor=actor, now=rt.now(), version=version
        )


async def hold(conn: db.Conn) -> Hold:
    """Return how long what is left of erased people is held, and which rule says so."""
    return await ledger.hold(conn) or HOLD


async def set_hold(rt: Runtime, days: int, source: str, *, key: str, actor: Actor) -> None:
    """Change how long what is left of people is held who are erased from now on."""
    source = " ".join(source.split())
    if days not in HOLD_DAYS or not source or len(source) > SOURCE_LENGTH:
        raise Invalid("hold.malformed", least=HOLD_DAYS.start, most=HOLD_DAYS.stop - 1)
    request = f"hold\0{days}\0{source}".encode()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        scope = await scope_of(rt, conn, actor)
        await actions.need_everywhere(conn, scope=scope, right=Right.MANAGE)
        if await record.answered(conn, key, request, actor=actor) is not None:
            return
        await ledger.set_hold(conn, days=days, source=source, now=rt.now())
        await record.answer(conn, key, request, str(days), actor=actor, now=rt.now())
        await record.append(
            conn, "hold.set", actor.organisation, actor=actor, now=rt.now(), hold_days=days
        )
