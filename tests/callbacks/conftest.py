"""A provider that calls back, as the only one, and its callbacks over our door."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from engine.core import clock
from engine.core.actor import Actor, Role
from engine.providers import registry
from engine.providers.base import Finding, Outcome
from payments import switches
from payments.callbacks import tally
from payments.callbacks.models import Callback
from payments.models import Attempt, Payment
from tests.payments import steps
from tests.payments.conftest import new_payment, payment, told, world  # noqa: F401
from tests.payments.scripted import Telling

BOSS = Actor("boss", "user", Role.ADMIN)
PENDING = Finding(Outcome.PENDING, code="accepted", provider_ref="ref-1")
Tell = Callable[..., Any]


@pytest.fixture
def gateway(world: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:  # noqa: F811
    """The provider, under two names."""
    path = "tests.payments.scripted.Telling"
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": path, "ipaymu": path})
    registry.get.cache_clear()
    tally.forget()
    switches.seed()
    found = registry.get("scripted")
    assert isinstance(found, Telling)
    yield found
    tally.forget()


@pytest.fixture
def tell(gateway: Telling) -> Tell:
    """Call back over HTTP: hints by their fields, or any bytes; signed, if nothing else is said."""

    def send(
        raw: bytes | None = None, *, path: str = "/api/webhooks/scripted", signature: str | None = None,
        headers: dict[str, str] | None = None, **hint: Any,
    ) -> Any:  # fmt: skip
        body = raw if raw is not None else json.dumps({"event_id": "e-1", "kind": "paid", **hint}).encode()
        signed = gateway.signature(body) if signature is None else signature
        client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        return client.generic(
            "POST",
            path,
            body,
            content_type="application/json",
            headers={"X-Signature": signed, **(headers or {})},
        )

    return send


@pytest.fixture
def open_payment(gateway: Telling, new_payment: Any, monkeypatch: pytest.MonkeyPatch) -> UUID:  # noqa: F811
    """In flight and pending; its provider calls it ref-1, and its next look is an hour away."""
    one: UUID = new_payment()
    gateway.replies[one] = gateway.looks[one] = [PENDING]
    steps.run(monkeypatch)
    rest(one)
    return one


def rest(payment_id: UUID) -> None:
    """Its next look is an hour away."""
    later = clock.machine_now() + timedelta(hours=1)
    assert Payment.objects.filter(pk=payment_id, state="in_flight").update(next_action_at=later)


def next_look(payment_id: UUID) -> datetime | None:
    return Payment.objects.get(pk=payment_id).next_action_at


def is_due(payment_id: UUID) -> bool:
    at = next_look(payment_id)
    return at is not None and at <= clock.machine_now()


def identity(payment_id: UUID) -> str:
    return Attempt.objects.get(payment_id=payment_id).identity


def the_one() -> Callback:
    return Callback.objects.get()


def come_round() -> None:
    """Whatever waits is due."""
    Callback.objects.filter(state="waiting").update(next_action_at=clock.machine_now())
