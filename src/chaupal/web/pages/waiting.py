"""What of a broadcast waits for its senders, in sentences."""

from collections.abc import Sequence

from chaupal.broadcasts import waiting
from chaupal.broadcasts.models import Broadcast, Count, Stage, State
from chaupal.kit import db
from chaupal.kit.runtime import Runtime
from chaupal.organisations.models import Scope
from chaupal.web.language import Language, moment, number, translations
from chaupal.web.live import Hub
from chaupal.web.refusals import N_
from chaupal.web.sender_words import why

HALTED = N_("A provider's answer through %(sender)s paused this broadcast %(time)s. %(why)s")
STOPPED = N_("%(count)s wait for %(sender)s, which was stopped %(time)s. %(why)s")
FULL = N_(
    "%(count)s wait for %(sender)s: it has written to as many people as it may in a day. The next "
    "ones follow from %(time)s on."
)


async def what_waits(
    rt: Runtime,
    hub: Hub,
    shown: Broadcast,
    account: Sequence[Count],
    *,
    scope: Scope,
    language: Language,
) -> list[str]:
    """Return what paused a broadcast, and what of it waits for which sender: looked for now and
    then, and only while something waits."""
    if not any(count.state is State.QUEUED for count in account):
        return []
    now = rt.now()

    async def look() -> tuple[list[waiting.Halted], list[waiting.Waiting]]:
        async with db.transaction(rt.pool, scope.organisation) as conn:
            return (
                await waiting.halted(conn, shown.id),
                await waiting.waiting(conn, shown.id, now=now),
            )

    halted, rows = await hub.remembered.of(("waiting", scope.organisation, shown.id), look)
    gettext = translations(language).gettext
    said = [
        gettext(HALTED)
        % {
            "sender": one.sender,
            "time": moment(one.at, now, language),
            "why": why(one.reason, language),
        }
        for one in halted
        if shown.stage is Stage.PAUSED
    ]
    for row in rows:
        facts = {"count": number(row.targets), "sender": row.sender}
        if row.stopped_at is not None:
            when = moment(row.stopped_at, now, language)
            told = {**facts, "time": when, "why": why(row.reason, language)}
            said.append(gettext(STOPPED) % told)
        elif row.full_until is not None:
            said.append(gettext(FULL) % {**facts, "time": moment(row.full_until, now, language)})
    return said
