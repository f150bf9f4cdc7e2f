"""Answers of every shape: what money depends on is read strictly; what does not fit is unknown, never an exception."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from engine.providers.base import Outcome
from engine.providers.paystack import charge, transaction, transfer, words
from engine.providers.paystack.transaction import Wanted

NAME = "0192f0c1a2b37c4d8e5f60718293a4b5-0a1b2c3d"
PAID: dict[str, Any] = {
    "id": 123, "domain": "test", "status": "success", "reference": NAME, "amount": 10_000, "currency": "NGN",
    "fees": 150, "gateway_response": "Approved", "customer": {"email": "Ada@example.com"},
}  # fmt: skip
SENT: dict[str, Any] = {
    "domain": "test", "status": "success", "reference": NAME, "amount": 5_000, "currency": "NGN",
    "transfer_code": "TRF_1", "fee_charged": 1_000,
}  # fmt: skip
# A member, and what may stand in its place
ODD = (None, "", True, [], {}, -1, "1.5", Decimal("1.5"), "12e3", "٣", 2**70, "9" * 30)


def read(known: str = "", **change: Any) -> Any:
    wanted = Wanted(NAME, "ada@example.com", known)
    return transaction.read({**PAID, **change}, wanted, domain="test", trace={})


def test_amounts_may_come_as_text() -> None:
    found = read(amount="10000", fees="150")
    assert (found.outcome, found.gross_minor, found.network_fee_minor) == (Outcome.SUCCEEDED, 10_000, 150)


def test_a_charge_without_a_fee_costs_nothing() -> None:
    found = read(fees=None)
    assert (found.network_fee_minor, found.network_currency) == (0, "")


def test_a_success_whose_fees_are_not_named_is_looked_up_once_more() -> None:
    """Booked without them, they would never be booked: nothing looks at a success again by itself."""
    hint = read()
    for fees, outcome in ((None, Outcome.PENDING), (0, Outcome.SUCCEEDED), (150, Outcome.SUCCEEDED)):
        found = charge.verified(hint, lambda _, fees=fees: read(fees=fees), time.monotonic())
        assert found.outcome is outcome


@pytest.mark.parametrize(
    ("status", "code"),
    [("ongoing", "payer_action_needed"), ("abandoned", "payer_action_needed"), ("processing", "processing")],
)
def test_of_a_paused_charge_the_payer_is_waited_for_only_until_the_bank_works_it(
    status: str, code: str
) -> None:
    """Our own expiry goes by this word: what the bank works must never be ended for a payer who did not answer."""
    found = read("page:x", status=status)
    assert (found.outcome, found.code, found.provider_ref) == (Outcome.PENDING, code, "page:x")


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["id", "domain", "status", "reference", "amount", "currency"])
def test_a_transaction_that_does_not_fit_is_unknown(name: str, odd: Any) -> None:
    assert read(**{name: odd}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["domain", "status", "reference", "amount", "currency"])
def test_a_transfer_that_does_not_fit_is_unknown(name: str, odd: Any) -> None:
    found = transfer.read({**SENT, name: odd}, NAME, domain="test", trace={})
    assert found.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("odd", [None, "", 5, [], "٣", "a b", "x" * 101])
def test_a_code_that_is_none_is_kept_nowhere(odd: Any) -> None:
    found = transfer.read({**SENT, "transfer_code": odd}, NAME, domain="test", trace={})
    assert found.outcome is Outcome.UNKNOWN and found.provider_ref == ""


@pytest.mark.parametrize("odd", [None, "text", 5, [], [PAID], True])
def test_what_is_no_object_is_unknown(odd: Any) -> None:
    wanted = Wanted(NAME, "ada@example.com")
    assert transaction.read(odd, wanted, domain="test", trace={}).outcome is Outcome.UNKNOWN
    assert transfer.read(odd, NAME, domain="test", trace={}).outcome is Outcome.UNKNOWN


def test_another_reference_is_no_answer_to_ours() -> None:
    assert read(reference="0" * 32 + "-00000000").code == "reference_differs"


@pytest.mark.parametrize("customer", [{"email": "eve@example.com"}, {}, None])
def test_another_customers_payment_is_not_ours(customer: Any) -> None:
    found = read(customer=customer)
    assert (found.outcome, found.code, found.detail["park"]) == (Outcome.UNKNOWN, "customer_differs", True)


def test_real_money_is_not_taken_for_test_money() -> None:
    found = read(domain="live")
    assert (found.outcome, found.code, found.detail["park"]) == (Outcome.UNKNOWN, "wrong_mode", True)


def test_paid_and_returned_is_a_persons_business() -> None:
    found = read(status="reversed")
    assert (found.outcome, found.detail["park"]) == (Outcome.UNKNOWN, True)


def test_what_is_known_as_paid_stays_paid_when_its_refund_is_shown_in_it() -> None:
    """The refund or the dispute is booked as what it is; taking the charge back too would book it twice."""
    found = read("123", status="reversed")
    assert (found.outcome, found.movement_id) == (Outcome.SUCCEEDED, "123")


def test_what_the_payer_may_still_pay_is_not_over() -> None:
    """They have the page: a no to us and a yes to them would be two payments."""
    assert read("page:abc", status="abandoned").outcome is Outcome.PENDING
    assert read("123", status="abandoned").outcome is Outcome.DECLINED


def test_every_word_of_the_paper_is_known() -> None:
    assert set(words.TRANSFER_ENDS) == {
        status
        for status, outcome in words.TRANSFER.items()
        if outcome in (Outcome.DECLINED, Outcome.REVERSED)
    }
    assert set(words.CHARGE) | {"reversed"} == {
        "success", "failed", "abandoned", "pending", "ongoing", "processing", "queued", "reversed",
    }  # fmt: skip
    assert set(words.REFUND) == {"pending", "processing", "needs-attention", "processed", "failed"}
