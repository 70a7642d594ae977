"""Pictures for tests, made as cameras, poster programs and ill-wishers make them."""

import io
import random
import struct
import zlib

from PIL import Image, ImageDraw

PLACE = (27.0238, 74.2179)  # degrees that must not get in


def a_picture(
    width: int = 640, height: int = 480, *, kind: str = "JPEG", colour: str = "#c33", **saved
) -> bytes:
    """A plain picture with a mark in its upper left corner."""
    image = Image.new("RGB", (width, height), "#eee")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, width // 4, height // 4), fill=colour)
    written = io.BytesIO()
    image.save(written, kind, **saved)
    return written.getvalue()


def a_photograph(width: int = 2400, height: int = 1800) -> bytes:
    """A photograph as a phone writes it: turned by its EXIF, which says where it was taken."""
    image = Image.new("RGB", (width, height), "#eee")
    ImageDraw.Draw(image).rectangle((0, 0, width // 4, height // 4), fill="#c33")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees to the right
    exif[0x010F] = "MAKER-98765"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", PLACE[0]
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif, comment=b"COMMENT-98765")
    return written.getvalue()


def noise(width: int = 1600, height: int = 1600) -> bytes:
    """A picture that no format makes small."""
    dice = random.Random(7)
    written = io.BytesIO()
    Image.frombytes("RGB", (width, height), dice.randbytes(width * height * 3)).save(
        written, "JPEG", quality=80
    )
    return written.getvalue()


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of some hundred bytes that would be gigabytes when decoded."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"><script>1</script></svg>'
