"""Whatever becomes of an answer, one payment is one movement, and what is not known is unknown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.conf import settings

from engine.providers import registry
from engine.providers.base import FailureClass, Known, Outcome, ProviderUnavailable
from engine.providers.stripe.client import Api, Refused
from tests.stripe.shop import Shop

CREATE, CONFIRM = "POST /payment_intents$", "POST /payment_intents/.*confirm"
LOST = [
    ("reset_after_success", {}),
    ("timeout_after_success", {"seconds": 5}),
    ("timeout_before", {"seconds": 5}),
    ("500_after_success", {}),
    ("500_before", {}),
    ("html_502", {}),
    ("html_502", {"when": "after"}),
    ("drip", {"delay_ms": 100}),
    ("malformed_json", {}),
    ("truncated", {}),
    ("unknown_status", {}),
    ("duplicate_key_conflict", {}),
    ("outage", {"style": "reset"}),
    ("outage", {"style": "503"}),
]


@pytest.mark.parametrize(
    ("kind", "how"), LOST, ids=[f"{kind}-{''.join(map(str, how.values()))}" for kind, how in LOST]
)
def test_an_intent_whose_making_was_not_answered_is_unknown_and_is_paid_once(
    shop: Shop, kind: str, how: dict[str, object]
) -> None:
    """The same of its confirmation: tests/conformance."""
    attempt = shop.prepare()
    shop.world.fault(kind, provider="stripe", route=CREATE, count=1, **how)
    found = shop.send(attempt)
    assert (found.outcome, found.failure_class) == (Outcome.UNKNOWN, FailureClass.UNKNOWN)
    assert found.detail.get("trace") or found.detail["request_digest"]
    assert shop.recover(attempt).outcome is Outcome.SUCCEEDED
    assert len(shop.moved("charge", attempt)) == 1
    assert shop.world.assertions()["ok"]
    keys = {each["key"] for each in shop.world.requests() if each["route"] == "POST /payment_intents"}
    assert keys == {attempt.prepared.identity}


def test_the_same_identity_sent_again_makes_no_second_intent(shop: Shop) -> None:
    """The step's commit was lost with its worker: nothing is known, and the same key is sent again."""
    attempt = shop.charge()
    nothing_known = shop.prepare()
    nothing_known.prepared, nothing_known.payable = attempt.prepared, attempt.payable
    found = shop.send(nothing_known)
    assert (found.outcome, found.movement_id) == (Outcome.SUCCEEDED, attempt.found[-1].movement_id)
    assert len(shop.moved("charge", attempt)) == 1
    assert len(shop.hand.v1.payment_intents.list().data) == 1


def test_a_key_that_stripe_has_forgotten_confirms_nothing_twice(shop: Shop) -> None:
    attempt = shop.charge()
    shop.world.advance(25 * 3600)
    assert shop.send(attempt).code == "paid_before"
    assert shop.recover(attempt).outcome is Outcome.SUCCEEDED
    assert len(shop.moved("charge", attempt)) == 1


def test_no_key_is_sent_again_after_its_last_safe_hour(shop: Shop) -> None:
    """The engine sends the same identity again while its attempt is younger than this."""
    assert shop.provider.sheet.identity_seconds == 23 * 3600


def test_a_declined_intent_whose_answer_was_lost_is_declined(shop: Shop) -> None:
    attempt = shop.prepare()
    shop.world.decide("stripe", attempt.payable.payment_id.hex, outcome="declined", decline_code="lost_card")
    shop.world.fault("reset_after_success", route=CONFIRM, count=1)
    assert shop.send(attempt).outcome is Outcome.UNKNOWN
    found = shop.recover(attempt)
    assert (found.outcome, found.code) == (Outcome.DECLINED, "lost_card")


def test_an_unknown_word_beside_a_refusal_is_no_refusal(shop: Shop) -> None:
    attempt = shop.prepare()
    shop.world.decide("stripe", attempt.payable.payment_id.hex, outcome="declined")
    shop.world.fault("unknown_status", route=CONFIRM, count=1)
    assert shop.send(attempt).outcome is Outcome.UNKNOWN
    assert shop.recover(attempt).outcome is Outcome.DECLINED


def test_what_no_list_shows_is_sent_again_and_given_up_only_after_a_while(shop: Shop) -> None:
    attempt = shop.prepare()
    assert shop.look(attempt).outcome is Outcome.MISSING
    old = shop.older(attempt, 1000)
    assert shop.look(old).outcome is Outcome.ABSENT
    shop.send(attempt)
    old.known = Known()
    assert shop.look(old).outcome is Outcome.SUCCEEDED, "it is found by its identity, whoever forgot its name"


@pytest.mark.parametrize("route", [CREATE, CONFIRM])
def test_too_many_requests_is_not_begun(shop: Shop, route: str) -> None:
    attempt = shop.prepare()
    shop.world.fault("429", route=route, count=1, retry_after=7)
    found = shop.send(attempt)
    assert (found.outcome, found.failure_class) == (Outcome.NOT_LEFT, FailureClass.TECHNICAL)
    assert (found.code, found.retry_seconds) == ("rate_limited", 7.0)


@pytest.mark.parametrize("route", [CREATE, CONFIRM])
def test_a_refused_key_begins_nothing(shop: Shop, route: str) -> None:
    attempt = shop.prepare()
    shop.world.fault("auth_revoked", route=route, count=1)
    found = shop.send(attempt)
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "credentials_refused")
    assert shop.moved("charge", attempt) == []


