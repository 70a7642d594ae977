"""Statements on what headings were taken for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chaupal.kit import db


@dataclass(frozen=True, slots=True)
class Kept:
    """Columns, by the alphabet of the headings that were taken for them."""

    columns: list[str]


async def kept(conn: db.Conn, *, files: str, headings_hash: bytes) -> Kept | None:
    """Return what a set of headings was taken for, the last time that somebody said it."""
    return await db.maybe(
        conn,
        Kept,
        """
        SELECT columns FROM import_mapping
         WHERE organisation_id = current_organisation() AND kind = %(files)s
           AND headings_hash = %(headings_hash)s
        """,
        files=files,
        headings_hash=headings_hash,
    )


async def keep(
    conn: db.Conn, *, files: str, headings_hash: bytes, columns: Sequence[str], now: datetime
) -> None:
    """Keep what a set of headings is taken for from now on."""
    await db.run(
        conn,
        """
        INSERT INTO import_mapping AS known (organisation_id, kind, headings_hash, columns,
                                             chosen_at)
        VALUES (current_organisation(), %(files)s, %(headings_hash)s, %(columns)s, %(now)s)
        ON CONFLICT (organisation_id, kind, headings_hash)
        DO UPDATE SET columns = excluded.columns, chosen_at = excluded.chosen_at
         WHERE known.columns <> excluded.columns
        """,
        files=files,
        headings_hash=headings_hash,
        columns=list(columns),
        now=now,
    )
