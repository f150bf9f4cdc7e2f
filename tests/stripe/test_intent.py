"""What a PaymentIntent says, word by word."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from engine.providers.base import Asked, Finding, Outcome, Sendable
from engine.providers.stripe import intent
from engine.providers.stripe.reading import Heard, judged

ONE = Asked(
    UUID(int=1), UUID(int=2), "charge", "id-1", {}, amount_minor=2000, fee_minor=0, currency="USD", instructions={}
)  # fmt: skip
CHARGE = {"id": "ch_1", "balance_transaction": {"fee": 88, "currency": "usd"}}
FOUND: dict[str, Any] = {
    "object": "payment_intent", "id": "pi_1", "livemode": False, "status": "succeeded", "amount": 2000,
    "amount_received": 2000, "currency": "usd", "metadata": {"payment_id": UUID(int=2).hex},
    "latest_charge": CHARGE,
}  # fmt: skip


def judge(**differs: Any) -> Finding:
    return judged(Heard({**FOUND, **differs}, {}), lambda found: intent.judge(found, ONE, live=False))


def test_success_names_the_charge_and_its_fee() -> None:
    found = judge()
    assert (found.outcome, found.movement_id, found.network_fee_minor) == (Outcome.SUCCEEDED, "ch_1", 88)


def test_a_fee_that_is_not_noted_yet_keeps_no_success_from_being_told() -> None:
    found = judge(latest_charge={"id": "ch_1", "balance_transaction": None})
    assert (found.outcome, found.network_fee_minor) == (Outcome.SUCCEEDED, 0)


def test_the_reply_to_a_send_without_a_fee_is_looked_up_before_it_counts() -> None:
    """Booked without it, it would never be booked: nothing looks at a success again by itself."""
    unnoted = {**FOUND, "latest_charge": {"id": "ch_1", "balance_transaction": None}}
    sent = Sendable(UUID(int=1), UUID(int=2), 1, "charge", "id-1", b"", {}, 2000, "USD", {})
    found = intent.judge(unnoted, sent, live=False)
    assert (found.outcome, found.code, found.provider_ref) == (Outcome.PENDING, "fee_awaited", "pi_1")
    assert intent.judge(FOUND, sent, live=False).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    "differs",
    [
        {"id": ""},
        {"id": 7},
        {"object": "charge"},
        {"livemode": True},
        {"livemode": None},
        {"status": None},
        {"currency": "dollars"},
        {"currency": None},
        {"amount_received": "2000"},
        {"amount_received": 2000.0},
        {"amount_received": True},
        {"metadata": {}},
        {"metadata": {"payment_id": UUID(int=3).hex}},
        {"latest_charge": None},
        {"latest_charge": {}},
    ],
    ids=str,
)
def test_what_does_not_fit_is_unknown(differs: dict[str, Any]) -> None:
    found = judge(**differs)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "unreadable")


@pytest.mark.parametrize("status", ["processing", "requires_capture"])
def test_what_has_not_ended_is_pending(status: str) -> None:
    assert judge(status=status).outcome is Outcome.PENDING


def test_the_payer_is_asked_at_a_page() -> None:
    asked = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example/1"}}
    found = judge(status="requires_action", next_action=asked)
    assert (found.outcome, found.code) == (Outcome.PENDING, "payer_action_needed")
    assert found.detail["action"] == {
        "type": "redirect",
        "url": "https://bank.example/1",
        "expires_at": None,
    }


@pytest.mark.parametrize("status", ["requires_confirmation", "requires_payment_method"])
def test_what_was_never_confirmed_is_missing(status: str) -> None:
    assert judge(status=status).outcome is Outcome.MISSING


@pytest.mark.parametrize("status", ["reconsidering", "Succeeded", "paid"])
def test_a_status_that_no_paper_names_says_nothing(status: str) -> None:
    found = judge(status=status)
    assert (found.outcome, found.code, found.provider_ref) == (Outcome.UNKNOWN, "status_unknown", "pi_1")
