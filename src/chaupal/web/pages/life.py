"""From when to when the broadcast of a form goes out, and what it meets on its way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar.datastructures import FormMultiDict

from chaupal.broadcasts import ahead
from chaupal.broadcasts.models import LONGEST_LIFE
from chaupal.broadcasts.targets import Ahead, Life
from chaupal.kit import digits
from chaupal.kit.refusals import Invalid
from chaupal.organisations.scope import INDIA
from chaupal.web.language import Language
from chaupal.web.pages import wording
from chaupal.web.shapes import named


def hours(written: str) -> int:
    """Return the hours; what is no number is none, which the draft's own check then refuses."""
    written = digits.plain(written)
    return int(written) if written.isascii() and written.isdigit() and len(written) < 5 else 0


def start(written: str) -> datetime | None:
    """Return when it is to begin, which the form says by the clock in India; None for at once."""
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise Invalid("broadcast.start_unreadable") from error
    if not 2000 <= at.year < 3000:
        raise Invalid("broadcast.start_unreadable")
    return at if at.tzinfo is not None else at.replace(tzinfo=INDIA)


def opened(written: str, now: datetime) -> datetime:
    """Return when the form was opened, and now where that cannot be true."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return now
    if at.tzinfo is None or not now - timedelta(days=1) <= at <= now:
        return now
    return at


@dataclass(frozen=True, slots=True)
class Shown:
    """The life of a form's broadcast, whether its author denies that it is election matter, and the
    name of the template as which it goes, if it goes as one."""

    life: Life
    denied: bool
    template: str


def shown(
    starts: str,
    expires_h: int,
    opened_at: datetime,
    *,
    denied: bool,
    template: str,
    now: datetime,
) -> Shown:
    """Return when what is written would go out; a field that cannot be read counts for nothing."""
    try:
        begins_at = start(starts)
    except Invalid:
        begins_at = None
    lives = min(timedelta(hours=expires_h), LONGEST_LIFE)
    ends_at = (begins_at or opened_at) + lives
    return Shown(ahead.life(max(begins_at or now, now), ends_at), denied, template)


def of_form(form: FormMultiDict, now: datetime) -> Shown:
    """Return the same of a form as it stands."""
    return shown(
        str(form.get("starts", "")).strip()[:30],
        hours(str(form.get("expires_h", ""))),
        opened(str(form.get("opened_at", "")), now),
        denied="election_matter" not in form,
        template=wording.read(form).name,
        now=now,
    )


def told(
    found: Sequence[Ahead],
    ends_at: datetime,
    language: Language,
    *,
    begins_at: datetime,
    denied: bool = False,
) -> dict[str, Any]:
    """Return what fragments/ahead.html shows of a broadcast that lasts from `begins_at` on."""
    return {
        "denied": denied,
        "rows": [
            {
                "why": row.why,
                "unit": named(row, language),
                "title": row.title,
                "detail": row.detail,
                "channel": row.channel,
                "holds_from": row.holds_from,
                "ends_at": row.ends_at,
                "begun": row.holds_from <= begins_at,
                "outlasts": row.ends_at is None or row.ends_at >= ends_at,
                "targets": row.targets,
            }
            for row in found
        ],
    }
