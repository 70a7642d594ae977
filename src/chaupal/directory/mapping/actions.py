"""Recalling what headings were taken for, and remembering it."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

from chaupal.directory import headings, reading
from chaupal.directory.headings import IGNORED, plain
from chaupal.directory.mapping import queries
from chaupal.directory.models import COLUMNS, Kind
from chaupal.directory.reading import Preview
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor


async def look(
    rt: Runtime, kind: Kind, source: BinaryIO, *, sheet: str | None = None, actor: Actor
) -> Preview:
    """Return the beginning of a file, with its headings as they were understood before."""
    header = await asyncio.to_thread(reading.header_of, source, sheet=sheet)
    async with db.transaction(rt.pool, actor.organisation) as conn:
        known = await _recalled(conn, kind, header)
    return await asyncio.to_thread(reading.preview, source, kind, mapping=known, sheet=sheet)


async def settled(
    conn: db.Conn,
    kind: Kind,
    source: BinaryIO,
    *,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Mapping[str, str]:
    """Return what to take the headings of a file for: as `mapping` says, and else as before."""
    header = await asyncio.to_thread(reading.header_of, source, sheet=sheet)
    given = {plain(written): column for written, column in (mapping or {}).items()}
    return {**await _recalled(conn, kind, header), **given}


async def remember(
    conn: db.Conn,
    kind: Kind,
    source: BinaryIO,
    *,
    mapping: Mapping[str, str],
    sheet: str | None = None,
    now: datetime,
) -> None:
    """Keep what headings were taken for, for the next file that has the same ones.

    For whoever says it, in the transaction of an import; a mapping that does not fit is refused.
    """
    header = await asyncio.to_thread(reading.header_of, source, sheet=sheet)
    columns = headings.columns(header, kind, mapping)
    by_heading = {
        plain(written): column or IGNORED for written, column in zip(header, columns, strict=True)
    }
    await queries.keep(
        conn,
        files=kind.value,
        headings_hash=_digest(header),
        columns=[by_heading[name] for name in sorted(by_heading)],
        now=now,
    )


async def _recalled(conn: db.Conn, kind: Kind, header: Sequence[str]) -> Mapping[str, str]:
    kept = await queries.kept(conn, files=kind.value, headings_hash=_digest(header))
    names = sorted(set(map(plain, header)))
    known = {*COLUMNS[kind].known, IGNORED}
    if kept is None or len(names) != len(kept.columns) or not known.issuperset(kept.columns):
        return {}
    return {name: column for name, column in zip(names, kept.columns, strict=True) if name}


def _digest(header: Sequence[str]) -> bytes:
    """Return the same for the same headings, in whatever order they stand."""
    return hashlib.sha256("\n".join(sorted(set(map(plain, header)))).encode()).digest()
