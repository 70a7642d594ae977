import hashlib
import re
from collections import Counter
from itertools import islice, pairwise

import phonenumbers
import pytest

from chaupal.kit.refusals import Invalid
from chaupal.rehearsal.names import NAMES
from chaupal.rehearsal.records import MOST_PEOPLE, phone
from chaupal.rehearsal.roster import cooperative, rajasthan
from chaupal.rehearsal.sizes import LEAST_GROUPS, Spread, plan, shares

STREAMS = ("units", "groups", "people")


def drained(organisation):
    return organisation, *(list(getattr(organisation, stream)()) for stream in STREAMS)


@pytest.fixture(scope="module")
def full():
    return drained(rajasthan())


@pytest.fixture(scope="module")
def small():
    return drained(rajasthan(groups=5_000, people=1_000))


@pytest.fixture(scope="module")
def tiny():
    return drained(rajasthan(groups=400, people=1_000))


@pytest.fixture(scope="module")
def dairy():
    return drained(cooperative())


@pytest.fixture(params=["full", "small", "tiny", "dairy"])
def either(request):
    return request.getfixturevalue(request.param)


def fingerprint(organisation, stream):
    digest = hashlib.sha256()
    for row in getattr(organisation, stream)():
        # repr leaves a person's name and phone out, as logs must; here they count.
        digest.update(repr((row, getattr(row, "name", ""), getattr(row, "phone", ""))).encode())
    return digest.hexdigest()


def superiors(units):
    """Map each unit to itself and everything above it."""
    chain = {None: frozenset()}
    for unit in units:
        chain[unit.number] = chain[unit.parent] | {unit.number}
    return chain


def test_the_full_size_is_exact(full):
    organisation, units, groups, people = full

    assert Counter(unit.rank for unit in units) == {
        0: 1,
        1: 7,
        2: 41,
        3: 1_151,
        4: 6_800,
        5: 52_000,
    }
    assert (len(units), len(groups), len(people)) == (60_000, 100_000, 100_000)
    assert Counter((group.purpose, bool(group.categories)) for group in groups) == {
        ("internal", False): 8_000 + 32_848,
        ("public", False): 52_000,
        ("public", True): 6 * (41 + 1_151),
    }
    assert [level.rank for level in organisation.levels] == [0, 1, 2, 3, 4, 5]


def test_counts_said_beforehand_are_the_counts_streamed(either):
    organisation, units, groups, people = either

    assert organisation.unit_count == len(units)
    assert organisation.group_count == len(groups)
    assert organisation.person_count == len(people)


def test_numbers_are_dense_and_a_parent_comes_before_its_children(either):
    _, *streams = either
    for rows in streams:
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))

    rank = {unit.number: unit.rank for unit in streams[0]}
    for unit in streams[0][1:]:
        assert unit.parent < unit.number
        assert rank[unit.parent] == unit.rank - 1


def test_a_subtree_is_one_run_of_numbers(either):
    _, units, *_ = either
    chain = superiors(units)
    for before, unit in pairwise(units):
        assert unit.parent in chain[before.number]


def test_nothing_that_must_be_unique_repeats(either):
    _, units, groups, people = either

    assert len({unit.code for unit in units}) == len(units)
    assert len({group.address for group in groups}) == len(groups)
    assert len({person.phone for person in people}) == len(people)
    assert len({person.chat for person in people}) == len(people)
    siblings = Counter((unit.parent, unit.name_hi, unit.name_en) for unit in units)
    assert set(siblings.values()) == {1}


def test_the_two_organisations_share_no_address(full, dairy):
    _, _, groups, people = full
    _, _, dairy_groups, dairy_people = dairy

    assert {g.address for g in groups}.isdisjoint(g.address for g in dairy_groups)
    assert {p.phone for p in people}.isdisjoint(p.phone for p in dairy_people)
    assert {p.chat for p in people}.isdisjoint(p.chat for p in dairy_people)
    assert int(phone(MOST_PEOPLE)[1:]) < int(phone(1, cooperative=True)[1:])


@pytest.mark.parametrize("make", [lambda seed: rajasthan(seed, 1_500, 2_000), cooperative])
def test_the_same_seed_gives_the_same_rows_at_every_opening(make):
    organisation = make(2026)
    for stream in STREAMS:
        first = fingerprint(organisation, stream)
        assert fingerprint(organisation, stream) == first, stream
        assert fingerprint(make(2026), stream) == first, stream


