"""The pipeline's verbs one by one, as a lane's driver calls them: for tests inside one transaction."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.conf import settings

from engine.core import clock
from engine.providers import registry
from engine.providers.base import Finding
from payments.models import Attempt
from payments.pipeline import apply, evidence, send, verify
from payments.pipeline.evidence import Said
from payments.pipeline.lanes import Lane
from payments.pipeline.mark_sent import Marked, mark_sent
from payments.pipeline.take import payables, take

LANE = Lane("charge", "scripted")


def no_steps(step: Finding) -> None:
    raise AssertionError("the scripted provider sends in one call")


def mark(lane: Lane = LANE) -> list[Marked]:
    """Take and mark sent what is due."""
    taken = take(*lane, most=50)
    provider = registry.get("scripted")
    wanted = payables(taken, lane.operation, machine_at=clock.machine_now())
    return mark_sent(provider, wanted, provider.context(wanted), free=50)[0]


def run(monkeypatch: pytest.MonkeyPatch, lane: Lane = LANE) -> None:
    """Send what is due, then look up and apply once. However slow the machine is: no send finds its window over."""
    said = []
    marked = mark(lane)
    with monkeypatch.context() as patience:
        patience.setattr(settings.ENV, "send_window_seconds", 600)
        for one in marked:
            finding, source = send.send(registry.get("scripted"), one, no_steps)
            said.append(
                Said(one.sendable.attempt_id, one.sendable.payment_id, one.sendable.send_no, source, finding)
            )
    evidence.store(said)
    apply_all()
    look(lane)


def look(lane: Lane = LANE) -> None:
    time.sleep(0.03)
    found = verify.take_open(lane, most=50)
    if found:
        verify._look(registry.get("scripted"), lane, found)
    apply_all()


def absence_may_be_read() -> None:
    """As if each send lay long back."""
    Attempt.objects.update(send_by=clock.machine_now() - timedelta(hours=1))


def apply_all() -> None:
    # posting refuses to work outside a transaction and apply opens its own
    while apply.apply():
        pass
