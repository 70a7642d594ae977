"""What belonged where on which day: Rajasthan went from 33 districts to 50, and back to 41."""

from datetime import UTC, date, datetime

import pytest

from chaupal.organisations.tree import joined
from factories import an_organisation
from growing import Grove, part

FORMED, ENDED = date(2023, 8, 7), date(2024, 12, 28)
OLD = [
    "ajmer", "alwar", "banswara", "baran", "barmer", "bharatpur", "bhilwara", "bikaner", "bundi",
    "chittorgarh", "churu", "dausa", "dholpur", "dungarpur", "hanumangarh", "jaipur", "jaisalmer",
    "jalore", "jhalawar", "jhunjhunu", "jodhpur", "karauli", "kota", "nagaur", "pali",
    "pratapgarh", "rajsamand", "sawai-madhopur", "sikar", "sirohi", "sri-ganganagar", "tonk",
    "udaipur",
]  # fmt: skip
NEW = {
    "anupgarh": "sri-ganganagar",
    "balotra": "barmer",
    "beawar": "ajmer",
    "deeg": "bharatpur",
    "didwana-kuchaman": "nagaur",
    "dudu": "jaipur",
    "gangapur-city": "sawai-madhopur",
    "jaipur-rural": "jaipur",
    "jodhpur-rural": "jodhpur",
    "kekri": "ajmer",
    "khairthal-tijara": "alwar",
    "kotputli-behror": "jaipur",
    "neem-ka-thana": "sikar",
    "phalodi": "jodhpur",
    "salumbar": "udaipur",
    "sanchore": "jalore",
    "shahpura": "bhilwara",
}
ENDED_AGAIN = [
    "anupgarh", "dudu", "gangapur-city", "jaipur-rural", "jodhpur-rural", "kekri",
    "neem-ka-thana", "sanchore", "shahpura",
]  # fmt: skip


@pytest.fixture
async def rajasthan(rt, clock) -> Grove:
    """Three years of a state: formed, ended, entered long afterwards with their days."""
    clock.at = datetime(2026, 3, 10, 8, tzinfo=UTC)
    place = await an_organisation(rt)
    await place.unit("rajasthan", "state")
    for district in OLD:
        await place.unit(district, "rajasthan")
    for new, old in NEW.items():
        await place.unit(f"booth-of-{new}", old)
    await place.unit("booth-of-khajuwala", "bikaner")
    await place.person("booth-of-anupgarh")
    grove = Grove(place, await place.account("anita"))
    for new, old in NEW.items():
        await grove.split(old, part(new, children=grove.ids(f"booth-of-{new}")), on=FORMED)
    khajuwala = part("anupgarh", children=grove.ids("booth-of-khajuwala"), new=False)
    await grove.split("bikaner", khajuwala, on=FORMED)
    await grove.move("booth-of-khajuwala", "bikaner", on=ENDED)
    for district in ENDED_AGAIN:
        await grove.merge(district, NEW[district], on=ENDED)
    return grove


async def test_rajasthan_had_33_districts_then_50_then_41(rajasthan):
    for day, districts in (
        (date(2023, 8, 6), 33),
        (FORMED, 50),
        (date(2024, 8, 15), 50),
        (date(2024, 12, 27), 50),
        (ENDED, 41),
        (date(2026, 3, 10), 41),
    ):
        assert len(await rajasthan.tree_on(day, "rajasthan")) == districts, day
    await rajasthan.check()


@pytest.mark.parametrize(
    ("day", "anupgarh", "khajuwala"),
    [
        (date(2023, 8, 6), "sri-ganganagar", "bikaner"),
        (FORMED, "anupgarh", "anupgarh"),
        (date(2024, 8, 15), "anupgarh", "anupgarh"),
        (date(2024, 12, 27), "anupgarh", "anupgarh"),
        (ENDED, "sri-ganganagar", "bikaner"),
    ],
)
async def test_in_which_district_a_booth_was_on_a_day(rajasthan, day, anupgarh, khajuwala):
    for booth, district in (("anupgarh", anupgarh), ("khajuwala", khajuwala)):
        line = await rajasthan.lineage_on(f"booth-of-{booth}", day)
        assert line == ["state", "rajasthan", district, f"booth-of-{booth}"]


async def test_what_hung_from_a_district_that_is_no_more(rajasthan):
    booths = {"booth-of-anupgarh", "booth-of-khajuwala"}
    assert await rajasthan.tree_on(date(2024, 8, 15), "anupgarh") == booths
    assert await rajasthan.tree_on(date(2023, 8, 6), "anupgarh") == set()
    assert await rajasthan.tree_on(ENDED, "anupgarh") == set()
    assert await rajasthan.lineage_on("anupgarh", date(2023, 8, 6)) == []
    assert await rajasthan.lineage_on("anupgarh", ENDED) == []


async def test_a_district_tells_where_it_came_from_and_what_became_of_it(rajasthan):
    told = [
        (s.kind, s.on_day, s.forward, s.other_code) for s in await rajasthan.successions("anupgarh")
    ]
    assert told == [
        ("split", FORMED, False, "bikaner"),
        ("split", FORMED, False, "sri-ganganagar"),
        ("merged", ENDED, True, "sri-ganganagar"),
    ]
    [spell] = await rajasthan.spells("anupgarh")
    assert (spell.since, spell.until) == (FORMED, ENDED)


async def test_a_booths_own_history_is_a_spell_for_each_place(rajasthan):
    spells = joined(await rajasthan.spells("booth-of-khajuwala"))
    assert [(s.since.year, s.until, s.parent_name_en) for s in spells] == [
        (1, FORMED, "Unit bikaner"),
        (2023, ENDED, "anupgarh"),
        (2024, None, "Unit bikaner"),
    ]


async def test_history_is_told_within_ones_own_part_of_the_tree(rajasthan):
    day = date(2024, 8, 15)
    coordinator = await rajasthan.place.account("ravi", at="bikaner", role="coordinator")

    assert await rajasthan.tree_on(day, "anupgarh", actor=coordinator) == {"booth-of-khajuwala"}
    assert await rajasthan.lineage_on("booth-of-anupgarh", day, actor=coordinator) == []
    assert await rajasthan.lineage_on("booth-of-khajuwala", day, actor=coordinator)
    assert await rajasthan.spells("booth-of-anupgarh", actor=coordinator) == []
    assert await rajasthan.successions("anupgarh", actor=coordinator) == []


async def test_a_name_of_another_day_is_told_as_it_was(rajasthan):
    await rajasthan.rename("sri-ganganagar", "गंगानगर", on=date(2025, 6, 1))
    before = await rajasthan.spells("sri-ganganagar")
    assert [spell.name_hi for spell in before] == ["इकाई sri-ganganagar", "गंगानगर"]
    assert await rajasthan.lineage_on("booth-of-anupgarh", date(2023, 1, 1)) == [
        "state", "rajasthan", "sri-ganganagar", "booth-of-anupgarh",
    ]  # fmt: skip
