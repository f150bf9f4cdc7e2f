"""Columns at rest: keys can be changed without a stop, and an old key can be thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from engine.core import crypt

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    def use(*keys: str) -> None:
        monkeypatch.setattr(settings, "FIELD_KEYS", list(keys))
        crypt._box.cache_clear()

    yield use
    crypt._box.cache_clear()


def test_what_is_sealed_opens_again_and_is_not_readable(keys: Callable[..., None]) -> None:
    keys(OLD)
    sealed = crypt.seal(b"signed bytes")
    assert b"signed" not in sealed
    assert crypt.seal(b"signed bytes") != sealed
    assert crypt.unseal(memoryview(sealed)) == b"signed bytes"  # type: ignore[arg-type]


def test_rotation(keys: Callable[..., None]) -> None:
    keys(OLD)
    sealed = crypt.seal(b"signed bytes")
    keys(NEW, OLD)
    assert crypt.unseal(sealed) == b"signed bytes"
    rewrapped = crypt.rewrap(sealed)
    keys(NEW)
    assert crypt.unseal(rewrapped) == b"signed bytes"
    with pytest.raises(InvalidToken):
        crypt.unseal(sealed)


def test_new_rows_are_under_the_newest_key(keys: Callable[..., None]) -> None:
    keys(NEW, OLD)
    sealed = crypt.seal(b"x")
    keys(OLD)
    with pytest.raises(InvalidToken):
        crypt.unseal(sealed)


def test_a_changed_byte_is_refused(keys: Callable[..., None]) -> None:
    keys(OLD)
    sealed = bytearray(crypt.seal(b"signed bytes"))
    sealed[20] ^= 1
    with pytest.raises(InvalidToken):
        crypt.unseal(bytes(sealed))