def test_where_nobody_listens_nothing_left(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = shop.prepare()
    monkeypatch.setattr(settings.ENV, "stripe_api_base", "http://127.0.0.1:9")
    registry.get.cache_clear()
    shop.provider = registry.get("stripe")
    found = shop.send(attempt)
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "unreachable")


def test_what_stripe_does_not_take_is_our_own_fault(shop: Shop) -> None:
    found = shop.charge(amount=49).found[-1]
    assert (found.outcome, found.failure_class, found.code) == (
        Outcome.DECLINED,
        FailureClass.TECHNICAL,
        "request_invalid",
    )
    assert found.detail["stripe_code"] == "amount_too_small"


def test_a_key_that_was_used_for_something_else_is_a_persons(shop: Shop) -> None:
    attempt = shop.prepare()
    shop.send(attempt)
    changed = json.loads(attempt.prepared.envelope)
    changed["create"]["amount"] = 3000
    attempt.known = Known()
    attempt.prepared = replace(attempt.prepared, envelope=json.dumps(changed).encode())
    found = shop.send(attempt)
    assert (found.outcome, found.code, found.detail["park"]) == (Outcome.UNKNOWN, "key_reused", True)


@pytest.mark.parametrize("kind", ["wrong_amount", "wrong_currency"])
def test_another_amount_than_was_asked_is_told_once_it_was_said_twice(shop: Shop, kind: str) -> None:
    attempt = shop.prepare()
    shop.world.fault(kind, route=CONFIRM, count=1, text="EUR")
    assert shop.send(attempt).code == "amount_differs"
    number = shop.world.fault(kind, route="GET /payment_intents", text="EUR")
    found = shop.look(attempt)
    assert found.outcome is Outcome.SUCCEEDED
    assert (found.gross_minor, found.currency) != (2000, "USD")
    shop.world.clear_faults(number)
    shop.world.fault(kind, route="GET /payment_intents", count=1, text="EUR")
    assert shop.look(attempt).code == "amount_differs", "of two answers that disagree neither is believed"
    found = shop.look(attempt)
    assert (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 2000, "USD")


@pytest.mark.parametrize("kind", ["wrong_amount", "wrong_currency"])
def test_a_refund_of_another_amount_is_looked_at_again(shop: Shop, kind: str) -> None:
    attempt = shop.prepare("refund", 500, **shop.paid())
    shop.world.fault(kind, route="POST /refunds", count=1, text="EUR")
    assert shop.send(attempt).code == "amount_differs"
    assert shop.recover(attempt).gross_minor == 500
    assert len(shop.moved("refund", attempt)) == 1


def test_an_intent_of_another_amount_is_never_confirmed(shop: Shop) -> None:
    attempt = shop.prepare()
    shop.world.fault("wrong_amount", route=CREATE, count=1)
    assert shop.send(attempt).code == "amount_differs"
    assert shop.world.ledger(kind="charge") == []


@pytest.mark.parametrize("kind", ["lookup_404_for", "stale_lookup"])
def test_a_look_that_lags_costs_nothing(shop: Shop, kind: str) -> None:
    attempt = shop.charge()
    number = shop.world.fault(kind, route="GET", seconds=60)
    assert shop.look(attempt).outcome in (Outcome.UNKNOWN, Outcome.MISSING)
    shop.world.clear_faults(number)
    assert shop.recover(attempt).outcome is Outcome.SUCCEEDED
    assert len(shop.moved("charge", attempt)) == 1


def test_an_answer_of_the_other_mode_proves_nothing(shop: Shop) -> None:
    attempt = shop.prepare()
    shop.world.configure("stripe", livemode=True)
    found = shop.send(attempt)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "unreadable")
    assert shop.world.ledger(kind="charge") == []


def test_a_look_that_is_not_answered_is_no_news(shop: Shop) -> None:
    attempt = shop.charge()
    shop.world.fault("500_before", route="GET", count=1)
    with pytest.raises(ProviderUnavailable):
        shop.look(attempt)
    shop.world.fault("429", route="GET", count=1, retry_after=9)
    with pytest.raises(ProviderUnavailable) as limited:
        shop.look(attempt)
    assert limited.value.retry_seconds == 9


def test_what_the_library_knows_of_this_machine_does_not_leave(shop: Shop) -> None:
    shop.charge()
    sent = [each["headers"] for each in shop.world.requests() if each["route"].startswith("POST")]
    ours = [headers for headers in sent if headers["user-agent"] == "clearbeat"]
    assert ours and all(headers["stripe-version"] == "2026-10-28.endive" for headers in ours)
    assert not any(name.startswith("x-stripe") for headers in ours for name in headers)


def test_an_intent_that_was_decided_before_is_looked_up_and_not_given_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error without its intent says only that it can't be confirmed: it may be because it was."""
    attempt = shop.charge()
    error = {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}

    def refuse(*_: object, **__: object) -> None:
        raise Refused(400, error, "no", {})

    with monkeypatch.context() as patch:
        patch.setattr(Api, "ask", refuse)
        assert shop.send(attempt).outcome is Outcome.UNKNOWN
    assert shop.recover(attempt).outcome is Outcome.SUCCEEDED


def test_one_look_that_is_not_answered_keeps_no_other_from_being_seen(shop: Shop) -> None:
    attempts = [shop.charge() for _ in range(4)]
    asked = [replace(each.asked, attempt_id=each.payable.payment_id) for each in attempts]
    lost = attempts[0]
    shop.world.fault("500_before", route="GET", reference=lost.known.provider_ref)
    seen = shop.provider.lookup(asked)
    assert seen.keys() == {each.attempt_id for each in asked[1:]}
    assert {each.outcome for each in seen.values()} == {Outcome.SUCCEEDED}
