"""Stopping money: the kill switch for all, a pause per provider (row 0.67)."""

from __future__ import annotations

from engine.core.errors import Refusal
from engine.providers import registry
from payments.models import KillSwitch, ProviderSwitch


def seed() -> int:
    """A switch row for each configured provider; how many were missing. Writes."""
    made = 0
    for name in registry.names():
        made += ProviderSwitch.objects.get_or_create(
            provider=name, defaults={"concurrency": registry.get(name).sheet.concurrency}
        )[1]
    return made


def stop_sending(*, reason: str) -> None:
    """Nothing more is signed or sent, by anybody, from this commit on. Waits for those who are signing."""
    _reasoned(reason)
    KillSwitch.objects.filter(pk=1).update(sending=False, reason=reason)


def start_sending() -> None:
    """Undo stop_sending; the tick finds what is due."""
    KillSwitch.objects.filter(pk=1).update(sending=True, reason="")


def pause(provider: str, *, reason: str) -> None:
    """Send nothing through this provider; its open attempts are still looked up. Writes."""
    _reasoned(reason)
    _one(provider).update(paused=True, reason=reason)


def resume(provider: str) -> None:
    """Undo pause. Writes."""
    _one(provider).update(paused=False, reason="")


def _one(provider: str):  # type: ignore[no-untyped-def]
    registry.get(provider)
    return ProviderSwitch.objects.filter(provider=provider)


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise Refusal("reason_missing", "say why, for those who find it stopped", param="reason")
