from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings

from engine.core import clock
from engine.core.ids import uuid7
from engine.providers import registry
from payments import charge, sources, switches
from payments.charge import Charge
from payments.models import Payment
from tests.payments.refunding import giving_back
from tests.payments.scripted import Scripted, paid
from tests.payments.steps import run


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[sources.SourceChange]:
    """What the source of kind "test" was told."""
    heard: list[sources.SourceChange] = []
    monkeypatch.setattr("tests.payments.conftest.listener", heard.extend)
    monkeypatch.setitem(settings.SOURCES, "test", "tests.payments.conftest.hook")
    return heard


def listener(changes: list[sources.SourceChange]) -> None:
    raise AssertionError("the fixture `told` sets this")


def hook(changes: list[sources.SourceChange]) -> None:
    listener(changes)


@pytest.fixture
def world(db: None, spans: None, told: list, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The scripted provider, as the only one."""
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": "tests.payments.scripted.Scripted"})
    registry.get.cache_clear()
    switches.seed()
    provider = registry.get("scripted")
    assert isinstance(provider, Scripted)
    yield provider
    registry.get.cache_clear()


@pytest.fixture
def new_payment(world: Scripted) -> Callable[..., UUID]:
    """Schedule one payment of 1000 with a fee of 50; keyword arguments change the charge."""

    def make(**changes: object) -> UUID:
        now = clock.machine_now()
        values = {
            "source_kind": "test", "source_id": uuid7(), "no": 1, "provider": "scripted", "clock_id": 0,
            "method_id": None, "queue_key": uuid7(), "due_at": now, "grace_until": now + timedelta(hours=1),
            "currency": "USDC", "amount_minor": 1000, "fee_minor": 50, "instructions": {}, "customer_id": uuid7(),
            "creator_id": uuid7(), "correlation_id": uuid7(),
        }  # fmt: skip
        return charge.schedule([Charge(**(values | changes))], machine_at=now)[0]  # type: ignore[arg-type]

    return make


@pytest.fixture
def payment() -> Callable[[UUID], Payment]:
    def get(payment_id: UUID) -> Payment:
        return Payment.objects.get(pk=payment_id)

    return get


@pytest.fixture
def gateway(world: Scripted) -> Scripted:
    return giving_back(world)


@pytest.fixture
def charged(gateway, new_payment, monkeypatch) -> UUID:
    """1000 paid on the platform, 50 of it the platform's fee."""
    one: UUID = new_payment()
    known = {"provider_ref": "ch_1", "movement_id": "txn_1"}
    gateway.looks[one] = [paid(gross_minor=1000, currency="USDC", fee_minor=50, **known)]
    run(monkeypatch)
    return one
