"""What a payer pays so that a gateway keeps their method: booked when it is found, and given back. It is never ours.

The return is a payment of operation refund as any other, with its attempts, its looks and its parks; its source is the
method. Until it is done, the money is to be given back (refunds payable); what the gateway keeps of it is our cost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum, TextField, UUIDField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import MD5, Cast, Concat

from engine.core import clock, money
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.ledger import accounts, posting
from engine.ledger.accounts import Key
from engine.ledger.chart import Kind
from engine.ledger.models import Transfer
from engine.ledger.posting import Leg
from engine.outbox.emit import NewEvent, emit
from engine.providers.setups import SetupCharge
from payments.models import Attempt, Case, Evidence, Payment, PaymentMethod
from payments.pipeline.books import movement
from payments.pipeline.decision import ANOTHER_AMOUNT
from payments.sources import SourceChange

SOURCE = "payment_method"
CASE = "setup_not_returned"
PAID, BY_HAND = "setup.paid", "setup.by_hand"
TWICE, UNDONE = "setup.returned_twice", "setup.twice_undone"
COUNTED = "setup.counted"  # of another amount, by a person (payments/setup_differs.py)


def book(method: PaymentMethod, charged: SetupCharge) -> Payment | None:
    """Book what was paid and schedule its return, once per movement; None if it was found before.

    Writes in the caller's transaction, which holds the method's lock. Raises IntegrityError where another movement of
    the same method is still on its way back: it is found again, and booked then.
    """
    key = key_of(method.provider, charged.movement_id)
    if Transfer.objects.filter(kind=PAID, source_id=key).exists():
        return None
    now, at = _times()
    to, fees = _accounts(method.provider, charged.currency), Key(Kind.NETWORK_FEE, charged.currency)
    legs = [
        Leg(PAID, key, 0, to["clearing"], to["refunds_payable"], charged.currency, charged.amount_minor, at)
    ]
    if charged.fee_minor:
        fee = accounts.ensure([fees])[fees]
        legs.append(Leg(PAID, key, 1, fee, to["clearing"], charged.currency, charged.fee_minor, at))
    posting.post(legs, machine_at=now)
    before = Payment.objects.filter(source_kind=SOURCE, source_id=method.pk).count()
    payment = Payment.objects.create(
        id=uuid7(), operation="refund", provider=method.provider, source_kind=SOURCE, source_id=method.pk,
        no=before + 1, clock_id=clock.REAL, queue_key=method.pk, due_at=at, grace_until=at, settlement="platform",
        currency=charged.currency, amount_minor=charged.amount_minor, instructions={"charge": asdict(charged)},
        accounts=to, next_action_at=now, created_at=now,
    )  # fmt: skip
    payload = {
        "payment_id": payment.pk, "state": "scheduled", "amount_minor": payment.amount_minor,
        "currency": payment.currency, "source": [SOURCE, method.pk], "provider": payment.provider,
    }  # fmt: skip
    emit(
        [NewEvent("payment.scheduled", "payment", payment.pk, 1, clock.REAL, at, None, payload)],
        machine_at=now,
    )
    return payment


def payments_changed(changes: Sequence[SourceChange]) -> None:
    """Record ends of returns. Writes in the caller's transaction.

    One that failed, was called back or was taken back is a person's: the money is still to be given back. One that was
    done after all closes that case; what had been given back of it before is our loss, unless that one is taken back.
    """
    for change in changes:
        if change.state in ("failed", "canceled", "reversed"):
            _undo_twice(change)
            _ask_a_person(change)
        elif change.state == "succeeded_late":
            _late(change)


def by_hand(case: Case) -> None:
    """A person says that they gave back what is left of it: it lies at the gateway no more. Writes, likewise; raises
    Refusal."""
    payment = case.about
    left = left_of(payment)
    if not left:
        raise Refusal("returned_already", "the gateway gave it back after all", param="case")
    now, at = _times()
    to = payment.accounts
    leg = Leg(BY_HAND, payment.pk, 0, to["refunds_payable"], to["clearing"], payment.currency, left, at)
    posting.post([leg], machine_at=now)


def left_of(payment: Payment) -> int:
    """What is still to be given back by its payment, which is locked. Reads."""
    late = payment.state == Payment.State.SUCCEEDED_LATE
    if payment.state == Payment.State.SUCCEEDED or (late and not _is_taken_back(payment)):
        return 0
    return payment.amount_minor - _given(payment)


def _is_taken_back(payment: Payment) -> bool:
    """Of one that was done late, which stays in that state. Reads."""
    attempts = Attempt.objects.filter(payment_id=payment.pk).values("pk")
    return Transfer.objects.filter(kind="payment.reversed", source_id__in=attempts).exists()


def not_given(payment: Payment, minor: int, why: str) -> str:
    """What its case says."""
    shown = money.shown(minor, payment.currency)
    return f"{shown} that its payer paid to set a method up is not given back: {why}"


def key_of(provider: str, movement_id: str) -> UUID:
    """The key of one movement, which SQL makes too (ops/sql/check_setups.sql)."""
    return UUID(hashlib.md5(f"{provider}:{movement_id}".encode(), usedforsecurity=False).hexdigest())


def keys_of(payments: QuerySet[Payment]) -> QuerySet[Payment, tuple[UUID]]:
    """The keys of the movements that these payments give back. Reads nothing yet."""
    named = Concat("provider", Value(":"), KT("instructions__charge__movement_id"), output_field=TextField())
    return payments.filter(source_kind=SOURCE).values_list(Cast(MD5(named), UUIDField()))


def _accounts(provider: str, currency: str) -> dict[str, int]:
    """By role. `payable` is where late money is taken from: this was given up by nobody, it is still to be given."""
    keys = {
        "clearing": Key(f"{Kind.CLEARING}:{provider}", currency),
        "refunds_payable": Key(Kind.REFUNDS_PAYABLE, currency),
        "suspense": Key(Kind.SUSPENSE, currency),
    }
    found = accounts.ensure(keys.values())
    to = {role: found[key] for role, key in keys.items()}
    return {**to, "payable": to["refunds_payable"]}


def _given(payment: Payment) -> int:
    """What persons say to be given back of it: by them, or by the gateway in another amount than was asked."""
    differing = Evidence.objects.filter(payment_id=payment.pk, verdict=ANOTHER_AMOUNT).select_related(
        "attempt"
    )
    keys = [movement(payment.pk, one.movement_id or one.attempt.identity) for one in differing]
    told = Transfer.objects.filter(kind__in=(BY_HAND, COUNTED), seq=0, source_id__in=[payment.pk, *keys])
    return int(told.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def _ask_a_person(change: SourceChange) -> None:
    payment = Payment.objects.get(pk=change.payment_id)
    left = payment.amount_minor - _given(payment)
    if not left:
        return
    why = change.failure_message or change.failure_code or change.state
    Case.objects.create(
        id=uuid7(), kind=CASE, payment=payment, sentence=not_given(payment, left, why),
        opened_at=change.machine_at,
    )  # fmt: skip


def _undo_twice(change: SourceChange) -> None:
    """What had been given back before the gateway did so late is no loss once the gateway's own is taken back."""
    twice = Transfer.objects.filter(kind=TWICE, source_id=change.payment_id).first()
    if twice is None:
        return
    now, at = _times()
    leg = Leg(
        UNDONE, twice.source_id, 0, twice.credit_id, twice.debit_id, twice.currency, twice.amount_minor, at
    )
    posting.post([leg], machine_at=now)


def _late(change: SourceChange) -> None:
    payment = Payment.objects.get(pk=change.payment_id)
    Case.objects.filter(payment=payment, kind=CASE, closed_at=None).update(
        closed_at=change.machine_at, closed_by="clearbeat", resolution="the gateway gave it back after all"
    )
    twice = _given(payment)
    if not twice:
        return
    now, at = _times()
    lost = Key(Kind.WRITE_OFF, payment.currency)
    to = payment.accounts["refunds_payable"]
    leg = Leg(TWICE, payment.pk, 0, accounts.ensure([lost])[lost], to, payment.currency, twice, at)
    posting.post([leg], machine_at=now)


def _times() -> tuple[datetime, datetime]:
    """Machine time, and business time on the real clock."""
    now = clock.machine_now()
    return now, clock.business_times([clock.REAL], now)[clock.REAL]
