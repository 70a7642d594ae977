"""Sealing: addresses encrypted at rest, looked up by keyed digest; links and codes signed.

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the context (whose row, which column)
is authenticated, so a sealed value copied into another row does not open there. One master key
gives a key for each use by HKDF-SHA256 (RFC 5869).
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
VERSION = b"\x01"
NONCE_BYTES = 12
LOOKUP_BYTES = 16


class Broken(Exception):
    """A sealed value or a signature does not fit: the wrong key, the wrong row, or tampering."""


class Sealer:
    """Seals, finds again and signs, under one master key of 32 bytes."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"the sealing key has {len(master_key)} bytes instead of {KEY_BYTES}")
        self._aead = AESGCM(_derived(master_key, b"seal"))
        self._lookup_key = _derived(master_key, b"lookup")
        self._sign_key = _derived(master_key, b"sign")

    def __repr__(self) -> str:
        return "Sealer(…)"

    def seal(self, text: str, context: str) -> bytes:
        """Encrypt `text` for one place; it opens only with the same `context`."""
        return self.seal_bytes(text.encode(), context)

    def unseal(self, sealed: bytes, context: str) -> str:
        """Return the text, or raise Broken."""
        return self.unseal_bytes(sealed, context).decode()

    def seal_bytes(self, body: bytes, context: str) -> bytes:
        """Encrypt bytes for one place, as `seal` does a text."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._aead.encrypt(nonce, body, context.encode())

    def unseal_bytes(self, sealed: bytes, context: str) -> bytes:
        """Return the bytes, or raise Broken."""
        if sealed[:1] != VERSION:
            raise Broken("sealed by another version")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, body, context.encode())
        except InvalidTag as error:
            raise Broken("does not open here") from error

    def lookup(self, text: str, context: str) -> bytes:
        """Return the blind index of `text`: equal texts in one context find each other."""
        return self._mac(self._lookup_key, context, text.encode())[:LOOKUP_BYTES]

    def sign(self, use: str, body: bytes, *, length: int = 16) -> bytes:
        """Return the first `length` bytes of the signature of `body` for one use."""
        return self._mac(self._sign_key, use, body)[:length]

    def signed(self, use: str, body: bytes, signature: bytes) -> bool:
        """Say in constant time whether `signature` was made by us for this use."""
        return hmac.compare_digest(self.sign(use, body, length=len(signature)), signature)

    @staticmethod
    def _mac(key: bytes, context: str, body: bytes) -> bytes:
        return hmac.digest(key, context.encode() + b"\x00" + body, "sha256")


def _derived(master_key: bytes, use: bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=b"chaupal/" + use)
    return kdf.derive(master_key)
