from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection

from engine.core.actor import SYSTEM
from engine.providers import registry
from engine.providers.abilities import ApprovalAsked, ApprovalFound
from engine.providers.base import ProviderUnavailable
from engine.rest import ids, keys
from engine.rest.models import Answer, ApiKey, Use
from payments import switches
from payments.models import Payment
from tests.billing.world import World, make_world
from tests.ops.conftest import scripted, world  # noqa: F401
from tests.ops.standing import standing, standing_payments, standing_world  # noqa: F401
from tests.ops.world import empty, fill
from tests.payments.scripted import Scripted
from tests.rest.conftest import Api, api  # noqa: F401

SECRETS = ("envelope", "fence", "digest", "secret", 'token"', "private")


class Careful(Api):
    """Looks through every answer for what must not leave."""

    def get(self, path: str, **headers: str) -> Any:
        return without_secrets(super().get(path, **headers))

    def post(self, *args: Any, **kwargs: Any) -> Any:
        return without_secrets(super().post(*args, **kwargs))


def without_secrets(response: Any) -> Any:
    text = json.dumps(response.json())
    assert not [word for word in SECRETS if word in text], text
    # what the scripted provider signs is its identity: it may stand there as such alone
    for part in _texts(response.json(), ""):
        assert "envelope" not in part
    return response


def _texts(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
    else:
        yield path


@pytest.fixture
def payments(world: World, scripted: Scripted) -> dict[str, UUID]:  # noqa: F811
    """A payment of each kind, by what became of it."""
    return fill(world, scripted)


@pytest.fixture
def caller(db: None) -> Careful:
    """Who may do all."""
    return Careful(keys.create("tests", ["admin:write"], by=SYSTEM).secret)


def key(*scopes: str) -> Careful:
    return Careful(keys.create("tests", scopes, by=SYSTEM).secret)


def pay(payment_id: UUID, rest: str = "") -> str:
    """The payment's address."""
    return f"/api/payments/{ids.show('payment', payment_id)}{rest}"


def row(payment_id: UUID) -> Payment:
    return Payment.objects.get(pk=payment_id)


class Approving(Scripted):
    """Collects by approvals that the test grants; notes whether a transaction was open when it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, bool]] = []
        self.granted: dict[str, int] = {}
        self.silent = False

    def ask_approval(self, *, payer: str, currency: str, add_minor: int, commitments_minor: int,
                     options: Any) -> ApprovalAsked:  # fmt: skip
        self._called("ask")
        details = {"payer": payer, "source": f"account of {payer}", "mint": currency.lower(), "collector": 1}
        return ApprovalAsked(
            "dHJhbnNhY3Rpb24=", details, add_minor + commitments_minor, commitments_minor, None, False
        )

    def find_approval(self, details: Any, *, needed_minor: int) -> ApprovalFound:
        self._called("find")
        allowed = self.granted.get(details["payer"], 0)
        code = "" if allowed >= needed_minor else "delegate_revoked" if not allowed else "allowance_too_small"
        return ApprovalFound(not code, allowed > 0, code, code and "Give it again.", 5000, allowed, details)

    def _called(self, what: str) -> None:
        self.asked.append((what, connection.in_atomic_block))
        if self.silent:
            raise ProviderUnavailable("timeout", "no answer in time")


@pytest.fixture
def rail(empty_database: str, django_db_blocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Approving]:
    """The only provider, with real commits around it: a transaction that is open is one of ours."""
    monkeypatch.setattr(settings, "PROVIDERS", {"scripted": "tests.payments_api.conftest.Approving"})
    registry.get.cache_clear()
    with django_db_blocker.unblock():
        empty()
        switches.seed()
        provider = registry.get("scripted")
        assert isinstance(provider, Approving)
        yield provider
        empty()
        for model in (ApiKey, Answer, Use):
            model.objects.all().delete()
        connection.close()
    registry.get.cache_clear()


@pytest.fixture
def customer(rail: Approving) -> str:
    return ids.show("customer", make_world().customer().pk)
