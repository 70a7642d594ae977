"""From an import's rows to what its pages show: steps, numbers that add up, masked samples."""

from collections.abc import Iterable
from typing import Any

from chaupal.directory.forbidden import is_doubtful
from chaupal.directory.headings import IGNORED
from chaupal.directory.jobs.actions import name_of
from chaupal.directory.jobs.models import ENDED, MAY_MOVE, WORKED_ON, Job, Stage
from chaupal.directory.jobs.queries import RunTally
from chaupal.directory.models import COLUMNS, Kind, Outcome
from chaupal.directory.reading import Preview
from chaupal.directory.words import REASONS
from chaupal.kit.runtime import Runtime
from chaupal.people.models import masked
from chaupal.web.visits import Desk
from chaupal.web.words import refusal_words

STEPS = ("uploaded", "mapped", "checked", "ordered", "done")
# Up to which step an import has come, by its stage.
REACHED = {
    Stage.UPLOADING: 0,
    Stage.UPLOADED: 1,
    Stage.MAPPED: 2,
    Stage.CHECKING: 2,
    Stage.CHECKED: 3,
    Stage.ORDERED: 4,
    Stage.IMPORTING: 4,
    Stage.DONE: 5,
}
# How an outcome is dyed: what is new deepest, what was refused in madder.
DYES = {
    Outcome.ACCEPTED: "verified",
    Outcome.UPDATED: "opened",
    Outcome.UNCHANGED: "accepted",
    Outcome.REFUSED: "refused",
}
REPORTED = frozenset({Stage.CHECKED, Stage.DONE})
ADDRESSES = frozenset({"phone", "email", "telegram", "matrix", "sandbox", "address"})
LONGEST_SAMPLE = 60
DIGITS_OF_A_PHONE = 7


def stands(job: Job) -> str:
    """Return what a live page compares with what it was drawn with."""
    return job.stage.value


def line(rt: Runtime, job: Job, tallies: Iterable[RunTally]) -> dict[str, Any]:
    """Return one import of a list."""
    own = [tally for tally in tallies if tally.job_id == job.id]
    return {
        "id": job.id,
        "name": name_of(rt, job),
        "kind": job.kind.value,
        "stage": job.stage.value,
        "author_label": job.author_label,
        "at": job.created_at,
        "bytes": job.bytes,
        "run": run(own, dry_run=job.stage is not Stage.DONE),
    }


def run(tallies: Iterable[RunTally], *, dry_run: bool) -> dict[str, Any] | None:
    """Return how the rows of one run ended: what is in it adds up to its rows."""
    own = [tally for tally in tallies if tally.dry_run == dry_run]
    if not own:
        return None
    outcomes = dict.fromkeys(Outcome, 0)
    for tally in own:
        outcomes[Outcome(tally.outcome)] += tally.rows
    return {
        "rows": sum(outcomes.values()),
        "outcomes": [
            {"key": outcome.value, "rows": rows, "dye": DYES[outcome]}
            for outcome, rows in outcomes.items()
        ],
        "tally": {DYES[outcome]: rows for outcome, rows in outcomes.items() if rows},
        "changes": outcomes[Outcome.ACCEPTED] + outcomes[Outcome.UPDATED],
        "refused": outcomes[Outcome.REFUSED],
        "reasons": [{"key": t.refusal, "rows": t.rows} for t in own if t.refusal],
    }


def shared(rt: Runtime, job: Job, tallies: list[RunTally], desk: Desk) -> dict[str, Any]:
    """Return what everybody who may see an import sees of it, in their language."""
    return {
        "job": job,
        "import": {
            **line(rt, job, tallies),
            "ended_at": job.ended_at,
            "phase": job.phase,
            "rows": job.rows,
            "rows_per_s": job.rows_per_s,
            "left_s": job.left_s,
            "share": job.share,
            "told_at": job.told_at,
            "attempts": job.attempts,
            "waits": job.stage in {Stage.MAPPED, Stage.ORDERED},
            "under_way": job.stage in WORKED_ON,
        },
        "steps": steps(job),
        "stands": stands(job),
        "result": run(tallies, dry_run=job.stage is not Stage.DONE),
        "foreseen": run(tallies, dry_run=True) if job.stage is Stage.DONE else None,
        "first_refused": job.first_refused,
        "reasons": {reason.value: said[desk.language == "hi"] for reason, said in REASONS.items()},
        "reported": job.stage in REPORTED and job.sealed_name is not None,
        "failure": job.failure and refusal_words(job.failure, job.facts, desk.language),
    }


def of_reader(job: Job, desk: Desk) -> dict[str, Any]:
    """Return what of an import's page depends on who reads it."""
    own = job.author_id == desk.actor.id
    verbs = {
        verb
        for verb, stages in MAY_MOVE.items()
        if job.stage in stages and (own or verb == "cancel")
    }
    return {"verbs": verbs, "own": own}


def steps(job: Job) -> list[dict[str, str]]:
    """Return the steps of an import, and how far it is; one that ended early stops there."""
    halted = job.stage in ENDED and job.stage is not Stage.DONE
    reached = REACHED.get(job.stage, 0)
    if halted:
        reached = 4 if job.ordered_at else 2 if job.sealed_columns else 1
    here = "here" if job.stage in ENDED or job.stage in WORKED_ON else "done"
    shown = [
        {
            "key": key,
            "state": "ahead" if number > reached else here if number == reached else "done",
        }
        for number, key in enumerate(STEPS, 1)
    ]
    if halted:
        kept = [step for step in shown if step["state"] == "done"]
        return [*kept, {"key": job.stage.value, "state": "here"}]
    return shown


def columns(preview: Preview, kind: Kind) -> dict[str, Any]:
    """Return the headings of a file with what we take them for, and some rows to tell by."""
    expected = COLUMNS[kind]
    known = [*expected.needed, *expected.one_of, *expected.optional]
    return {
        "written_as": preview.written_as,
        "sheets": [
            {"number": number, "name": name, "here": name == preview.sheet}
            for number, name in enumerate(preview.sheets, 1)
        ],
        "headings": [
            {
                "written": heading.written,
                "column": heading.column or "",
                "doubtful": heading.column in {None, IGNORED} and is_doubtful(heading.written),
                "samples": [
                    sample(row[place] if place < len(row) else "", heading.column)
                    for row in preview.rows
                ],
            }
            for place, heading in enumerate(preview.headings)
        ],
        "known": known,
        "needed": [*expected.needed],
        "missing": [*preview.missing],
        "ignored": IGNORED,
    }


def sample(written: str, column: str | None) -> str:
    """Show enough of a field to know what it is. Addresses are masked, and so is whatever has as
    many digits as a phone number under a heading that nobody has explained."""
    text = " ".join(written.split())[:LONGEST_SAMPLE]
    digits = sum(letter.isdecimal() for letter in text)
    if column in ADDRESSES or (column in {None, IGNORED} and digits >= DIGITS_OF_A_PHONE):
        return _masked(text)
    return text


def _masked(text: str) -> str:
    if not text:
        return ""
    if sum(letter.isdecimal() for letter in text) >= DIGITS_OF_A_PHONE:
        return f"••••• ••{text[-3:]}"
    return masked(text)
