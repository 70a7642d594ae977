"""What has happened in the rehearsal's organisations before a newcomer looks at them.

A notice is published, people have said yes and no, offices were handed over and fell vacant, new
mandals still lack their groups, and files were brought in. Nobody's group is touched: the story's
audiences stay as the roster has them.
"""

from datetime import date, timedelta
from itertools import groupby, pairwise

from chaupal import directory
from chaupal.directory import Kind
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.runtime import Runtime
from chaupal.organisations.models import UnitId
from chaupal.organisations.offices import NewTerm, OfficeId, TermId, terms
from chaupal.organisations.tree import Names
from chaupal.organisations.tree import actions as tree
from chaupal.people import consent, ledger, notices
from chaupal.people.consent import Saying
from chaupal.people.holding import person_holder
from chaupal.people.models import Act, Basis, ContactChannel, PersonId, Purpose
from chaupal.record import Actor
from chaupal.rehearsal import roster
from chaupal.rehearsal.demo import files, queries
from chaupal.rehearsal.demo.progress import Steps
from chaupal.rehearsal.demo.queries import Seat
from chaupal.rehearsal.demo.rows import NOTICE

NOTICE_HI = """हम {name} हैं। हमारे पास आपका नाम, इकाई, दायित्व और संपर्क का पता है, और कुछ नहीं: \
न धर्म, न जाति, न वोट।

किस लिए: बैठक और काम की सूचना, और आप हाँ कहें तो संगठन की ख़बरें। संदेश उसी माध्यम पर आते हैं जो आपने दिया है।

बंद करना हो तो किसी भी संदेश के जवाब में STOP या बंद लिखिए, या अपने पन्ने पर एक बार छूइए। उसी समय से बंद।

आपकी जानकारी हम किसी और को नहीं देते। मिटवाना हो या शिकायत हो तो अपने पन्ने से कहिए या कार्यालय में \
शिकायत अधिकारी से; वहाँ बात न बने तो भारतीय डेटा संरक्षण बोर्ड से।"""
NOTICE_EN = """We are {name}. We hold your name, unit, office and the address you gave us, and \
nothing else: no religion, no caste, no vote.

What for: word of meetings and work, and, if you say yes, the organisation's news. Messages come \
on the channel that you gave.

To stop them, answer any message with STOP or बंद, or tap once on your own page. They stop at once.

We give what we hold to nobody. To be erased, or to complain, use your own page or ask the \
grievance officer at the office; if that does not help, the Data Protection Board of India."""

STATE, DISTRICT = 0, 2
NEW_MANDALS = slice(2, None, 10)
VACATED, ENDING, HANDED_OVER = slice(4, None, 9), slice(1, None, 8), slice(7, None, 14)
ASKED_ABOUT_NEWS, SAID_NO = slice(4, 12), slice(10, 12)
NEWS = [(Purpose.MESSAGES, ContactChannel.PHONE), (Purpose.MESSAGES, ContactChannel.SANDBOX)]


async def give_past(
    rt: Runtime, source: roster.Organisation, *, actor: Actor, steps: Steps
) -> None:
    """Let an organisation have a past, once. What an interrupted run left out stays out."""
    async with db.transaction(rt.pool, actor.organisation) as conn:
        if await ledger.newest_notice(conn, "hi") is not None:
            return
        seats = await queries.seats(conn, deepest=DISTRICT)
    with steps.step(f"Past: {source.name_en}"):
        bodies = {
            "hi": NOTICE_HI.format(name=source.name_hi),
            "en": NOTICE_EN.format(name=source.name_en),
        }
        await notices.publish(rt, NOTICE, bodies, key=str(new_id()), actor=actor)
        if "district" not in {level.key for level in source.levels}:
            return
        await _ask_about_news(rt, seats, actor)
        await _change_hands(rt, seats, actor)
        await _change_the_tree(rt, source, actor)
        today = tree.today(rt)
        members = files.members(source, today)
        await files.bring(rt, Kind.MEMBERSHIPS, "वर्ग सदस्य.csv", members, actor=actor)
        people = files.people(source)
        await files.bring(rt, Kind.PEOPLE, "नए सदस्य.csv", people, actor=actor, order=False)


