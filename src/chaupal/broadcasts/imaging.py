"""A picture as it is kept: decoded and written anew, so that nothing but what one sees is left."""

import hashlib
import io
import struct
import warnings
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from chaupal.kit.refusals import Invalid, TooLarge

# More than a telephone's camera writes, and little enough to be held in memory.
FILE_LIMIT_BYTES = 5 * 1024 * 1024
# A camera's largest; decoded it is 160 MB, for one picture at a time.
PIXELS_LIMIT = 40_000_000
SHORTEST_SIDE_PX = 50
LARGEST_RATIO = 10  # Telegram takes 20, and nobody reads such a stripe on a phone

# What goes through channels: they make their own smaller ones of it.
BODY_SIDE_PX = 1600
BODY_LIMIT_BYTES = 1_000_000
# What a volunteer's page loads on a poor line: about ten seconds at 50 kbit/s.
LIGHT_SIDE_PX = 1080
LIGHT_LIMIT_BYTES = 60_000

QUALITIES = (85, 75, 65, 55, 45)
NARROWER = 0.75
FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError),
    *(struct.error, MemoryError, Image.DecompressionBombError),
)

# The library's own limit only warns below twice its size; ours is asked before it decodes.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Both variants of a picture, JPEG in sRGB, and the id that is their hash."""

    id: bytes
    body: bytes = field(repr=False)
    light: bytes = field(repr=False)
    width: int
    height: int


def identity(body: bytes, light: bytes) -> bytes:
    """Return the id of a picture with these variants: whoever approves it approves both."""
    return hashlib.sha256(hashlib.sha256(body).digest() + hashlib.sha256(light).digest()).digest()


def prepared(raw: bytes) -> Prepared:
    """Decode a picture, and write it anew in two sizes, without whatever else its file held.

    Refused: what is no JPEG, PNG or WebP by its bytes, whatever it is called; what cannot be
    decoded to its end; what is too large, too small or too narrow to be shown. Takes up to a
    second of a processor, so it is no work for the event loop.
    """
    if len(raw) > FILE_LIMIT_BYTES:
        raise TooLarge("picture.file_too_large", limit_mb=FILE_LIMIT_BYTES >> 20)
    kind = format_of(raw)
    if kind is None:
        raise Invalid("picture.of_no_known_kind")
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(raw), formats=[kind]) as image,
        ):
            _check(*image.size)
            image.draft("RGB", (BODY_SIDE_PX, BODY_SIDE_PX))  # a JPEG is decoded no larger
            image.load()
            seen = _flat(ImageOps.exif_transpose(image))
            body, size = _written(_within(seen, BODY_SIDE_PX), BODY_LIMIT_BYTES)
            light, _ = _written(_within(seen, LIGHT_SIDE_PX), LIGHT_LIMIT_BYTES)
    except BROKEN as error:
        raise Invalid("picture.unreadable") from error
    return Prepared(identity(body, light), body, light, *size)


def format_of(raw: bytes) -> str | None:
    """Return which of the kinds that we take these bytes begin as; None for all others."""
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in FORMATS.items() if raw.startswith(magic)), None)


def _check(width: int, height: int) -> None:
    if width * height > PIXELS_LIMIT:
        raise TooLarge("picture.too_many_pixels", limit_mp=PIXELS_LIMIT // 1_000_000)
    if min(width, height) < SHORTEST_SIDE_PX:
        raise Invalid("picture.too_small", limit=SHORTEST_SIDE_PX)
    if max(width, height) > LARGEST_RATIO * min(width, height):
        raise Invalid("picture.too_narrow", limit=LARGEST_RATIO)


def _flat(image: Image.Image) -> Image.Image:
    """Return what one sees of an image, on white, with nothing of what its file said beside."""
    flat = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        flat.paste(layer, mask=layer.getchannel("A"))
    else:
        flat.paste(image.convert("RGB"))
    return flat


def _within(image: Image.Image, side_px: int) -> Image.Image:
    """Return an image whose sides are no longer than `side_px`; none is made larger."""
    scale = side_px / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _written(image: Image.Image, limit_bytes: int) -> tuple[bytes, tuple[int, int]]:
    """Write an image as JPEG within a limit, first with less detail, then smaller; return its size
    as well."""
    while True:
        for quality in QUALITIES:
            written = io.BytesIO()
            image.save(written, "JPEG", quality=quality, optimize=True, progressive=True)
            if written.tell() <= limit_bytes:
                return written.getvalue(), image.size
        image = _within(image, round(max(image.size) * NARROWER))
