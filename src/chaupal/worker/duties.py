"""The regular duties of one organisation, each at its own pace."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chaupal.arrivals import actions as arrivals
from chaupal.broadcasts import asking, fetching, keeping, pictures, retracting
from chaupal.broadcasts import jobs as broadcasts
from chaupal.channels.http import HttpClient
from chaupal.directory import tallies
from chaupal.directory.jobs import run as imports
from chaupal.groups.coverage import jobs as coverage
from chaupal.kit import log
from chaupal.kit.ids import OrganisationId
from chaupal.kit.refusals import Unavailable
from chaupal.kit.runtime import Runtime
from chaupal.organisations import actions as organisations
from chaupal.principals import erasure
from chaupal.relay import jobs as relay
from chaupal.relay.models import Patience
from chaupal.watch import jobs as watch

FAULT_WAIT_S = 30.0
DAY_S = 86_400.0

logger = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do again and again, `every_s` seconds after the last time it ended."""

    name: str
    every_s: float
    work: Callable[[], Awaitable[object]]


def duties(
    rt: Runtime, organisation: OrganisationId, http: HttpClient, patience: Patience
) -> list[Duty]:
    """Return what has to be done for one organisation."""
    manners = relay.Manners()
    retractor = retracting.Retractor(rt, organisation, http)
    return [
        Duty("freeze", 0.25, lambda: broadcasts.freeze_approved(rt, organisation)),
        Duty("open_tasks", 0.5, lambda: relay.open_tasks(rt, organisation, patience)),
        Duty("tell", 0.25, lambda: relay.tell(rt, http, organisation, manners)),
        Duty("escalate", 1, lambda: relay.escalate(rt, organisation, patience)),
        Duty("hand_over", 2, lambda: relay.hand_over(rt, organisation)),
        Duty("ask_back", 2, lambda: relay.ask_back(rt, organisation)),
        Duty("close", 2, lambda: relay.close(rt, organisation)),
        Duty("keep_in_order", 1, lambda: broadcasts.keep_in_order(rt, organisation)),
        Duty("retract", 1, retractor.work),
        Duty("ask_about_doubts", 20, lambda: asking.ask(rt, organisation, http)),
        Duty("fetch_templates", 2, lambda: fetching.fetch_due(rt, organisation, http)),
        Duty("keep_reports", 5, lambda: keeping.keep(rt, organisation)),
        Duty("tidy", 20, lambda: broadcasts.tidy(rt, organisation)),
        Duty("forget_wordings", 600, lambda: watch.forget(rt, organisation)),
        Duty("purge", 60, lambda: arrivals.purge(rt, organisation)),
        Duty("let_go_of_pictures", 600, lambda: pictures.let_go(rt, organisation)),
        Duty("tidy_imports", 600, lambda: imports.tidy(rt, organisation)),
        Duty("fold_tallies", 60, lambda: tallies.fold(rt, organisation)),
        Duty("recount_tallies", DAY_S, lambda: tallies.recount(rt, organisation)),
        Duty("recount_coverage", 10, lambda: coverage.recount(rt, organisation)),
        Duty("forget_old", 600, lambda: organisations.forget_old(rt, organisation)),
        Duty("purge_erased", DAY_S, lambda: erasure.purge(rt, organisation)),
        Duty("reconcile", 3600, lambda: broadcasts.reconcile(rt, organisation)),
    ]


async def carry_out(duty: Duty, stop: asyncio.Event) -> None:
    """Do a duty until told to stop. An engine that is away is waited for.

    A fault in one duty of one organisation must not stop the others, so it is said loudly,
    without what may be personal in it, and tried again later.
    """
    away_s = 0.0
    while not stop.is_set():
        try:
            await duty.work()
            away_s = 0.0
        except Unavailable as refusal:
            away_s = min(10.0, away_s * 2 or 0.5)
            logger.warning("duty.engine_away", duty=duty.name, code=refusal.code, wait_s=away_s)
        except Exception as error:  # noqa: BLE001
            away_s = FAULT_WAIT_S
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error(  # noqa: TRY400  (a traceback may quote a row)
                "duty.failed",
                duty=duty.name,
                kind=type(error).__name__,
                place=f"{Path(place.filename).name}:{place.lineno}",
            )
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), max(duty.every_s, away_s))
