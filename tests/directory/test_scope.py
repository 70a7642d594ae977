"""What comes back lies within the scope of whoever asks, on every route that the application has.

Random trees, logins and posts; every list, page, search, export and API route is asked, and its
answer is held against an oracle of its own (tests/scoping.py). The routes are read from the
application: one that was added and stands in no table here fails the first test. A run prints
its seed; CHAUPAL_SCOPE_SEED runs it again.
"""

import asyncio
import os
import random
from datetime import UTC, datetime

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

import asking_by_key
import asking_by_page
from asking import API, OPEN, PAGES, Asking
from browsing import a_door
from chaupal.groups.coverage import jobs as coverage
from chaupal.web.app import application
from scoping import build, worlds

NOON = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
WORLDS = 3
LIMIT_S = 120
PAGED_LOGINS = (1, 2, 9)  # an area, two areas, and nothing but the last day of a term
EMPTY_LOGINS = (6,)  # whose term ended yesterday


def routes(rt) -> set[tuple[str, str]]:
    """Every route of the application."""
    return {
        (method, route.path)
        for route in application(rt).routes
        for method in getattr(route, "methods", ())
        if method != "OPTIONS"
    }


def test_the_scope_of_every_route_is_known(rt):
    known = {*API, *PAGES, *OPEN}
    assert routes(rt) - known == set(), "say in tests/asking.py how their scope is tried"
    assert known - routes(rt) == set(), "these are no routes any more"


async def test_what_comes_back_is_within_scope(rt, clock):
    clock.at = NOON
    seed = int(os.environ.get("CHAUPAL_SCOPE_SEED") or random.SystemRandom().randrange(2**32))
    print(f"CHAUPAL_SCOPE_SEED={seed}")

    async with a_door(rt) as door:

        @hypothesis.seed(seed)
        @settings(
            max_examples=WORLDS,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(worlds())
        async def holds(world):
            built = await build(rt, world, today=NOON.date())
            await coverage.recount(rt, built.place.organisation, at_once=True)
            asking = Asking(door, built)
            await asking.bring_files()
            for login in range(len(world.logins)):
                await asking_by_key.ask(asking, login)
            for login in PAGED_LOGINS + EMPTY_LOGINS:
                await asking_by_page.ask(asking, login)

        await in_this_loop(holds)


async def in_this_loop(holds):
    """Let hypothesis, which is not async, drive a body that needs this test's connections."""
    loop, inner = asyncio.get_running_loop(), holds.hypothesis.inner_test
    holds.hypothesis.inner_test = lambda world: asyncio.run_coroutine_threadsafe(
        inner(world), loop
    ).result(LIMIT_S)
    await asyncio.to_thread(holds)
