"""Pictures of broadcasts: taken in, kept by their content, and let go when nothing uses them."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chaupal import record
from chaupal.broadcasts import imaging
from chaupal.broadcasts.models import Draft, PictureId
from chaupal.kit import db, log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Invalid, NotFound
from chaupal.kit.runtime import Runtime
from chaupal.organisations import Right, scope_of
from chaupal.record import Actor

UNUSED_FOR = timedelta(days=1)
LET_GO_AT_ONCE = 100

logger = log.logger(__name__)
# A decoded picture takes its hundred megabytes, so there is one of them at a time.
_decoder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture whole, as channels take it and as volunteers' pages show it."""

    id: PictureId
    body: bytes = field(repr=False)
    light: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant's bytes."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Id:
    """Just which."""

    id: PictureId


async def keep(rt: Runtime, raw: bytes, *, key: str, actor: Actor) -> PictureId:
    """Take a picture in, and return its id; the same picture again has the same.

    Kept are two variants that we write ourselves, never the file: where a photograph was taken,
    with what and when does not get in. What no broadcast uses is let go after a day.
    """
    request = b"picture" + hashlib.sha256(raw).digest()
    async with db.transaction(rt.pool, actor.organisation) as conn:
        (await scope_of(rt, conn, actor)).need(Right.COMPOSE)
    made = await asyncio.get_running_loop().run_in_executor(_decoder, imaging.prepared, raw)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        (await scope_of(rt, conn, actor)).need(Right.COMPOSE)
        earlier = await record.answered(conn, key, request, actor=actor)
        if earlier is not None and await _known(conn, [bytes.fromhex(earlier)]):
            return PictureId(bytes.fromhex(earlier))
        await db.run(
            conn,
            """
            INSERT INTO picture (organisation_id, id, body, light, width, height, added_at)
            VALUES (current_organisation(), %(id)s, %(body)s, %(light)s, %(width)s, %(height)s,
                    %(now)s)
            ON CONFLICT (organisation_id, id) DO UPDATE SET added_at = excluded.added_at
            """,
            id=made.id,
            body=made.body,
            light=made.light,
            width=made.width,
            height=made.height,
            now=rt.now(),
        )
        if earlier is None:
            await record.answer(conn, key, request, made.id.hex(), actor=actor, now=rt.now())
        await record.append(
            conn, "picture.added", made.id.hex(), actor=actor, now=rt.now(), bytes=len(made.body)
        )
    return PictureId(made.id)


def read_id(written: str) -> PictureId:
    """Read a picture's id as it is written; what is none refuses."""
    try:
        id = bytes.fromhex(written)
    except ValueError as error:
        raise Invalid("picture.unknown") from error
    if len(id) != 32:
        raise Invalid("picture.unknown")
    return PictureId(id)


async def check_kept(conn: db.Conn, draft: Draft) -> None:
    """Refuse a draft with a picture that is not there (any more); what is there stays until the
    transaction ends."""
    wanted = {beside.id for beside in draft.pictures.values()}
    if wanted and len(await _known(conn, list(wanted))) != len(wanted):
        raise Invalid("picture.unknown")


async def _known(conn: db.Conn, ids: list[bytes]) -> list[Id]:
    return await db.many(
        conn,
        Id,
        """
        SELECT id FROM picture
         WHERE organisation_id = current_organisation() AND id = ANY(%(ids)s::bytea[])
           FOR KEY SHARE
        """,
        ids=ids,
    )


async def find(conn: db.Conn, id: PictureId) -> Kept | None:
    """Return a picture, if it still is what its id says: approved bytes = sent bytes."""
    kept = await db.maybe(
        conn,
        Kept,
        """
        SELECT id, body, light, width, height FROM picture
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
    )
    if kept is None or imaging.identity(kept.body, kept.light) != id:
        logger.error("picture.is_not_what_was_approved", picture=id.hex())
        return None
    return kept


async def body(conn: db.Conn, id: PictureId) -> bytes:
    """Return a picture as channels take it, for pages of the desk."""
    return _there(
        await db.maybe(
            conn,
            Variant,
            """
            SELECT body AS content FROM picture
             WHERE organisation_id = current_organisation() AND id = %(id)s
            """,
            id=id,
        )
    )


async def light(conn: db.Conn, id: PictureId) -> bytes:
    """Return a picture as volunteers' pages show it."""
    return _there(
        await db.maybe(
            conn,
            Variant,
            """
            SELECT light AS content FROM picture
             WHERE organisation_id = current_organisation() AND id = %(id)s
            """,
            id=id,
        )
    )


def _there(variant: Variant | None) -> bytes:
    if variant is None:
        raise NotFound("not_found")
    return variant.content


async def let_go(rt: Runtime, organisation: OrganisationId) -> int:
    """Delete what was added more than a day ago and stands beside no text; return how many."""
    async with db.transaction(rt.pool, organisation) as conn:
        unused = await _unused(conn, before=rt.now() - UNUSED_FOR)
        if not unused:
            return 0
        # Looked at again behind the lock: a draft may have come to use it meanwhile.
        gone = await db.run(
            conn,
            """
            DELETE FROM picture p
             WHERE p.organisation_id = current_organisation() AND p.id = ANY(%(ids)s::bytea[])
               AND NOT EXISTS (SELECT FROM broadcast_text t
                                WHERE t.organisation_id = p.organisation_id
                                  AND t.picture_id = p.id)
            """,
            ids=[row.id for row in unused],
        )
        await record.append(
            conn,
            "pictures.let_go",
            organisation,
            actor=record.part_of_the_system(organisation, "worker.pictures"),
            now=rt.now(),
            pictures=gone,
        )
    logger.info("pictures.let_go", pictures=gone)
    return gone


async def _unused(conn: db.Conn, *, before: datetime) -> list[Id]:
    return await db.many(
        conn,
        Id,
        """
        SELECT p.id FROM picture p
         WHERE p.organisation_id = current_organisation() AND p.added_at < %(before)s
           AND NOT EXISTS (SELECT FROM broadcast_text t
                            WHERE t.organisation_id = p.organisation_id AND t.picture_id = p.id)
         LIMIT %(limit)s
           FOR UPDATE SKIP LOCKED
        """,
        before=before,
        limit=LET_GO_AT_ONCE,
    )
