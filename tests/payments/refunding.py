"""Refunds step by step, of payments that a scripted provider settled on the platform."""

from __future__ import annotations

import time
from dataclasses import replace
from uuid import UUID

import pytest

from engine.core.actor import Actor, Role
from engine.ledger import balances
from engine.ledger.models import Account
from engine.providers import registry
from ops import books
from payments import refund
from payments.models import Attempt, Payment, Refund
from payments.pipeline import look_again
from payments.pipeline.hinted import Told, make_due
from payments.pipeline.lanes import Lane, Worked
from tests.payments.scripted import Scripted
from tests.payments.steps import apply_all, run

REFUND = Lane("refund", "scripted")
OLGA, ADA = Actor("olga", "user", Role.OPERATOR), Actor("ada", "user", Role.APPROVER)
WHY = {"reason": "half of it was lost", "by": OLGA}
OF_SOURCES = {"receivables", "invoice_counters", "suspense_old"}  # no invoice stands behind these payments


def giving_back(world: Scripted) -> Scripted:
    """Money comes to the platform, and goes back the same way."""
    world.sheet = replace(
        world.sheet, settlement="platform", operations=("charge", "refund"), reversible=True
    )
    return world


def ask(payment_id: UUID, amount: int | None = None) -> Refund:
    return refund.request(payment_id, amount_minor=amount, **WHY)


def carry_out(monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, REFUND)


def carrier(one: Refund) -> Payment:
    return Payment.objects.get(source_kind="refund", source_id=one.pk)


def hinted(one: Refund) -> None:
    """A callback says that something became of the refund, and it is looked up."""
    attempt = Attempt.objects.filter(payment_id=carrier(one).pk).latest("seq")
    assert make_due([Told(attempt.pk)]) == 1
    look_again.work(registry.get("scripted"), REFUND, Worked(), until=time.monotonic() + 60)
    apply_all()


def counters(payment_id: UUID) -> tuple[int, int]:
    """What is on its way back, and what is back."""
    row = Payment.objects.get(pk=payment_id)
    return row.refunding_minor, row.refunded_minor


def held(payment_id: UUID) -> dict[str, int]:
    """Balances by role of the payment's accounts and of what is to be given back, but for those at zero."""
    accounts = dict(Payment.objects.get(pk=payment_id).accounts)
    accounts |= dict(Account.objects.filter(kind="refunds_payable").values_list("kind", "pk"))
    amounts = balances.balances(accounts.values())
    return {role: amounts[account] for role, account in accounts.items() if amounts[account]}


def broken() -> set[str]:
    return {result.name for result in books.examine().broken} - OF_SOURCES
