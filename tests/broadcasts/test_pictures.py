"""A picture is kept by its content, approved with the text, and refused where it cannot go."""

import hashlib
import io
from datetime import timedelta

import psycopg
import pytest
from PIL import Image

from chaupal.broadcasts import actions, fitting, imaging, pictures
from chaupal.broadcasts.models import Pictured
from chaupal.broadcasts.models import Stage as At
from chaupal.kit.ids import new_id
from chaupal.kit.refusals import Invalid, NotAllowed, NotFound, Refused, TooLarge
from factories import an_organisation
from imagery import SVG, a_photograph, a_picture, bomb, noise

WORDS = {"hi": "मंडी का नक्शा", "en": "A map of the market"}


async def kept(stage, raw: bytes | None = None, *, actor=None, key: str | None = None):
    raw = a_picture() if raw is None else raw
    return await pictures.keep(stage.rt, raw, key=key or str(new_id()), actor=actor or stage.author)


def beside(id: bytes, *languages: str):
    return {language: Pictured(id, WORDS[language]) for language in languages or WORDS}


async def there(stage) -> int:
    async with stage.place.transaction() as conn:
        row = await (await conn.execute("SELECT count(*) FROM picture")).fetchone()
    return row[0]


# --- what comes in ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_kind_is_written_anew_as_jpeg_within_its_limits(kind):
    made = imaging.prepared(a_picture(2000, 1500, kind=kind))
    assert (made.width, made.height) == (1600, 1200)
    for variant, side in ((made.body, 1600), (made.light, 1080)):
        with Image.open(io.BytesIO(variant)) as image:
            assert (image.format, max(image.size)) == ("JPEG", side)
    assert len(made.light) <= imaging.LIGHT_LIMIT_BYTES
    assert made == imaging.prepared(a_picture(2000, 1500, kind=kind)), "the same, the same id"


def test_where_with_what_and_when_a_photograph_was_taken_does_not_get_in():
    raw = a_photograph()
    assert b"98765" in raw
    made = imaging.prepared(raw)
    for variant in (made.body, made.light):
        assert b"98765" not in variant
        assert b"Exif" not in variant
        with Image.open(io.BytesIO(variant)) as image:
            assert dict(image.getexif()) == {}
            assert image.height > image.width, "turned as its EXIF said"
            red, green, _ = image.getpixel((image.width - 10, 10))
            assert red > green + 80, "the mark is in the upper right corner now"


def test_noise_that_nothing_makes_small_is_made_narrower():
    made = imaging.prepared(noise())
    assert len(made.body) <= imaging.BODY_LIMIT_BYTES
    assert len(made.light) <= imaging.LIGHT_LIMIT_BYTES


def test_what_one_sees_through_is_white():
    written = io.BytesIO()
    Image.new("RGBA", (200, 200), (255, 0, 0, 0)).save(written, "PNG")
    with Image.open(io.BytesIO(imaging.prepared(written.getvalue()).body)) as image:
        assert image.getpixel((100, 100)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "picture.of_no_known_kind"),
        (SVG, "picture.of_no_known_kind"),
        (a_picture(kind="GIF"), "picture.of_no_known_kind"),
        (a_picture(kind="BMP"), "picture.of_no_known_kind"),
        (a_picture(kind="TIFF"), "picture.of_no_known_kind"),
        (a_picture()[:-2000], "picture.unreadable"),
        (a_picture(kind="PNG")[:-300], "picture.unreadable"),
        (a_picture(kind="WEBP")[:-100], "picture.unreadable"),
        (b"\xff\xd8\xff" + b"\0" * 5000, "picture.unreadable"),
        (b"\x89PNG\r\n\x1a\n" + SVG, "picture.unreadable"),
        (bomb(), "picture.too_many_pixels"),
        (bomb(60_000, 60_000), "picture.too_many_pixels"),
        (a_picture(40, 400), "picture.too_small"),
        (a_picture(60, 700), "picture.too_narrow"),
        (a_picture() + b"\0" * imaging.FILE_LIMIT_BYTES, "picture.file_too_large"),
    ],
)
def test_what_is_no_picture_or_too_much_of_one_is_refused(raw, code):
    with pytest.raises((Invalid, TooLarge)) as refused:
        imaging.prepared(raw)
    assert refused.value.code == code


