"""One group is registered by several of its admins at the same time."""

import asyncio

from chaupal import groups
from chaupal.groups.models import GroupChannel, GroupPurpose, NewGroup
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Refused
from factories import an_organisation

INVITE = "https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv"


async def test_of_several_who_register_one_invite_at_once_one_does_and_the_others_hear_why(rt):
    place = await an_organisation(rt)
    admin = await place.account("admin")
    new = NewGroup(
        unit=place.units["east"],
        name="समूह",
        purpose=GroupPurpose.PUBLIC,
        channel=GroupChannel.WHATSAPP,
        language="hi",
        invite=INVITE,
    )

    ended = await asyncio.gather(
        *(groups.register(rt, new, key=str(new_id()), actor=admin) for _ in range(6)),
        return_exceptions=True,
    )

    refused = [one for one in ended if isinstance(one, BaseException)]
    assert len(refused) == 5
    assert {one.code for one in refused if isinstance(one, Refused)} == {"group.invite_taken"}
    assert all(isinstance(one, Refused) for one in refused)
