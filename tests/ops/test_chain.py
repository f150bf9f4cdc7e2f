"""Our books against the chain's record: agreement is silence, and each kind of difference is named."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.core.actor import Actor, Role
from ops.chain import ChainTransfer, Difference, compare_with_chain
from payments import settle
from payments.models import Attempt, Payment


@pytest.fixture
def payments(standing_payments) -> dict[str, UUID]:
    return standing_payments


@pytest.fixture
def truth(payments) -> dict[str, ChainTransfer]:
    """What the chain recorded of it; the first period's payments by their number."""
    named = {str(key): name for name, key in payments.items()}
    fees = {"paid": 5000, "declined": 5000, "late": 5000, "differs": 5000}
    record = {}
    for attempt in Attempt.objects.select_related("payment"):
        name = named.get(str(attempt.payment_id), str(attempt.payment_id))
        if name == "pending":
            continue
        gross = {"declined": 0, "differs": 900}.get(name, 1000)
        err = "custom" if name == "declined" else None
        record[name] = ChainTransfer(
            attempt.payment_id.hex, attempt.identity, gross, fees.get(name, 0), "USDC", err
        )
    return record


def compare(truth: dict[str, ChainTransfer], **changes: ChainTransfer) -> list[Difference]:
    return compare_with_chain((truth | changes).values(), provider="scripted")


def test_what_agrees_is_silent(truth, payments):
    """What differs and what came late are booked too, to suspense and to unapplied (I6)."""
    assert compare(truth) == []
    settle.end_payment(payments["differs"], reason="a drill", by=Actor("ada", "user", Role.APPROVER))
    assert Payment.objects.get(pk=payments["differs"]).state == "canceled"
    assert compare(truth) == []


def test_another_amount_than_the_one_in_suspense_is_found(truth, payments):
    (one,) = compare(truth, differs=truth["differs"]._replace(gross_minor=901))
    assert (one.kind, one.memo, one.chain_minor, one.booked_minor) == (
        "amount_differs", payments["differs"].hex, 901, 900
    )  # fmt: skip


def test_a_booked_payment_that_the_chain_has_not_is_found(truth, payments):
    del truth["paid"]
    kinds = [(one.kind, one.memo) for one in compare(truth)]
    assert kinds == [("network_fee", payments["paid"].hex), ("not_on_chain", payments["paid"].hex)]


def test_a_transfer_that_is_not_booked_is_found(truth, payments):
    paid = truth["declined"]._replace(err=None, gross_minor=1000)
    found = compare_with_chain((truth | {"declined": paid}).values(), provider="scripted")
    assert ("not_booked", payments["declined"].hex) in [(one.kind, one.memo) for one in found]


def test_a_payment_that_moved_twice_is_found(truth, payments):
    twice = truth["paid"]._replace(signature="another")
    (one,) = compare(truth, twice=twice)
    assert (one.kind, one.chain_minor, one.booked_minor) == ("paid_twice", 2000, 1000)


def test_another_amount_or_currency_is_found(truth):
    (one,) = compare(truth, paid=truth["paid"]._replace(gross_minor=999))
    assert (one.kind, one.chain_minor, one.booked_minor) == ("amount_differs", 999, 1000)
    (one,) = compare(truth, paid=truth["paid"]._replace(currency="SOL"))
    assert one.kind == "amount_differs"


def test_another_network_fee_is_found_for_failures_too(truth, payments):
    (one,) = compare(truth, declined=truth["declined"]._replace(fee_minor=5001))
    assert (one.kind, one.memo, one.currency) == ("network_fee", payments["declined"].hex, "SOL")
    assert (one.chain_minor, one.booked_minor) == (5001, 5000)


def test_what_is_looked_up_is_in_transit(truth, payments):
    attempt = Attempt.objects.get(payment_id=payments["pending"])
    landed = ChainTransfer(attempt.payment_id.hex, attempt.identity, 1000, 5000, "USDC")
    (one,) = compare(truth, pending=landed)
    assert (one.kind, one.memo) == ("in_transit", payments["pending"].hex)


def test_a_memo_that_is_nobodys_is_found_and_strangers_are_not_ours(truth):
    (one,) = compare(truth, ghost=ChainTransfer("f" * 32, "s", 5, 1, "USDC"))
    assert one.kind == "unknown_memo"
    assert compare(truth, stranger=ChainTransfer("", "s", 5, 1, "USDC")) == []
    assert Payment.objects.count() == 12
