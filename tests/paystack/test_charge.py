"""A kept card is charged once, and counts as paid by what verify says alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Outcome
from tests.paystack.desk import ASKED, DECLINED, POOR, Desk
from tests.paystack.recorder import Recorder

VERIFY = "GET /transaction/verify/"


def test_a_charge_is_made_once_and_verified_before_it_counts(desk: Desk, calls: Recorder) -> None:
    one = desk.charge()
    found = desk.send(one)
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 10_000, "NGN")
    assert (found.network_fee_minor, found.network_currency, found.fee_minor) == (150, "NGN", None)
    assert found.movement_id == found.provider_ref and found.provider_ref.isdigit()
    assert found.detail["trace"]["status"] == 200
    assert calls.routes() == ["POST /transaction/charge_authorization", f"{VERIFY}{one.identity}"]
    (moved,) = desk.world.ledger(kind="charge")
    assert (moved["reference"], moved["amount"]) == (one.identity, 10_000)
    again = desk.look(one, found)
    assert (again.outcome, again.movement_id) == (Outcome.SUCCEEDED, found.movement_id)


def test_what_is_sent_names_the_payment_and_no_credentials(desk: Desk) -> None:
    one = desk.charge()
    sent = json.loads(one.envelope)
    assert json.loads(sent["metadata"]) == {"payment_id": str(one.payment_id)}
    assert sent["reference"] == one.identity and one.identity.startswith(one.payment_id.hex)
    assert b"sk_test" not in one.envelope and one.data == {}
    assert 16 <= len(one.identity) <= 50 and desk.charge().identity != one.identity


def test_an_acceptance_that_can_not_be_verified_is_no_payment_yet(desk: Desk) -> None:
    """The money rule: 'success' in the answer to the charge alone books nothing."""
    desk.world.fault("500_before", route="GET /transaction/verify", count=1)
    one = desk.charge()
    found = desk.send(one)
    assert (found.outcome, found.code, found.gross_minor) == (Outcome.PENDING, "verify", None)
    assert found.provider_ref.isdigit() and desk.moved() == [10_000]
    assert desk.look(one, found).outcome is Outcome.SUCCEEDED


def test_a_no_right_after_a_yes_settles_nothing(desk: Desk) -> None:
    desk.world.fault("lookup_404_for", route="GET /transaction/verify", seconds=60)
    one = desk.charge()
    found = desk.send(one)
    assert (found.outcome, found.code) == (Outcome.PENDING, "verify")
    assert desk.look(one, found).outcome is Outcome.MISSING
    desk.world.advance(61)
    assert desk.look(one, found).outcome is Outcome.SUCCEEDED and desk.moved() == [10_000]


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("Declined", FailureClass.SOFT_DECLINE, "card_declined"),
        ("Insufficient Funds", FailureClass.INSUFFICIENT_FUNDS, "insufficient_funds"),
        ("Expired Card", FailureClass.HARD_DECLINE, "card_expired"),
        ("Stolen Card, Pick-Up", FailureClass.HARD_DECLINE, "card_lost_or_stolen"),
        ("Transaction Not Permitted To Cardholder", FailureClass.HARD_DECLINE, "card_restricted"),
        ("Suspected Fraud", FailureClass.HARD_DECLINE, "fraud_suspected"),
        ("No Such Issuer", FailureClass.HARD_DECLINE, "card_invalid"),
        ("Incorrect PIN", FailureClass.PAYER_ACTION, "authentication_needed"),
        ("Issuer or switch inoperative", FailureClass.SOFT_DECLINE, "card_declined"),
    ],
)
def test_a_banks_no_is_of_a_class_and_keeps_its_words(
    desk: Desk, said: str, kind: FailureClass, code: str
) -> None:
    one = desk.charge()
    desk.world.decide("paystack", one.identity, outcome="failed", gateway_response=said)
    for found in (desk.send(one), desk.look(one)):
        assert (found.outcome, found.failure_class, found.code) == (Outcome.DECLINED, kind, code)
        assert found.message == found.detail["gateway_response"] == said
    assert desk.moved() == []


@pytest.mark.parametrize(
    ("card", "kind"),
    [(DECLINED, FailureClass.SOFT_DECLINE), (POOR, FailureClass.INSUFFICIENT_FUNDS)],
)
def test_the_test_cards_that_are_refused(desk: Desk, card: str, kind: FailureClass) -> None:
    found = desk.send(desk.charge(card))
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, kind) and desk.moved() == []


@pytest.mark.parametrize("agrees", [True, False])
def test_a_paused_charge_is_none_until_the_payer_agrees(desk: Desk, agrees: bool) -> None:
    one = desk.charge(ASKED)
    asked = desk.send(one)
    assert (asked.outcome, asked.code) == (Outcome.PENDING, "payer_action_needed")
    assert asked.detail["action"]["type"] == "redirect" and desk.moved() == []
    again = desk.look(one, asked)
    assert (again.outcome, again.code) == (Outcome.PENDING, "payer_action_needed")
    assert again.provider_ref == asked.provider_ref
    requests.post(asked.detail["action"]["url"], {"do": "yes" if agrees else "no"}, timeout=5)
    found = desk.look(one, asked)
    if agrees:
        assert found.outcome is Outcome.SUCCEEDED and desk.moved() == [10_000]
    else:
        assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.PAYER_ACTION)


def test_a_paused_charge_that_is_sent_again_is_still_one(desk: Desk) -> None:
    one = desk.charge(ASKED)
    asked = desk.send(one)
    again = desk.send(one)
    assert (again.outcome, again.code) == (Outcome.PENDING, "payer_action_needed")
    requests.post(asked.detail["action"]["url"], {"do": "yes"}, timeout=5)
    assert desk.send(one).outcome is Outcome.SUCCEEDED and desk.moved() == [10_000]


def test_an_abandoned_charge_of_whom_nobody_could_reach_is_over(desk: Desk) -> None:
    one = desk.charge()
    desk.world.decide("paystack", one.identity, outcome="abandoned")
    found = desk.send(one)
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.PAYER_ACTION)


@pytest.mark.parametrize("then", ["success", "failed"])
@pytest.mark.parametrize("status", ["queued", "pending", "processing", "ongoing"])
def test_what_is_under_way_is_looked_at_until_it_ends(desk: Desk, status: str, then: str) -> None:
    one = desk.charge()
    desk.world.decide("paystack", one.identity, outcome=status, then=then, seconds=30)
    found = desk.send(one)
    assert found.outcome is Outcome.PENDING and found.retry_seconds == 10 and desk.moved() == []
    assert desk.look(one, found).outcome is Outcome.PENDING
    desk.world.advance(31)
    ended = desk.look(one, found)
    wanted = Outcome.SUCCEEDED if then == "success" else Outcome.DECLINED
    assert ended.outcome is wanted and len(desk.moved()) == (then == "success")


def test_the_same_identity_sent_again_adopts_the_payment_that_is_there(desk: Desk, calls: Recorder) -> None:
    one = desk.charge()
    first, again = desk.send(one), desk.send(one)
    assert again.outcome is Outcome.SUCCEEDED and again.movement_id == first.movement_id
    assert desk.moved() == [10_000], "one payment, one movement"
    assert [answer.status for _, answer in calls.calls if answer] == [200, 200, 400, 200]


def test_many_at_once_under_one_identity_move_money_once(desk: Desk) -> None:
    one = desk.charge()
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(desk.send, [one] * 6))
    assert {each.outcome for each in found} <= {Outcome.SUCCEEDED, Outcome.UNKNOWN}
    assert desk.moved() == [10_000] and desk.look(one).outcome is Outcome.SUCCEEDED


def test_a_duplicate_that_is_not_seen_stays_unknown(desk: Desk) -> None:
    one = desk.charge()
    desk.send(one)
    desk.world.fault("lookup_404_for", route="GET /transaction/verify", seconds=60, count=1)
    found = desk.send(one)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "duplicate_reference")
    assert desk.look(one).outcome is Outcome.SUCCEEDED and desk.moved() == [10_000]


def test_a_card_that_is_out_of_use_is_a_hard_no(desk: Desk) -> None:
    details = desk.card()
    desk.provider.forget_setup(details)
    desk.provider.forget_setup(details)  # twice is no fault
    found = desk.send(desk.prepare(details))
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.HARD_DECLINE)
    assert (found.code, found.detail["paystack_code"]) == ("authorization_invalid", "invalid_authorization")


def test_a_refusal_of_a_second_send_says_nothing_of_the_first(desk: Desk, hasty: None) -> None:
    """The money rule: the first went through and its answer was lost; then the card goes out of use."""
    details = desk.card()
    one = desk.prepare(details)
    desk.world.fault("timeout_after_success", route="POST /transaction/charge", count=1)
    assert desk.send(one).outcome is Outcome.UNKNOWN
    desk.provider.forget_setup(details)
    desk.world.fault("lookup_404_for", route="GET /transaction/verify", seconds=60, count=1)
    blind = desk.send(replace(one, send_no=2))
    assert (blind.outcome, blind.code) == (Outcome.UNKNOWN, "refused_again")
    assert desk.send(replace(one, send_no=3)).outcome is Outcome.SUCCEEDED and desk.moved() == [10_000]


def test_another_payers_email_is_refused(desk: Desk) -> None:
    found = desk.send(desk.prepare({**desk.card(), "email": "other@example.com"}))
    assert (found.outcome, found.code) == (Outcome.DECLINED, "authorization_invalid")


def test_a_fault_of_our_own_is_technical(desk: Desk) -> None:
    found = desk.send(desk.charge(amount=0))
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.TECHNICAL)
    assert (found.code, found.detail["paystack_code"]) == ("request_invalid", "invalid_amount")


@pytest.mark.parametrize(
    "broken", [{}, {"email": "ada@example.com"}, {"authorization_code": "AUTH_1", "email": "ada"}]
)
def test_a_method_without_what_is_pulled_from_is_refused_before(desk: Desk, broken: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        desk.prepare(broken)
    assert refused.value.code == "method_incomplete"
