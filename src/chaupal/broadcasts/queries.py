"""Every statement that touches broadcasts, their texts and tallies; deliveries.py has the rest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from chaupal.broadcasts.models import (
    BranchCount,
    Broadcast,
    BroadcastId,
    Count,
    Draft,
    Stage,
    Text,
)
from chaupal.kit import db
from chaupal.organisations.models import Scope, UnitId


@dataclass(frozen=True, slots=True)
class Listed:
    """A line in the list of broadcasts."""

    id: BroadcastId
    stage: Stage
    title: str
    lane: str
    purpose: str
    author_label: str
    created_at: datetime
    targets: int | None
    audience: dict[str, Any]
    via: list[str]
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class Id:
    """Just which."""

    id: BroadcastId


async def add(
    conn: db.Conn,
    id: BroadcastId,
    draft: Draft,
    *,
    audience: Any,
    author_id: UUID,
    author_label: str,
    author_units: list[UnitId],
    now: datetime,
) -> None:
    """Write a new draft, without its texts."""
    await db.run(
        conn,
        """
        INSERT INTO broadcast (organisation_id, id, title, purpose, lane, audience, election_matter,
                               synthetic, via, author_id, author_label, author_units, created_at,
                               expires_at, content_hash, starts_at, template, text_alone)
        VALUES (current_organisation(), %(id)s, %(title)s, %(purpose)s::group_purpose,
                %(lane)s::lane, %(audience)s, %(election_matter)s, %(synthetic)s, %(via)s,
                %(author_id)s, %(author_label)s, %(author_units)s, %(now)s, %(expires_at)s,
                %(content_hash)s, %(starts_at)s, %(template)s, %(text_alone)s)
        """,
        id=id,
        title=draft.title,
        purpose=draft.purpose.value,
        lane=draft.lane.value,
        audience=Jsonb(audience),
        election_matter=draft.election_matter,
        synthetic=draft.synthetic,
        via=list(draft.via),
        starts_at=draft.starts_at,
        template=_template(draft),
        text_alone=draft.text_alone,
        author_id=author_id,
        author_label=author_label,
        author_units=author_units,
        now=now,
        expires_at=draft.expires_at,
        content_hash=draft.content_hash(),
    )


async def rewrite(
    conn: db.Conn, id: BroadcastId, draft: Draft, *, audience: Any, author_units: list[UnitId]
) -> None:
    """Replace what a draft says; whatever was submitted is a draft again."""
    await db.run(
        conn,
        """
        UPDATE broadcast
           SET title = %(title)s, purpose = %(purpose)s::group_purpose, lane = %(lane)s::lane,
               audience = %(audience)s, election_matter = %(election_matter)s,
               synthetic = %(synthetic)s, via = %(via)s, expires_at = %(expires_at)s,
               content_hash = %(content_hash)s, author_units = %(author_units)s,
               starts_at = %(starts_at)s, template = %(template)s, text_alone = %(text_alone)s,
               stage = 'draft', submitted_at = NULL,
               approver_id = NULL, approver_label = NULL, approved_at = NULL, approved_hash = NULL,
               approver_denies = false
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        title=draft.title,
        purpose=draft.purpose.value,
        lane=draft.lane.value,
        audience=Jsonb(audience),
        election_matter=draft.election_matter,
        synthetic=draft.synthetic,
        via=list(draft.via),
        starts_at=draft.starts_at,
        template=_template(draft),
        text_alone=draft.text_alone,
        expires_at=draft.expires_at,
        content_hash=draft.content_hash(),
        author_units=author_units,
    )


def _template(draft: Draft) -> Jsonb | None:
    return None if draft.template is None else Jsonb(draft.template.to_json())