@pytest.mark.parametrize("make", [lambda seed: rajasthan(seed, 5_000, 5_000), cooperative])
def test_another_seed_gives_another_tree_other_groups_and_other_names(make):
    first, second = make(2026), make(2027)

    for stream, field in (("units", "code"), ("groups", "size"), ("people", "name")):
        rows = [[getattr(r, field) for r in getattr(o, stream)()] for o in (first, second)]
        assert len(rows[0]) == len(rows[1])
        assert rows[0] != rows[1], stream


def test_every_booth_has_one_public_group_and_every_unit_above_an_internal_one(full):
    _, units, groups, _ = full
    plain = Counter((g.unit, g.purpose) for g in groups if not g.categories)

    for unit in units:
        assert plain[unit.number, "public"] == (unit.rank == 5)
        if unit.rank < 5:
            assert plain[unit.number, "internal"] == 1


def test_every_district_and_mandal_has_a_group_of_each_category(full):
    organisation, units, groups, _ = full
    keys = {category.key for category in organisation.categories}
    assert keys == {"farmers", "students", "women", "traders", "professionals", "youth_icons"}

    wanted = {(unit.number, key) for unit in units if unit.rank in {2, 3} for key in keys}
    found = [(group.unit, key) for group in groups for key in group.categories]
    assert len(found) == len(wanted)
    assert set(found) == wanted


def test_relay_is_for_the_public_groups_of_bikaner_and_kota_alone(full):
    _, units, groups, _ = full
    code = {unit.number: unit.code for unit in units}

    for group in groups:
        relayed = (
            code[group.unit].startswith(("RJ-BKN-", "RJ-KOT-"))
            and group.purpose == "public"
            and not group.categories
        )
        assert (group.channel == "whatsapp") == relayed == (group.sender is None)
        assert relayed or group.sender in range(4)


def test_every_category_group_has_a_member_of_the_top_executive(either):
    _, _, groups, people = either
    executive = {p.number for p in people if any(post.unit == 1 for post in p.posts)}

    assert all(executive.intersection(g.admins) for g in groups if g.categories)


def test_admins_are_of_the_groups_unit_or_above_it(either):
    _, units, groups, people = either
    chain = superiors(units)
    unit_of = {person.number: person.unit for person in people}

    for group in groups:
        assert 1 <= len(group.admins) == len(set(group.admins)) <= 3
        assert all(unit_of[admin] in chain[group.unit] for admin in group.admins)


def test_a_few_internal_groups_hang_on_one_admin(full):
    _, _, groups, _ = full
    lonely = sum(g.purpose == "internal" and len(g.admins) == 1 for g in groups)

    assert 500 < lonely < 5_000


def test_executive_has_thirty_and_no_unit_down_to_the_mandal_lacks_a_convenor(full, small, tiny):
    for _, units, _, people in (full, small, tiny):
        holders = Counter(post.unit for person in people for post in person.posts)
        assert holders[1] == 30
        assert all(holders[unit.number] == 1 for unit in units if unit.rank in {1, 2, 3})
        assert all(post.unit == person.unit for person in people for post in person.posts)


def test_with_people_enough_every_kendra_and_booth_has_its_head(full):
    _, units, _, people = full
    holders = Counter(post.unit for person in people for post in person.posts)

    assert all(holders[unit.number] == 1 for unit in units if unit.rank in {4, 5})
    assert sum(not person.posts for person in people) == 100_000 - 60_029


def test_posts_that_people_do_not_reach_are_spread_over_the_divisions():
    organisation = rajasthan(groups=100_000, people=5_000)
    top = {unit.number: unit.code[:6] for unit in organisation.units()}

    heads = Counter(top[p.unit] for p in organisation.people() if p.posts and p.number > 1_229)
    assert len(heads) == 7
    assert min(heads.values()) > 200


def test_no_phone_can_be_dialled_and_every_one_can_be_read(either):
    _, _, _, people = either
    for person in islice(people, 0, None, 37):
        read = phonenumbers.parse(person.phone)
        assert phonenumbers.is_possible_number(read)
        assert not phonenumbers.is_valid_number(read)
        assert phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164) == person.phone
    for number in (1, 1_000_000, 4_999_999, MOST_PEOPLE):
        assert not phonenumbers.is_valid_number(phonenumbers.parse(phone(number)))


def test_addresses_carry_nothing_but_an_opaque_number(either):
    _, _, groups, people = either

    assert all(re.fullmatch(r"sb:[0-9a-f]{12}", group.address) for group in groups)
    assert all(re.fullmatch(r"p:[0-9a-f]{12}", person.chat) for person in people)


