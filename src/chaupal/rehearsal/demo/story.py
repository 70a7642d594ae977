"""The five broadcasts of the demonstration: written by one account, approved by another."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from chaupal.broadcasts import actions, queries
from chaupal.broadcasts.audience import And, Categories, Channels, Expression, Levels, Units
from chaupal.broadcasts.models import BroadcastId, Draft, Lane, Purpose
from chaupal.kit import db
from chaupal.kit.ids import new_id
from chaupal.kit.runtime import Runtime
from chaupal.record import Actor


@dataclass(frozen=True, slots=True)
class Planned:
    """A broadcast of the story. `audience` takes a function from a unit's code to its id."""

    title: str
    texts: dict[str, str]
    purpose: Purpose
    lane: Lane
    life: timedelta
    audience: Callable[[Callable[[str], UUID]], Expression]


UNITS = ("RJ-BKN", "RJ-KOT", "RJ-JPR", "RJ-JDH", "RJ-BKN-BKN")

BULK = Planned(
    title="बूथ समूहों को सालाना बैठक की सूचना",
    texts={
        "hi": "राम राम सा। इस रविवार सुबह 10 बजे अपने बूथ की सालाना बैठक है।"
        " चाय-नाश्ता साथ में। सब घर से एक जन ज़रूर आए।",
        "en": "The yearly meeting of your booth is this Sunday at 10 in the morning."
        " Tea is served. One person from each home, please.",
    },
    purpose=Purpose.PUBLIC,
    lane=Lane.BULK,
    life=timedelta(hours=12),
    audience=lambda unit: And(
        [Units([unit("RJ-JPR"), unit("RJ-JDH")]), Levels(["booth"]), Channels(["sandbox"])]
    ),
)
URGENT = Planned(
    title="तेज़ बारिश की चेतावनी: मंडल दल तैयार रहें",
    texts={
        "hi": "ज़रूरी: आज रात तेज़ बारिश की चेतावनी है। मंडल दल अपने शक्ति केंद्रों से बात कर लें"
        " और निचली बस्तियों की सूची तैयार रखें।",
        "en": "Urgent: heavy rain is forecast tonight. Mandal teams, please call your shakti"
        " kendras and keep the list of low-lying hamlets ready.",
    },
    purpose=Purpose.INTERNAL,
    lane=Lane.URGENT,
    life=timedelta(hours=6),
    audience=lambda _: Levels(["mandal"]),
)
FARMERS = Planned(
    title="बीकानेर संभाग के किसानों के लिए मंडी की सूचना",
    texts={
        "hi": "किसान भाइयों और बहनों, इस हफ़्ते अनाज मंडी सुबह 7 बजे खुलेगी।"
        " तौल की पर्ची ज़रूर लें। सवाल हों तो इसी समूह में पूछें।",
        "en": "Dear farmers, the grain market opens at 7 in the morning this week."
        " Please take your weighing slip. Ask any question in this group.",
    },
    purpose=Purpose.PUBLIC,
    lane=Lane.NORMAL,
    life=timedelta(hours=12),
    audience=lambda unit: And([Units([unit("RJ-BKN")]), Categories(["farmers"])]),
)
DISTRICTS = Planned(
    title="ज़िला दलों के लिए: कल शाम की बैठक",
    texts={
        "hi": "सभी ज़िला दल कल शाम 5 बजे की बैठक में अपने मंडलों की रिपोर्ट साथ लाएँ।",
        "en": "All district teams: please bring your mandals' reports to tomorrow's meeting at 5.",
    },
    purpose=Purpose.INTERNAL,
    lane=Lane.NORMAL,
    life=timedelta(hours=12),
    audience=lambda _: Levels(["district"]),
)
BY_HAND = Planned(
    title="बीकानेर ज़िले के बूथ समूह: पेयजल शिविर",
    texts={
        "hi": "शनिवार को पंचायत भवन में पेयजल शिकायत शिविर लगेगा।"
        " अपना बिल और शिकायत लेकर आएँ। नीचे के लिंक पर पूरी जानकारी है।",
        "en": "A drinking-water camp is held at the panchayat hall on Saturday."
        " Bring your bill and your complaint. The link below tells more.",
    },
    purpose=Purpose.PUBLIC,
    lane=Lane.NORMAL,
    life=timedelta(hours=12),
    audience=lambda unit: And([Units([unit("RJ-BKN-BKN")]), Channels(["whatsapp"])]),
)


# In a small rehearsal one district has hardly a group, so two whole divisions relay.
BY_HAND_SMALL = replace(
    BY_HAND,
    title="बूथ समूह: पेयजल शिविर",
    audience=lambda unit: And([Units([unit("RJ-BKN"), unit("RJ-KOT")]), Channels(["whatsapp"])]),
)


async def write(
    rt: Runtime,
    planned: Planned,
    units: dict[str, UUID],
    *,
    author: Actor,
    life: timedelta | None = None,
) -> BroadcastId:
    """Write and submit one broadcast, as its author would."""
    draft = Draft(
        title=planned.title,
        texts=planned.texts,
        purpose=planned.purpose,
        audience=planned.audience(units.__getitem__),
        expires_at=rt.now() + (life or planned.life),
        lane=planned.lane,
        election_matter=False,
    )
    id = await actions.write(rt, draft, key=str(new_id()), actor=author)
    await actions.submit(rt, id, key=str(new_id()), actor=author)
    return id


async def approve(rt: Runtime, id: BroadcastId, *, approver: Actor) -> None:
    """Approve what was submitted, as a second person would who has read it."""
    async with db.transaction(rt.pool, approver.organisation) as conn:
        broadcast = await queries.lock(conn, id)
    assert broadcast is not None
    await actions.approve(
        rt,
        id,
        seen_hash=broadcast.content_hash,
        denies_election=True,
        key=str(new_id()),
        actor=approver,
    )
