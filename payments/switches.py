"""Stopping money: the kill switch for all, a pause per provider (row 0.67). Who stops may be an operator; who
lets it go again is an approver. All of it is in the audit.
"""

from __future__ import annotations

from engine.audit.act import act
from engine.core.actor import Actor, Role
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


def stop_sending(*, reason: str, by: Actor) -> None:
    """Nothing more is signed or sent, by anybody, from this commit on. Waits for those who are signing."""
    _switch_all(by, "stop_sending", reason, Role.OPERATOR, sending=False)


def start_sending(*, reason: str, by: Actor) -> None:
    """Undo stop_sending; the tick finds what is due. Writes."""
    _switch_all(by, "start_sending", reason, Role.APPROVER, sending=True)


def pause(provider: str, *, reason: str, by: Actor) -> None:
    """Send nothing through this provider; its open attempts are still looked up. Writes. Raises Refusal for a
    provider that is not configured, or has no switch yet."""
    _switch(by, "pause", provider, reason, Role.OPERATOR, paused=True)


def resume(provider: str, *, reason: str, by: Actor) -> None:
    """Undo pause. Writes. Raises as pause does."""
    _switch(by, "resume", provider, reason, Role.APPROVER, paused=False)


def _switch_all(by: Actor, verb: str, reason: str, role: Role, *, sending: bool) -> None:
    with act(by, verb, KillSwitch, 1, fields=("sending", "reason"), reason=reason, role=role, lock=True):
        KillSwitch.objects.filter(pk=1).update(sending=sending, reason="" if sending else reason)


def _switch(by: Actor, verb: str, provider: str, reason: str, role: Role, *, paused: bool) -> None:
    registry.get(provider)
    with act(by, verb, ProviderSwitch, provider, fields=("paused", "reason"), reason=reason, role=role,
             lock=True):  # fmt: skip
        found = ProviderSwitch.objects.filter(provider=provider)
        if not found.update(paused=paused, reason=reason if paused else ""):
            raise Refusal("provider_unknown", f"{provider} has no switch yet: run `manage.py sync_schedule`",
                          param="provider")  # fmt: skip