async def write_texts(conn: db.Conn, id: BroadcastId, draft: Draft) -> None:
    """Put these texts, with their pictures, in the place of whatever was there."""
    shown = [draft.pictures.get(language) for language in draft.texts]
    await db.run(
        conn,
        """
        WITH written AS (
            SELECT * FROM unnest(%(languages)s::text[], %(bodies)s::text[], %(pictures)s::bytea[],
                                 %(descriptions)s::text[])
                       AS t (language, body, picture_id, picture_description)
        ), gone AS (
            DELETE FROM broadcast_text
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
               AND language NOT IN (SELECT language FROM written)
        )
        INSERT INTO broadcast_text (organisation_id, broadcast_id, language, body, picture_id,
                                    picture_description)
        SELECT current_organisation(), %(id)s, language, body, picture_id, picture_description
          FROM written
        ON CONFLICT (organisation_id, broadcast_id, language) DO UPDATE
           SET body = excluded.body, picture_id = excluded.picture_id,
               picture_description = excluded.picture_description
        """,
        id=id,
        languages=list(draft.texts),
        bodies=list(draft.texts.values()),
        pictures=[beside and beside.id for beside in shown],
        descriptions=[beside and beside.description for beside in shown],
    )


async def texts(conn: db.Conn, id: BroadcastId) -> list[Text]:
    """Return the texts of a broadcast, Hindi first."""
    return await db.many(
        conn,
        Text,
        """
        SELECT language, body, picture_id, picture_description FROM broadcast_text
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
         ORDER BY language DESC
        """,
        id=id,
    )


async def lock(conn: db.Conn, id: BroadcastId) -> Broadcast | None:
    """Return a broadcast and keep others from moving it until commit."""
    return await db.maybe(
        conn,
        Broadcast,
        """
        SELECT id, stage::text, title, purpose::text, lane::text, audience, election_matter,
               synthetic, author_id, author_label,
               ARRAY(SELECT own.path FROM unit own
                      WHERE own.organisation_id = b.organisation_id
                        AND own.id = ANY(b.author_units) ORDER BY own.path) AS author_paths,
               created_at, expires_at, content_hash, submitted_at, approver_id, approver_label,
               approved_at, approved_hash, frozen_at, targets, finished_at, via, starts_at,
               electoral, template, text_alone
          FROM broadcast b
         WHERE b.organisation_id = current_organisation() AND id = %(id)s
           FOR UPDATE
        """,
        id=id,
    )


async def find(conn: db.Conn, id: BroadcastId, *, scope: Scope) -> Broadcast | None:
    """Return a broadcast whose author's part of the tree lies within `scope`."""
    return await db.maybe(
        conn,
        Broadcast,
        """
        SELECT id, stage::text, title, purpose::text, lane::text, audience, election_matter,
               synthetic, author_id, author_label,
               ARRAY(SELECT own.path FROM unit own
                      WHERE own.organisation_id = b.organisation_id
                        AND own.id = ANY(b.author_units) ORDER BY own.path) AS author_paths,
               created_at, expires_at, content_hash, submitted_at, approver_id, approver_label,
               approved_at, approved_hash, frozen_at, targets, finished_at, via, starts_at,
               electoral, template, text_alone
          FROM broadcast b
         WHERE b.organisation_id = current_organisation() AND id = %(id)s
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
        """,
        id=id,
        paths=scope.paths(),
    )


async def page(
    conn: db.Conn, *, scope: Scope, stages: list[str], before: UUID | None, limit: int
) -> list[Listed]:
    """Return broadcasts within `scope`, newest first, the page after `before`."""
    return await db.many(
        conn,
        Listed,
        """
        SELECT id, stage::text, title, lane::text, purpose::text, author_label, created_at, targets,
               audience, via, starts_at
          FROM broadcast b
         WHERE b.organisation_id = current_organisation()
           AND (%(stages)s::text[] = '{}' OR stage::text = ANY(%(stages)s::text[]))
           AND (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
           AND NOT EXISTS (SELECT FROM unit own
                            WHERE own.organisation_id = b.organisation_id
                              AND own.id = ANY(b.author_units)
                              AND NOT EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS root
                                               WHERE starts_with(own.path, root)))
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        stages=stages,
        before=before,
        paths=scope.paths(),
        limit=limit,
    )


async def set_stage(conn: db.Conn, id: BroadcastId, stage: Stage, *, now: datetime) -> None:
    """Move a broadcast that the caller has locked."""
    await db.run(
        conn,
        """
        UPDATE broadcast
           SET stage = %(stage)s::broadcast_stage,
               submitted_at = CASE %(stage)s WHEN 'submitted' THEN %(now)s
                                             WHEN 'draft' THEN NULL ELSE submitted_at END,
               finished_at = CASE WHEN %(stage)s IN ('finished', 'cancelled', 'recalled')
                                  THEN coalesce(finished_at, %(now)s) ELSE NULL END
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        stage=stage.value,
        now=now,
    )


