"""Payments whose money lies in suspense, and what is seen of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from billing.models import Invoice
from engine.core.actor import Actor, Role
from engine.core.errors import Refusal
from engine.ledger import balances
from engine.ledger.models import Transfer
from engine.providers.base import FailureClass, Finding, Outcome
from payments.models import Attempt, Case, Payment
from tests.billing.world import World
from tests.ops.test_books import broken as broken_of
from tests.ops.world import NETWORK, WHOLE, mark, open_payment, say, subscribe
from tests.payments.scripted import paid

ADA = Actor("ada", "user", Role.APPROVER)
WHY = {"reason": "a drill", "by": ADA}
NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")


def case_of(payment_id: UUID) -> Case:
    return Case.objects.get(payment_id=payment_id)


def row(payment_id: UUID) -> Payment:
    return Payment.objects.get(pk=payment_id)


def invoice_of(payment_id: UUID) -> Invoice:
    return Invoice.objects.get(pk=row(payment_id).source_id)


def legs(kind: str) -> list[tuple[int, str, str, int]]:
    found = Transfer.objects.filter(kind=kind).order_by("posted_at", "seq")
    return list(found.values_list("seq", "debit__kind", "credit__kind", "amount_minor"))


def in_suspense(payment_id: UUID) -> int:
    account = row(payment_id).accounts["suspense"]
    return -balances.balances([account])[account]


def broken() -> list[str]:
    return broken_of(suspense_hours=-1.0)


def refused(verb: Any, case_id: UUID, **by: object) -> str:
    """Its code; nothing is booked and the case is as it was."""
    before = Transfer.objects.count(), Case.objects.get(pk=case_id).closed_at
    code = code_of(verb, case_id, **by)
    assert (Transfer.objects.count(), Case.objects.get(pk=case_id).closed_at) == before
    return code


def code_of(verb: Any, case_id: UUID, **by: object) -> str:
    with pytest.raises(Refusal) as fault:
        verb(case_id, **(WHY | by))
    return fault.value.code


def differing(world: World, gross: int, **changes: object) -> UUID:
    """In flight and parked: another amount arrived."""
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    mark()
    say(one, paid(**(WHOLE | NETWORK | {"gross_minor": gross, "movement_id": "other"} | changes)))
    assert (row(one).state, row(one).parked_at is None) == ("in_flight", False)
    return one


def refused_by_its_invoice(world: World) -> UUID:
    """It succeeded, its invoice could not take it: in suspense, parked."""
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    mark()
    Invoice.objects.filter(pk=invoice_of(one).pk).update(collecting_minor=0)
    say(one, paid(**WHOLE))
    Invoice.objects.filter(pk=invoice_of(one).pk).update(collecting_minor=1000)
    assert (row(one).state, row(one).parked_at is None, in_suspense(one)) == ("succeeded", False, 1000)
    return one


def two_attempts(world: World) -> tuple[UUID, Attempt]:
    """The first seemed not to have left; the second is on its way."""
    subscription = subscribe(world)
    world.bill()
    one = open_payment(subscription)
    mark()
    say(one, NOT_LEFT)
    first = Attempt.objects.get(payment_id=one)
    Payment.objects.filter(pk=one).update(next_action_at=row(one).created_at)
    assert len(mark()) == 1
    return one, first