def test_rows_satisfy_the_schemas_own_words(either):
    organisation, units, groups, people = either

    assert organisation.type in {"party", "cooperative"}
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,39}", organisation.slug)
    assert all(re.fullmatch(r"[a-z_]{2,40}", c.key) for c in organisation.categories)
    assert all(unit.name_hi and unit.name_en for unit in units)
    assert {p.basis for p in people} <= {"own_page", "keyword", "paper", "membership_form"}
    roles = {post.role for person in people for post in person.posts}
    assert roles == {"coordinator", "office_bearer"}
    assert {row.language for row in (*groups, *people)} <= {"hi", "en"}
    assert all(40 <= group.size <= 1_024 for group in groups)
    assert all(g.sender is None or g.sender in range(organisation.senders) for g in groups)


def test_a_name_is_written_in_the_script_of_its_language(full):
    _, _, groups, people = full
    devanagari = re.compile(r"[\u0900-\u097F]")

    for row in (*groups, *people):
        assert bool(devanagari.search(row.name)) == (row.language == "hi")
    assert Counter(row.language for row in people)["hi"] > 85_000


def test_no_invented_name_needs_a_surname_that_tells_a_community():
    assert all(len(name.hi.split()) == len(name.en.split()) == 2 for name in NAMES)
    assert len(set(NAMES)) > 300


@pytest.mark.parametrize("groups", [LEAST_GROUPS, 400, 664, 700, 1_000, 3_648, 3_649, 20_000])
def test_a_smaller_organisation_has_exactly_the_groups_wanted(groups):
    organisation = rajasthan(groups=groups, people=400)
    units = list(organisation.units())
    found = list(organisation.groups())

    assert len(found) == groups
    assert len(units) == organisation.unit_count
    children = Counter((unit.parent, unit.rank) for unit in units)
    for unit in units:
        if unit.rank < 5:
            assert children[unit.number, unit.rank + 1] >= 1
    farmers = {g.unit for g in found if g.categories == ("farmers",)}
    assert farmers >= {unit.number for unit in units if unit.rank == 2}


def test_every_plan_adds_up():
    for groups in (*range(LEAST_GROUPS, 8_000), 99_999, 100_001, 250_000):
        made = plan(groups)
        internal = 49 + made.mandals + made.kendras
        assert internal + made.booths + made.categories + made.committees == groups
        assert 41 <= made.mandals <= made.kendras <= made.booths
        assert 0 <= made.committees <= made.booths
        assert 41 <= made.categories <= 6 * (41 + made.mandals)


def test_too_few_groups_or_people_are_refused_with_the_least():
    with pytest.raises(Invalid, match=r"rehearsal\.too_few_groups") as refused:
        rajasthan(groups=LEAST_GROUPS - 1)
    assert refused.value.facts == {"least": LEAST_GROUPS}

    with pytest.raises(Invalid, match=r"rehearsal\.people_out_of_range") as refused:
        rajasthan(groups=400, people=118)
    assert refused.value.facts["least"] == 119
    assert rajasthan(groups=400, people=119).person_count == 119


def test_five_million_people_are_only_a_longer_stream():
    organisation = rajasthan(people=5_000_000)
    first = list(islice(organisation.people(), 60_000))

    assert first[-1].number == 60_000
    assert all(person.posts for person in first)


def test_shares_add_up_and_leave_nobody_empty():
    assert shares(10, [1, 1, 1]) == [3, 3, 4]
    for total in range(4, 60):
        given = shares(total, [9, 1, 1, 5])
        assert sum(given) == total
        assert min(given) >= 1


def test_a_spread_takes_exactly_as_many_places_as_chosen():
    for total in (1, 7, 52):
        for chosen in range(total + 1):
            spread = Spread(total, chosen)
            ranks = [spread.rank(place) for place in range(total)]
            assert [rank for rank in ranks if rank is not None] == list(range(chosen))
            assert [spread.place(rank) for rank in range(chosen)] == [
                place for place, rank in enumerate(ranks) if rank is not None
            ]


def test_the_co_operative_is_its_own_small_tree(dairy):
    organisation, units, groups, people = dairy

    assert Counter(unit.rank for unit in units) == {0: 1, 1: 18, 2: 281}
    assert (len(groups), len(people)) == (500, 1_000)
    assert {category.key for category in organisation.categories} == {
        "members",
        "drivers",
        "quality_staff",
    }
    assert {group.channel for group in groups} == {"sandbox"}
    assert len({unit.name_hi for unit in units}) == 300