async def approve(
    conn: db.Conn,
    id: BroadcastId,
    *,
    approver_id: UUID,
    approver_label: str,
    denies: bool,
    now: datetime,
) -> None:
    """Put the second signature on what is written now; `denies`: it is no election matter."""
    await db.run(
        conn,
        """
        UPDATE broadcast
           SET stage = 'approved', approver_id = %(approver_id)s,
               approver_label = %(approver_label)s, approved_at = %(now)s,
               approved_hash = content_hash, approver_denies = %(denies)s
         WHERE organisation_id = current_organisation() AND id = %(id)s AND stage = 'submitted'
        """,
        id=id,
        approver_id=approver_id,
        approver_label=approver_label,
        denies=denies,
        now=now,
    )


async def set_frozen(conn: db.Conn, id: BroadcastId, *, targets: int, now: datetime) -> None:
    """Say that the audience is fixed, and let the workers begin."""
    await db.run(
        conn,
        """
        UPDATE broadcast SET stage = 'sending', frozen_at = %(now)s, targets = %(targets)s
         WHERE organisation_id = current_organisation() AND id = %(id)s
        """,
        id=id,
        targets=targets,
        now=now,
    )


async def at_stage(conn: db.Conn, stage: Stage) -> list[Id]:
    """Return the broadcasts that stand at a stage, urgent ones first."""
    return await db.many(
        conn,
        Id,
        """
        SELECT id FROM broadcast
         WHERE organisation_id = current_organisation() AND stage = %(stage)s::broadcast_stage
         ORDER BY lane, id
        """,
        stage=stage.value,
    )


async def counts(conn: db.Conn, id: BroadcastId) -> list[Count]:
    """Return the account of a broadcast, from the tally."""
    return await db.many(
        conn,
        Count,
        """
        SELECT state::text, evidence, sum(targets)::int AS targets
          FROM tally
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
         GROUP BY state, evidence
        HAVING sum(targets) <> 0
         ORDER BY state, evidence
        """,
        id=id,
    )


async def counts_by_branch(conn: db.Conn, id: BroadcastId) -> list[BranchCount]:
    """Return the account of a broadcast, branch by branch of the tree."""
    return await db.many(
        conn,
        BranchCount,
        """
        SELECT t.branch_id, u.name_hi, u.name_en, t.state::text, t.evidence,
               sum(t.targets)::int AS targets
          FROM tally t
          JOIN unit u ON u.organisation_id = t.organisation_id AND u.id = t.branch_id
         WHERE t.organisation_id = current_organisation() AND t.broadcast_id = %(id)s
         GROUP BY t.branch_id, u.name_hi, u.name_en, t.state, t.evidence
        HAVING sum(t.targets) <> 0
         ORDER BY u.name_en, t.branch_id, t.state, t.evidence
        """,
        id=id,
    )


async def recount(conn: db.Conn, id: BroadcastId) -> list[Count]:
    """Return the same account from the deliveries themselves: what the tally must equal."""
    return await db.many(
        conn,
        Count,
        """
        SELECT state::text, evidence, count(*)::int AS targets
          FROM delivery
         WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
         GROUP BY state, evidence
         ORDER BY state, evidence
        """,
        id=id,
    )


async def fold(conn: db.Conn, id: BroadcastId) -> int:
    """Replace a broadcast's deltas by their sums; what they add up to stays the same."""
    return await db.run(
        conn,
        """
        WITH gone AS (
            DELETE FROM tally
             WHERE organisation_id = current_organisation() AND broadcast_id = %(id)s
            RETURNING branch_id, state, evidence, targets
        )
        INSERT INTO tally (organisation_id, broadcast_id, branch_id, state, evidence, targets)
        SELECT current_organisation(), %(id)s, branch_id, state, evidence, sum(targets)
          FROM gone GROUP BY branch_id, state, evidence HAVING sum(targets) <> 0
        """,
        id=id,
    )
