"""Encryption of single values at rest (citizen numbers): AES-256-GCM, and a keyed hash for look-up by equality.

A token binds its ciphertext to the place it belongs to (`place`), so that a value moved to another row does not open.
Keys come from `settings.FIELD_KEYS` (newest first; older ones still open old tokens) and `settings.LOOKUP_KEY`.
"""

import hashlib
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


class Undecryptable(ValueError):
    """No known key opens the token, or the token belongs to another place."""


def encrypt(value: str, *, place: str) -> bytes:
    """`value` as nonce + ciphertext + tag under the newest key, bound to `place`."""
    return encrypt_bytes(value.encode(), place=place)


def encrypt_bytes(value: bytes, *, place: str) -> bytes:
    """As `encrypt`, for a whole file."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(settings.FIELD_KEYS[0]).encrypt(nonce, value, place.encode())


def decrypt(token: bytes, *, place: str) -> str:
    """The value of `token`. Raises `Undecryptable`."""
    return decrypt_bytes(token, place=place).decode()


def decrypt_bytes(token: bytes, *, place: str) -> bytes:
    """As `decrypt`, for a whole file."""
    token = bytes(token)
    for key in settings.FIELD_KEYS:
        try:
            return AESGCM(key).decrypt(token[:NONCE_BYTES], token[NONCE_BYTES:], place.encode())
        except InvalidTag:
            continue
    raise Undecryptable(place)


def lookup_digest(value: str) -> str:
    """The keyed hash (64 hex digits) by which an encrypted value is found again: HMAC-SHA-256 under `settings.LOOKUP_KEY`."""
    return lookup_hasher()(value)


def lookup_hasher() -> Callable[[str], str]:
    """`lookup_digest` for many values: the key, which each hash begins with, is taken in once (RFC 2104, section 4)."""
    key = settings.LOOKUP_KEY
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))

    def hashed(value: str) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(value.encode())
        second.update(first.digest())
        return second.hexdigest()

    return hashed
