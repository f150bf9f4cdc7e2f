"""A charge: two calls, one movement, and the class of each refusal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.base import FailureClass, Known, Outcome, Payable
from tests.stripe.shop import Shop


def test_the_intents_id_is_handed_over_before_anything_can_move(shop: Shop) -> None:
    attempt = shop.prepare()
    calls = shop.provider.submit_in_steps(attempt.sendable)
    step = next(calls)
    assert (step.outcome, step.code) == (Outcome.STEP, "created")
    assert step.provider_ref.startswith("pi_")
    calls.close()
    assert shop.world.ledger(kind="charge") == []
    assert shop.hand.v1.payment_intents.retrieve(step.provider_ref).status == "requires_confirmation"


def test_a_charge_names_what_moved_and_what_it_cost(shop: Shop) -> None:
    attempt = shop.charge()
    found = attempt.found[-1]
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 2000, "USD")
    assert (found.network_fee_minor, found.network_currency, found.fee_minor) == (88, "USD", None)
    assert found.detail["trace"]["status"] == 200 and found.detail["trace"]["request_id"].startswith("req_")
    (moved,) = shop.moved("charge", attempt)
    assert (moved["object"], moved["amount"]) == (found.movement_id, 2000)
    assert found.provider_ref == attempt.known.provider_ref
    again = shop.look(attempt)
    assert (again.outcome, again.movement_id, again.network_fee_minor) == (
        found.outcome,
        found.movement_id,
        found.network_fee_minor,
    )


def test_each_attempt_has_an_identity_of_its_own_that_names_its_payment(shop: Shop) -> None:
    one = Payable(uuid7(), "charge", 2000, 0, "USD", shop.card())
    context = shop.provider.context([one, one])
    first, second = shop.provider.prepare([one, one], context)
    assert first.identity != second.identity and len(first.identity) == 41
    assert first.identity.startswith(one.payment_id.hex)
    assert b"sk_test" not in first.envelope


@pytest.mark.parametrize(
    ("decline_code", "failure"),
    [
        ("insufficient_funds", FailureClass.INSUFFICIENT_FUNDS),
        ("generic_decline", FailureClass.SOFT_DECLINE),
        ("do_not_honor", FailureClass.SOFT_DECLINE),
        ("try_again_later", FailureClass.SOFT_DECLINE),
        ("issuer_not_available", FailureClass.SOFT_DECLINE),
        ("expired_card", FailureClass.PAYER_ACTION),
        ("incorrect_cvc", FailureClass.PAYER_ACTION),
        ("authentication_required", FailureClass.PAYER_ACTION),
        ("lost_card", FailureClass.HARD_DECLINE),
        ("stolen_card", FailureClass.HARD_DECLINE),
        ("pickup_card", FailureClass.HARD_DECLINE),
        ("fraudulent", FailureClass.HARD_DECLINE),
        ("a_word_of_tomorrow", FailureClass.SOFT_DECLINE),
    ],
)
def test_a_refused_card_is_a_decline_of_its_class(
    shop: Shop, decline_code: str, failure: FailureClass
) -> None:
    attempt = shop.prepare()
    shop.world.decide("stripe", attempt.payable.payment_id.hex, outcome="declined", decline_code=decline_code)
    found = shop.send(attempt)
    assert (found.outcome, found.failure_class, found.code) == (Outcome.DECLINED, failure, decline_code)
    assert found.detail["stripe_decline_code"] == decline_code and found.detail["trace"]["status"] == 402
    looked = shop.look(attempt)
    assert (looked.outcome, looked.failure_class, looked.code) == (found.outcome, failure, decline_code)
    assert shop.moved("charge", attempt) == []


def test_a_card_that_wants_its_holder_needs_the_payer(shop: Shop) -> None:
    found = shop.charge(card="pm_card_threeDSecure2Required").found[-1]
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.PAYER_ACTION)
    assert found.code == "authentication_required"


def test_what_processes_is_pending_until_it_ends(shop: Shop) -> None:
    attempt = shop.prepare()
    shop.world.decide("stripe", attempt.payable.payment_id.hex, outcome="processing")
    assert shop.send(attempt).outcome is Outcome.PENDING
    assert shop.look(attempt).outcome is Outcome.PENDING
    shop.world.advance(3601)
    found = shop.look(attempt)
    assert (found.outcome, found.network_fee_minor) == (Outcome.SUCCEEDED, 88)


def test_a_card_that_was_detached_is_the_payers_to_replace(shop: Shop) -> None:
    card = shop.card()
    attempt = shop.prepare(**card)
    shop.provider.forget_setup(card)
    found = shop.send(attempt)
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.PAYER_ACTION)
    gone = shop.prepare(**{**card, "payment_method": "pm_gone"})
    assert shop.send(gone).code == "payment_method_gone"


def test_what_is_called_back_never_moves(shop: Shop) -> None:
    attempt = shop.prepare()
    calls = shop.provider.submit_in_steps(attempt.sendable)
    attempt.keep(next(calls))
    calls.close()
    assert shop.look(attempt).outcome is Outcome.MISSING
    assert shop.provider.cancel(attempt.asked).outcome is Outcome.ABSENT
    assert shop.look(attempt).outcome is Outcome.ABSENT
    assert shop.send(attempt).outcome is Outcome.ABSENT, "a worker that was late confirms nothing"
    assert shop.moved("charge", attempt) == []


def test_a_call_back_whose_answer_was_a_fault_is_not_answered_so_for_a_day(shop: Shop) -> None:
    attempt = shop.prepare()
    calls = shop.provider.submit_in_steps(attempt.sendable)
    attempt.keep(next(calls))
    calls.close()
    shop.world.fault("500_after_success", route="POST /payment_intents/{id}/cancel", count=1)
    assert shop.provider.cancel(attempt.asked).outcome is Outcome.UNKNOWN
    assert shop.provider.cancel(replace(attempt.asked, looks=1)).outcome is Outcome.ABSENT


def test_what_was_paid_is_not_called_back(shop: Shop) -> None:
    attempt = shop.charge()
    assert shop.provider.cancel(attempt.asked).code == "paid_before"
    assert shop.look(attempt).outcome is Outcome.SUCCEEDED


def test_what_somebody_else_canceled_is_refused_for_good(shop: Shop) -> None:
    attempt = shop.prepare()
    calls = shop.provider.submit_in_steps(attempt.sendable)
    attempt.keep(next(calls))
    calls.close()
    shop.hand.v1.payment_intents.cancel(attempt.known.provider_ref)
    found = shop.look(attempt)
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.HARD_DECLINE)


def test_an_id_that_is_not_there_proves_nothing(shop: Shop) -> None:
    attempt = shop.prepare()
    attempt.known = Known("pi_nobody")
    assert shop.look(attempt).outcome is Outcome.UNKNOWN
    assert shop.send(attempt).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("missing", ["customer", "payment_method"])
def test_a_method_without_a_name_at_stripe_is_refused_before_any_attempt(shop: Shop, missing: str) -> None:
    with pytest.raises(Refusal) as refused:
        shop.prepare(**{**shop.card(), missing: ""})
    assert refused.value.code == "method_incomplete"


def test_a_currency_that_stripe_counts_otherwise_is_refused(shop: Shop) -> None:
    one = Payable(uuid7(), "charge", 50_000, 0, "IDR", shop.card())
    with pytest.raises(Refusal) as refused:
        shop.provider.prepare([one], shop.provider.context([one]))
    assert refused.value.code == "currency_unsupported"


def test_who_finds_no_room_waits_in_the_lane(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ENV, "stripe_calls_per_second", 4)
    registry.get.cache_clear()
    provider = registry.get("stripe")
    wanted = [Payable(uuid7(), "charge", 2000, 0, "USD", shop.card()) for _ in range(4)]
    answers = provider.prepare(wanted, provider.context(wanted))
    assert [getattr(each, "code", "goes") for each in answers] == [
        "goes", "goes", "rate_limited", "rate_limited",
    ]  # fmt: skip
