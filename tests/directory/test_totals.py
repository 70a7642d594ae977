"""Whatever rows come: each ends in one way, the totals add up, and the tree stays a tree."""

import csv
import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chaupal import directory, record
from chaupal.directory import Consent, Kind, PersonRow, Reason, Unfit
from chaupal.directory.people.load import load
from chaupal.directory.staging import Pace, Phase, Progress, Task, Watch
from factories import LEVELS, an_organisation

CODES = [f"n{number}" for number in range(8)] + ["state", "east", "east-one", ""]
ROWS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(CODES),
            st.sampled_from(CODES),
            st.sampled_from([*(level.key for level in LEVELS), "ज़िला", "nothing"]),
            st.sampled_from(["अ", "", 'quo"ted', "two\nlines"]),
            st.sampled_from(["A", "B"]),
        ),
        st.lists(st.sampled_from(["x", ";"]), min_size=1, max_size=7).map(tuple),
    ),
    max_size=25,
)


def written(rows):
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["code", "parent_code", "level", "name_hi", "name_en"])
    writer.writerows(rows)
    return file.getvalue().encode()


async def test_totals_add_up_and_the_tree_stays_a_tree(rt, tmp_path):
    place = await an_organisation(rt)
    actor = record.part_of_the_system(place.organisation, "console")
    report = tmp_path / "report.csv"

    async def units():
        async with place.transaction() as conn:
            cursor = await conn.execute("""
                SELECT u.code, u.path = coalesce(p.path, '/') || u.number || '/'
                       AND (p.id IS NULL OR u.level_rank > p.level_rank)
                  FROM unit u LEFT JOIN unit p ON p.id = u.parent_id
            """)
            return dict(await cursor.fetchall())

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ROWS)
    async def holds(rows):
        before = await units()
        source = io.BytesIO(written(rows))
        told = await directory.import_file(rt, Kind.UNITS, source, actor=actor, report_to=report)
        after = await units()
        lines = [line.split(",") for line in report.read_text("utf-8-sig").splitlines()[1:]]
        assert told.rows == sum(1 for row in rows if any(value.strip() for value in row))
        assert len({line[0] for line in lines}) == len(lines) == told.rows
        assert [line[1] for line in lines].count("refused") == told.refused
        assert sum(told.reasons.values()) == told.refused
        assert len(after) == len(before) + told.accepted
        assert all(after.values()), "each unit lies below its parent"

    await in_this_loop(holds)


ADDRESSES = st.one_of(st.none(), st.integers(0, 12).map(lambda n: f"+91110000{n:04}"))
CONSENTS = st.sampled_from(
    [None, Consent("paper", "form", "v1"), Consent("paper", "form", "v2", ("messages",))]
)
PEOPLE = st.lists(
    st.one_of(
        st.builds(
            PersonRow,
            reference=st.integers(0, 12).map(str),
            unit_code=st.sampled_from(["state", "east", "west", "nowhere", "over"]),
            name=st.sampled_from(["राम", "Tab\tand\\back\nslash"]),
            language=st.sampled_from([None, "hi", "en"]),
            phone=ADDRESSES,
            sandbox=ADDRESSES,
            consent=CONSENTS,
        ),
        st.just(Unfit(Reason.MISSING, "name")),
    ),
    max_size=25,
)
AT_ONCE = Pace()
BIT_BY_BIT = [Pace(1, 1, 0, 1), Pace(2, 3, 0, 2), Pace(3, 5, 0.5, 4)]
HELD = """
    SELECT p.reference, p.name, p.language, u.code,
           ARRAY(SELECT channel || encode(lookup, 'hex') FROM contact_point c
                  WHERE c.person_id = p.id ORDER BY 1),
           ARRAY(SELECT channel || purpose || act || basis || notice_version FROM consent k
                  WHERE k.person_id = p.id ORDER BY channel, purpose, id)
      FROM person p JOIN unit u ON u.id = p.unit_id ORDER BY 1
"""


async def test_what_becomes_of_people_depends_neither_on_the_pace_nor_on_a_rehearsal(rt):
    places = [await an_organisation(rt, f"sangh-{pace}") for pace in range(1 + len(BIT_BY_BIT))]
    for place in places:
        await place.unit("over", "east")
        async with place.transaction() as conn:
            await conn.execute("UPDATE unit SET ended_on = now() WHERE code = 'over'")

    async def brought(place, rows, pace, *, rehearsed=False):
        """Load people, and return how each line ended and what is held of everybody then."""
        lines = iter(list(enumerate(rows, 2)))
        # One key for all, so that the same address looks the same in each organisation.
        task = Task(1, rt.sealer, rt.now(), judged_only=rehearsed, pace=pace)
        async with place.transaction() as conn:
            assert await load(conn, lines, task) == len(rows)
            verdicts = await conn.execute("SELECT * FROM staged_verdict ORDER BY line")
            held = await conn.execute(HELD)
            return await verdicts.fetchall(), await held.fetchall()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(PEOPLE)
    async def alike(rows):
        first, *others = places
        rehearsed, untouched = await brought(first, rows, BIT_BY_BIT[1], rehearsed=True)
        expected = await brought(first, rows, AT_ONCE)
        assert rehearsed == expected[0]
        assert len(expected[0]) == len(rows)
        if all(outcome in {"refused", "unchanged"} for _, outcome, *_ in rehearsed):
            assert untouched == expected[1]
        for place, pace in zip(others, BIT_BY_BIT, strict=True):
            assert await brought(place, rows, pace) == expected

    await in_this_loop(alike)


async def test_progress_goes_through_the_phases_and_never_back(rt):
    place = await an_organisation(rt)
    told: list[Progress] = []
    rows = [PersonRow(str(n), "east", "A", phone=f"+91110000{n:04}") for n in range(9)]
    source = io.BytesIO(b"x" * 100)
    source.seek(60)
    task = Task(
        place.organisation, rt.sealer, rt.now(), watch=Watch(told.append, source=source),
        pace=Pace(2, 4, 0, 3),
    )  # fmt: skip
    async with place.transaction() as conn:
        await load(conn, iter(list(enumerate(rows, 2))), task)
    order = [Phase.READING, Phase.CHECKING, Phase.WRITING]
    phases = [order.index(progress.phase) for progress in told]
    assert phases == sorted(phases)
    assert set(phases) == {0, 1, 2}
    assert {progress.bytes_read for progress in told} == {60}
    for phase in (Phase.READING, Phase.WRITING):
        counts = [progress.rows for progress in told if progress.phase is phase]
        assert counts == sorted(counts)
        assert counts[-1] == 9


async def in_this_loop(holds):
    """Let hypothesis, which is not async, drive a body that needs this test's connections."""
    import asyncio

    loop = asyncio.get_running_loop()
    inner = holds.hypothesis.inner_test
    holds.hypothesis.inner_test = lambda rows: asyncio.run_coroutine_threadsafe(
        inner(rows), loop
    ).result(60)
    await asyncio.to_thread(holds)
