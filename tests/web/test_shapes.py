"""From rows to pictures: nobody is lost on the way, and a stage stands where it stands."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest

from chaupal.arrivals.models import Evidence
from chaupal.broadcasts.audience import (
    And,
    Categories,
    Channels,
    Earlier,
    Everyone,
    Languages,
    Levels,
    LiveAdmins,
    Not,
    Or,
    Posts,
    Size,
    Units,
)
from chaupal.broadcasts.models import Broadcast, BroadcastId, Lane, Purpose, Stage, State
from chaupal.groups.models import Category
from chaupal.organisations.models import Level, Unit, UnitId
from chaupal.web import charts
from chaupal.web.sentences import Names, sentence
from chaupal.web.shapes import initials, reached, rung, stage_of, stands, steps, tally

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
EAST, WEST = UUID(int=1), UUID(int=2)
OVER = {Stage.FINISHED, Stage.CANCELLED, Stage.RECALLED}
NAMES = Names(
    units={
        id: Unit(UnitId(id), None, 1, code, hindi, english, "/1/", "/1/~")
        for id, code, hindi, english in ((EAST, "e", "पूर्व", "East"), (WEST, "w", "पश्चिम", "West"))
    },
    levels={"booth": Level(3, "booth", "बूथ", "Booth")},
    categories={"farmers": Category("farmers", "किसान", "Farmers")},
    broadcasts={EAST: "मंडी"},
)


@dataclass
class Row:
    state: State
    evidence: Evidence
    targets: int


def test_every_state_and_evidence_has_its_rung_and_the_sum_stays():
    rows = [Row(state, evidence, 1) for state, evidence in product(State, Evidence)]

    assert charts.total(tally(rows)) == len(rows)


def test_a_group_is_reached_when_the_message_stands_in_it_and_not_when_an_admin_opened_a_task():
    by_hand = [
        Row(State.TASKED, Evidence.PLANNED, 100),
        Row(State.TASKED, Evidence.OPENED, 20),
        Row(State.EXPIRED, Evidence.OPENED, 10),
        Row(State.SENT, Evidence.POSTED, 3),
        Row(State.SENT, Evidence.VERIFIED, 1),
    ]
    by_bot = [
        Row(State.SENT, Evidence.ACCEPTED, 50),
        Row(State.SENT, Evidence.DELIVERED, 7),
        Row(State.SENT, Evidence.OPENED, 2),
    ]
    assert (reached(by_hand), reached(by_bot)) == (4, 9)


def test_what_ended_without_proof_is_not_rounded_up():
    assert rung(State.EXPIRED, Evidence.OPENED) == "expired"
    assert rung(State.SENT, Evidence.OPENED) == "opened"
    assert rung(State.TASKED, Evidence.PLANNED) == "planned"


def broadcast(stage: Stage, **changes) -> Broadcast:
    reached = list(Stage).index(stage)
    later = [NOW + timedelta(minutes=n) for n in range(5)]
    return replace(
        Broadcast(
            id=BroadcastId(uuid4()), stage=stage, title="x", purpose=Purpose.PUBLIC,
            lane=Lane.NORMAL, audience={"op": "everyone"}, election_matter=True, synthetic=False,
            author_id=uuid4(), author_label="asha", author_paths=["/1/"], created_at=NOW,
            expires_at=NOW + timedelta(days=1), content_hash=b"x",
            submitted_at=later[1] if reached > 0 else None, approver_id=None,
            approver_label="ravi" if reached > 1 else None,
            approved_at=later[2] if reached > 1 else None, approved_hash=None,
            frozen_at=later[3] if reached > 2 else None, targets=None,
            finished_at=later[4] if stage in OVER else None, via=[],
        ),
        **changes,
    )  # fmt: skip


@pytest.mark.parametrize("stage", Stage)
def test_one_step_is_here_and_those_before_it_are_done(stage):
    shown = steps(broadcast(stage), NOW)

    states = [step["state"] for step in shown]
    assert states.count("here") == 1
    assert states == sorted(states, key=["done", "here", "ahead"].index)
    [here] = [step for step in shown if step["state"] == "here"]
    assert here["key"] == stage.value
    assert all(step["at"] is None for step in shown if step["state"] == "ahead")


def test_what_waits_for_its_hour_is_scheduled_until_it_comes():
    waiting = broadcast(Stage.SENDING, starts_at=NOW + timedelta(hours=2))
    [here] = [step for step in steps(waiting, NOW) if step["state"] == "here"]
    assert (here["key"], here["at"]) == ("scheduled", NOW + timedelta(hours=2))
    then = NOW + timedelta(hours=2)
    assert "sending" in [step["key"] for step in steps(waiting, then)]
    assert stands(waiting, NOW) != stands(waiting, then), "its live page draws the stage anew"
    assert stage_of(Stage.PAUSED, NOW + timedelta(hours=2), NOW) == "paused"


def test_what_was_stopped_early_shows_how_far_it_had_come():
    draft = broadcast(
        Stage.CANCELLED, submitted_at=None, approved_at=None, approver_label=None, frozen_at=None
    )
    submitted = replace(draft, submitted_at=NOW)

    assert [(step["key"], step["state"]) for step in steps(draft, NOW)][:2] == [
        ("draft", "done"), ("cancelled", "here"),
    ]  # fmt: skip
    assert [(step["key"], step["state"]) for step in steps(submitted, NOW)][1:3] == [
        ("submitted", "done"), ("cancelled", "here"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "hindi", "english"),
    [
        (Everyone(), "पूरा क्षेत्र · सार्वजनिक समूह", "the whole area · public groups"),
        (Units([EAST, WEST]), "पूर्व, पश्चिम · सार्वजनिक समूह", "East, West · public groups"),
        (
            And([Units([EAST]), Categories(["farmers"]), Not(Levels(["booth"]))]),
            "पूर्व · किसान · बूथ को छोड़कर · सार्वजनिक समूह",
            "East · Farmers · except Booth · public groups",
        ),
        (
            Or([Units([EAST], below=False), Channels(["matrix"])]),
            "(सिर्फ़ पूर्व या Matrix) · सार्वजनिक समूह",
            "(East alone or Matrix) · public groups",
        ),
        (
            And([Size(None, 50), LiveAdmins(2, 4), Languages(["hi", "en"])]),
            "ज़्यादा से ज़्यादा 50 सदस्य · 2 से 4 सक्रिय एडमिन · हिन्दी या अंग्रेज़ी पढ़ने वाले · सार्वजनिक समूह",
            "at most 50 members · 2 to 4 live admins · reads Hindi or English · public groups",
        ),
        (
            And([Posts([], ["booth"]), Earlier(EAST, below="posted")]),
            "एडमिनों में किसी के पास बूथ स्तर का दायित्व हो · “मंडी”: “डाला” तक भी नहीं · सार्वजनिक समूह",
            "an admin holds a post at the level Booth · “मंडी”: not even posted · public groups",
        ),
    ],
)
def test_an_audience_is_a_sentence(expression, hindi, english):
    assert sentence(expression, "public", NAMES, "hi") == hindi
    assert sentence(expression, "public", NAMES, "en") == english


def test_a_name_is_shortened_to_what_colleagues_recognise():
    assert [initials(name) for name in ("रामेश्वर लाल बिश्नोई", "Asha", " Asha  Devi ")] == [
        "रामेश्वर ब.", "Asha", "Asha D.",
    ]  # fmt: skip