async def _ask_about_news(rt: Runtime, seats: list[Seat], actor: Actor) -> None:
    """Some of the executive want news as well; two have thought better of it."""
    executive = [PersonId(seat.holder) for seat in seats if seat.rank == STATE]
    yes = Saying(Act.GIVEN, NEWS, "hi", Basis.PAPER, "बैठक का फ़ॉर्म", NOTICE)
    no = Saying(Act.WITHDRAWN, NEWS, "hi", Basis.DESK, "फ़ोन पर कहा")
    for person in executive[ASKED_ABOUT_NEWS]:  # eight
        await consent.note(rt, person, yes, actor=actor)
    for person in executive[SAID_NO]:
        await consent.note(rt, person, no, actor=actor)


async def _change_hands(rt: Runtime, seats: list[Seat], actor: Actor) -> None:
    """A dozen offices are vacant, handed over, or about to end."""
    today = tree.today(rt)
    executive = [seat for seat in seats if seat.rank == STATE]
    districts = [seat for seat in seats if seat.rank == DISTRICT]
    vacated = enumerate([executive[-1], *districts[VACATED]])
    leaving = [(seat, today - timedelta(days=12 + 17 * order)) for order, seat in vacated]
    about_to = enumerate(districts[ENDING])
    leaving += [(seat, today + timedelta(days=4 + 5 * order)) for order, seat in about_to]
    for seat, vacant_from in leaving:
        office, term = OfficeId(seat.office), TermId(seat.term)
        await terms.end_term(rt, office, term, vacant_from, key=str(new_id()), actor=actor)
    new = NewTerm(today - timedelta(days=18))
    for seat, following in zip(districts[HANDED_OVER], reversed(executive[:-1]), strict=False):
        await terms.hand_over(
            rt,
            OfficeId(seat.office),
            person_holder(PersonId(following.holder)),
            new,
            key=str(new_id()),
            actor=actor,
        )


async def _change_the_tree(rt: Runtime, source: roster.Organisation, actor: Actor) -> None:
    """A few districts have a new mandal without a group; one kendra went to the next mandal."""
    day = tree.today(rt) - timedelta(days=60)
    districts = [unit for unit in source.units() if unit.rank == DISTRICT]
    mandals = []
    for unit in districts[NEW_MANDALS]:  # five
        code, names = f"{unit.code}-D1", Names(f"{unit.name_hi} देहात", f"{unit.name_en} Dehat")
        await tree.found(
            rt,
            await _unit(rt, unit.code, actor),
            level="mandal",
            code=code,
            names=names,
            on_day=day,
            key=str(new_id()),
            actor=actor,
        )
        mandals.append((code, names.hi, names.en))
    await files.bring(rt, Kind.UNITS, "नए मंडल.csv", files.units(mandals), actor=actor)
    await _move_a_kendra(rt, source, day + timedelta(days=29), actor)


async def _move_a_kendra(rt: Runtime, source: roster.Organisation, day: date, actor: Actor) -> None:
    kendras = [unit for unit in source.units() if unit.rank == DISTRICT + 2]
    of_mandal = {unit.number: unit for unit in source.units() if unit.rank == DISTRICT + 1}
    by_mandal = groupby(kendras, key=lambda kendra: kendra.parent)
    last = {number: list(below)[-1] for number, below in by_mandal}
    numbers = list(last)
    for here, there in pairwise(numbers):
        if here is None or there is None or of_mandal[here].parent != of_mandal[there].parent:
            continue
        moved = await _unit(rt, last[here].code, actor)
        to = await _unit(rt, of_mandal[there].code, actor)
        await tree.move(rt, moved, to, on_day=day, key=str(new_id()), actor=actor)
        return


async def _unit(rt: Runtime, code: str, actor: Actor) -> UnitId:
    return await directory.unit_with_code(rt, code, organisation=actor.organisation)
