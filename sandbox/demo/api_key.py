"""The API key that `make run` prints: one per run, the one of the run before ends."""

from __future__ import annotations

from engine.core.actor import Actor, Role
from engine.rest import keys
from engine.rest.models import ApiKey

NAME = "make run"
MAKER = Actor("make run", "command", Role.ADMIN)


def fresh() -> str:
    """Make this run's key; its secret. Writes."""
    for old in ApiKey.objects.filter(name=NAME, revoked_at=None, expires_at=None):
        keys.revoke(old.pk, by=MAKER)
    return keys.create(NAME, ["admin:write"], by=MAKER).secret