def test_a_picture_that_goes_on_as_a_page_is_only_the_picture():
    page = b"<html><script>alert(98765)</script></html>"
    made = imaging.prepared(a_picture() + page)
    assert b"98765" not in made.body


# --- how it is kept --------------------------------------------------------------------------


async def test_the_same_picture_is_kept_once_and_sealed_to_its_organisation(stage):
    first, again = await kept(stage), await kept(stage)
    assert first == again
    assert await there(stage) == 1
    other = await an_organisation(stage.rt, slug="other")
    async with other.transaction() as conn:
        assert await pictures.find(conn, first) is None
        with pytest.raises(NotFound):
            await pictures.light(conn, first)


async def test_a_key_is_answered_once_and_not_for_another_picture(stage):
    key = str(new_id())
    assert await kept(stage, key=key) == await kept(stage, key=key)
    with pytest.raises(Refused) as refused:
        await kept(stage, a_picture(colour="#33c"), key=key)
    assert refused.value.code == "idempotency.other_request"


async def test_who_may_not_write_adds_no_picture(stage):
    nobody = await stage.place.account("nobody", role="office_bearer")
    with pytest.raises(NotAllowed):
        await kept(stage, actor=nobody)


async def test_the_database_keeps_nothing_under_an_id_that_is_not_its_hash(stage):
    id = await kept(stage)
    async with stage.place.transaction() as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await conn.execute("UPDATE picture SET body = 'x'")
    with pytest.raises(psycopg.errors.CheckViolation):
        async with stage.place.transaction() as conn:
            await conn.execute(
                "INSERT INTO picture SELECT organisation_id, sha256('x'), body, light, width,"
                " height, added_at FROM picture"
            )
    async with stage.place.transaction() as conn:
        found = await pictures.find(conn, id)
    assert found.id == imaging.identity(found.body, found.light)
    assert found.id != hashlib.sha256(found.body).digest(), "both variants are in it"


async def test_what_no_broadcast_uses_is_let_go_after_a_day(stage, clock):
    used, unused = await kept(stage), await kept(stage, a_picture(colour="#33c"))
    await stage.written(pictures=beside(used))
    clock.at = stage.rt.now() + timedelta(hours=23)
    assert await pictures.let_go(stage.rt, stage.place.organisation) == 0
    clock.at += timedelta(hours=2)
    assert await pictures.let_go(stage.rt, stage.place.organisation) == 1
    assert await there(stage) == 1
    with pytest.raises(Invalid) as refused:
        await stage.written(pictures=beside(unused))
    assert refused.value.code == "picture.unknown"
    assert await kept(stage, a_picture(colour="#33c")) == unused


async def test_a_draft_that_comes_to_use_a_picture_while_it_is_let_go_keeps_it(stage, clock):
    id = await kept(stage)
    clock.at = stage.rt.now() + timedelta(days=2)
    async with stage.place.transaction() as conn:
        await pictures.check_kept(conn, stage.draft(pictures=beside(id)))
        assert await pictures.let_go(stage.rt, stage.place.organisation) == 0
    assert await there(stage) == 1


# --- what is approved ------------------------------------------------------------------------


def test_a_draft_without_a_picture_has_the_hash_that_it_always_had(stage):
    assert b"picture" not in stage.draft().content()
    assert b"text_alone" not in stage.draft().content()


