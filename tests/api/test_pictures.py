"""Pictures through the API: brought in by their bytes, named in a broadcast, looked at, signed."""

import io
from datetime import timedelta

from chaupal.kit.ids import new_id
from chaupal.organisations import Right
from imagery import SVG, a_picture


async def send(program, raw: bytes, *, key: str | None = None):
    return await program.send(
        "pictures",
        io.BytesIO(raw),
        **{"Content_Type": "image/jpeg", "Idempotency-Key": key or str(new_id())},
    )


def a_broadcast(rt, id: str, **changes) -> dict:
    return {
        "title": "मंडी",
        "texts": {"hi": "मंडी कल सुबह सात बजे खुलेगी।"},
        "purpose": "public",
        "audience": {"op": "categories", "categories": ["farmers"]},
        "expires_at": (rt.now() + timedelta(hours=6)).isoformat(),
        "pictures": {"hi": {"id": id, "description": "मंडी का नक्शा"}},
        **changes,
    }


async def test_a_picture_is_brought_written_looked_at_and_signed(rt, place, admin, program, keyed):
    bot = await place.sender()
    await place.group("east-one", sender=bot, categories=("farmers",))
    second = await keyed(await place.account("ravi"))

    key = str(new_id())
    told, again = (
        await send(program, a_picture(), key=key),
        await send(program, a_picture(), key=key),
    )
    assert (told.status, again.json) == (201, told.json), told.text
    id = told.json["id"]
    wrote = await program.post("broadcasts", a_broadcast(rt, id, text_alone=True))
    assert wrote.status == 201, wrote.text
    at = f"broadcasts/{wrote.json['id']}"
    assert (await program.post(f"{at}/submit")).status == 200
    shown = (await second.get(at)).json
    assert shown["pictures"] == {"hi": {"id": id, "description": "मंडी का नक्शा"}}
    assert shown["text_alone"] is True
    sizes = []
    for light in ("false", "true"):
        url = f"{second.url}/api/v1/pictures/{id}?light={light}"
        async with second.http.get(url) as seen:
            assert (seen.status, seen.content_type) == (200, "image/jpeg")
            sizes.append(len(await seen.read()))
    assert sizes[1] <= 60_000
    signed = await second.post(f"{at}/approve", {"seen": shown["content"]})
    assert signed.status == 200, signed.text


async def test_a_preview_refuses_what_a_channel_cannot_carry_and_what_is_not_there(
    rt, place, program
):
    bot = await place.sender()
    await place.group("east-one", sender=bot, categories=("farmers",))
    id = (await send(program, a_picture())).json["id"]
    fine = await program.post("broadcasts/preview", a_broadcast(rt, id))
    assert (fine.status, fine.json["reaches"]) == (200, 1)
    long = await program.post("broadcasts/preview", a_broadcast(rt, id, texts={"hi": "क" * 1100}))
    assert (long.status, long.json["code"]) == (409, "picture.caption_too_long")
    gone = await program.post("broadcasts/preview", a_broadcast(rt, "0" * 64))
    assert (gone.status, gone.json["code"]) == (422, "picture.unknown")
    assert (await program.post("broadcasts/preview", a_broadcast(rt, "x"))).status == 422


async def test_what_is_no_picture_is_refused(program):
    for raw, status, code in (
        (b"", 422, "picture.file_missing"),
        (SVG, 422, "picture.of_no_known_kind"),
        (a_picture() + bytes(5 * 1024 * 1024), 413, "picture.file_too_large"),
        (bytes(7 * 1024 * 1024), 413, "request.too_large"),
    ):
        told = await send(program, raw)
        assert (told.status, told.json["code"]) == (status, code)


async def test_a_key_that_may_not_write_brings_none(admin, keyed):
    reader = await keyed(admin, Right.APPROVE)
    assert (await send(reader, a_picture())).status == 403
