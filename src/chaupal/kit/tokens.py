"""Bytes as text for addresses: URL-safe, without padding, and written in one way only."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def written(raw: bytes) -> str:
    """Return `raw` as it stands in an address."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(text: str, length: int) -> bytes | None:
    """Return the bytes, or None unless `text` is exactly how we would write `length` of them."""
    if not text.isascii() or len(text) != -(-length * 4 // 3):
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if len(raw) == length and written(raw) == text else None