def test_picture_and_description_are_in_what_is_signed(stage):
    one, other = b"1" * 32, b"2" * 32
    at = {"expires_at": stage.rt.now() + timedelta(hours=6)}
    drafts = [
        stage.draft(**at),
        stage.draft(**at, pictures=beside(one)),
        stage.draft(**at, pictures=beside(other)),
        stage.draft(**at, pictures={**beside(one), "en": Pictured(other, WORDS["en"])}),
        stage.draft(**at, pictures={**beside(one), "en": Pictured(one, "Another sentence")}),
        stage.draft(**at, pictures=beside(one), text_alone=True),
    ]
    assert len({draft.content_hash() for draft in drafts}) == len(drafts)
    assert stage.draft(**at, pictures=beside(one)).content_hash() == drafts[1].content_hash()


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (beside(b"1" * 32, "hi"), "picture.missing"),
        ({**beside(b"1" * 32), "hi": Pictured(b"1" * 32, " ")}, "picture.description_missing"),
        (
            {**beside(b"1" * 32), "hi": Pictured(b"1" * 32, "x" * 501)},
            "picture.description_too_long",
        ),
        (beside(b"1" * 32), "picture.unknown"),
    ],
)
async def test_each_text_has_a_picture_that_is_there_and_says_what_it_shows(stage, shown, code):
    with pytest.raises(Invalid) as refused:
        await stage.written(pictures=shown)
    assert refused.value.code == code


async def test_a_picture_that_is_replaced_after_submitting_voids_the_approval(stage):
    one, other = await kept(stage), await kept(stage, a_picture(colour="#33c"))
    at = {"expires_at": stage.rt.now() + timedelta(hours=6)}
    id = await stage.submitted(**at, pictures=beside(one))
    seen = (await stage.broadcast(id)).content_hash
    changed = stage.draft(**at, pictures=beside(other))
    await actions.rewrite(stage.rt, id, changed, key=str(new_id()), actor=stage.author)
    assert (await stage.broadcast(id)).stage is At.DRAFT
    await actions.submit(stage.rt, id, key=str(new_id()), actor=stage.author)
    with pytest.raises(Refused) as refused:
        await actions.approve(stage.rt, id, seen_hash=seen, key=str(new_id()), actor=stage.approver)
    assert refused.value.code == "broadcast.edited_since_submission"


async def test_a_picture_cannot_be_replaced_once_it_is_on_its_way(stage):
    one, other = await kept(stage), await kept(stage, a_picture(colour="#33c"))
    id = await stage.frozen(pictures=beside(one))
    with pytest.raises(Refused) as refused:
        await actions.rewrite(
            stage.rt,
            id,
            stage.draft(pictures=beside(other)),
            key=str(new_id()),
            actor=stage.author,
        )
    assert refused.value.code == "broadcast.cannot_move"


# --- where it can go -------------------------------------------------------------------------


async def test_a_text_too_long_for_a_caption_is_refused_with_the_channels_name(stage):
    id = await kept(stage)
    long = {"texts": {"hi": "क" * 1025, "en": "Short."}, "pictures": beside(id)}
    with pytest.raises(Refused) as refused:
        await stage.submitted(**long)
    assert refused.value.code == "picture.caption_too_long"
    assert refused.value.facts == {
        "channel": "sandbox",
        "language": "hi",
        "limit": 1024,
        "length": 1025,
    }
    with pytest.raises(Refused):
        await actions.check_picture(stage.rt, stage.draft(**long), actor=stage.author)


async def test_a_label_counts_towards_the_caption(stage):
    draft = stage.draft(
        texts={"hi": "क" * 1000}, pictures=beside(await kept(stage), "hi"), synthetic=True
    )
    with pytest.raises(Refused) as refused:
        await actions.check_picture(stage.rt, draft, actor=stage.author)
    assert refused.value.facts["length"] > 1024


def test_a_channel_that_takes_no_pictures_is_refused_with_the_number_unless_text_may_go_alone(
    stage,
):
    shown = beside(b"1" * 32)
    reached = {"sms": 7, "whatsapp": 9, "telegram": 3}
    with pytest.raises(Refused) as refused:
        fitting.check_channels(stage.draft(pictures=shown), reached)
    assert refused.value.code == "picture.not_taken"
    assert refused.value.facts == {"channel": "sms", "targets": 7}
    fitting.check_channels(stage.draft(pictures=shown, text_alone=True), reached)
    fitting.check_channels(stage.draft(pictures=shown), {"whatsapp": 9, "telegram": 3})
