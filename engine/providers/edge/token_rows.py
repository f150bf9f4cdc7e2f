"""The rows of access tokens: read, lease, store. Each is one statement or two, committed at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.db.models import Q

from engine.core import clock, crypt, ids
from engine.providers.edge.models import AccessToken

_PAUSE_SECONDS = 1.0  # after a fetch that failed nobody else tries for so long


@dataclass(frozen=True, slots=True)
class Stored:
    """A token as the row has it; "" where there is none that can be used. Spans in seconds."""

    text: str = field(default="", repr=False)
    digest: str = ""
    age_seconds: float = 0.0
    left_seconds: float = 0.0

    @classmethod
    def of(cls, text: str, seconds: float) -> Stored:
        """One that was fetched just now."""
        return cls(text, _digest(text), 0.0, seconds)


class Lease(NamedTuple):
    """The right to fetch the next token of `name`."""

    name: str
    id: UUID


def read(name: str) -> Stored:
    """The stored token. Reads the database. One that no key opens any more has its digest alone."""
    row = AccessToken.objects.filter(name=name).first()
    if row is None or row.expires_at is None or row.fetched_at is None:
        return Stored(digest=row.digest if row else "")
    now = clock.machine_now()
    try:
        text = crypt.unseal(bytes(row.sealed)).decode()
    except InvalidToken:
        return Stored(digest=row.digest)
    age, left = (now - row.fetched_at).total_seconds(), (row.expires_at - now).total_seconds()
    return Stored(text, row.digest, age, left)


def lease(name: str, *, seen: str, seconds: float) -> Lease | None:
    """The lease for `seconds`, if nobody has it and the token is still the one that was `seen`. Writes."""
    AccessToken.objects.bulk_create([AccessToken(name=name)], ignore_conflicts=True)
    now, mine = clock.machine_now(), Lease(name, ids.uuid7())
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    taken = AccessToken.objects.filter(free, name=name, digest=seen).update(
        lease=mine.id, leased_until=now + timedelta(seconds=seconds)
    )
    return mine if taken else None


def store(lease: Lease, text: str, *, seconds: float) -> None:
    """Keep a token that is good for `seconds` from now, encrypted, and give the lease back. Writes.

    Where the lease ran out meanwhile somebody else has fetched one: that one stays.
    """
    now = clock.machine_now()
    AccessToken.objects.filter(name=lease.name, lease=lease.id).update(
        sealed=crypt.seal(text.encode()),
        digest=_digest(text),
        fetched_at=now,
        expires_at=now + timedelta(seconds=seconds),
        lease=None,
        leased_until=None,
    )


def give_back(lease: Lease) -> None:
    """The fetch failed: somebody may try again in a second. Writes."""
    until = clock.machine_now() + timedelta(seconds=_PAUSE_SECONDS)
    AccessToken.objects.filter(name=lease.name, lease=lease.id).update(lease=None, leased_until=until)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
