"""Columns encrypted at rest: Fernet with versioned keys, newest first."""

from __future__ import annotations

from functools import cache

from cryptography.fernet import MultiFernet
from django.conf import settings


@cache
def _box() -> MultiFernet:
    from cryptography.fernet import Fernet

    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def seal(plain: bytes) -> bytes:
    """`plain` encrypted with the newest key."""
    return _box().encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """The bytes behind `sealed`, by whichever key made it. Raises InvalidToken if none did."""
    return _box().decrypt(bytes(sealed))


def rewrap(sealed: bytes) -> bytes:
    """`sealed` under the newest key. Raises InvalidToken if no key opens it."""
    return _box().rotate(bytes(sealed))
