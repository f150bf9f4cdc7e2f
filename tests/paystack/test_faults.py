"""Each family of faults (numbers of the gateways' paper, section 9): what was learned, and that money moved once."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from engine.providers.base import Outcome, ProviderUnavailable
from engine.providers.paystack.provider import Paystack
from tests.paystack.desk import Desk

CHARGE, VERIFY = "POST /transaction/charge_authorization", "GET /transaction/verify"

# kind, what the switch needs beside it, the code of the finding, whether the work was done
LOST = [
    ("timeout_before", {}, "timeout", False),
    ("timeout_after_success", {}, "timeout", True),
    ("reset_after_success", {}, "broken", True),
    ("500_before", {}, "answer_unclear", False),
    ("500_before", {"status": 503}, "answer_unclear", False),
    ("500_after_success", {}, "answer_unclear", True),
    ("drip", {"delay_ms": 20}, "timeout", True),
    ("malformed_json", {}, "answer_unclear", True),
    ("truncated", {}, "broken", True),
    ("html_502", {"when": "after"}, "answer_unclear", True),
    ("html_502", {}, "answer_unclear", False),
    ("unknown_status", {"text": "contemplating"}, "status_unknown", True),
    ("duplicate_key_conflict", {}, "answer_unclear", False),
    ("outage", {"period": 60}, "broken", False),
]


@pytest.mark.parametrize(("kind", "more", "code", "done"), LOST)
def test_no_answer_is_unknown_and_is_found_or_sent_again_under_its_own_name(
    desk: Desk, hasty: None, kind: str, more: dict[str, Any], code: str, done: bool
) -> None:
    one = desk.charge()
    desk.world.fault(kind, route=CHARGE, **{"count": 1, **more})
    found = desk.send(one)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, code), found
    assert len(desk.moved()) == done
    seen = desk.look(one, found)
    if done:
        assert seen.outcome is Outcome.SUCCEEDED
    else:
        assert seen.outcome is Outcome.MISSING, "not there is no proof: the same reference goes out again"
        desk.world.clear_faults()
        assert desk.send(one).outcome is Outcome.SUCCEEDED
    assert desk.moved() == [10_000], "one payment, one movement"


def test_what_is_too_slow_is_unknown_and_done_all_the_same(desk: Desk, hasty: None) -> None:
    one = desk.charge()
    desk.world.fault("slow", route=CHARGE, count=1, delay_ms=900)
    assert desk.send(one).outcome is Outcome.UNKNOWN
    again = desk.send(one)
    while again.outcome is not Outcome.SUCCEEDED:
        again = desk.send(one)
    assert desk.moved() == [10_000]


@pytest.mark.parametrize("seconds", [0, 7])
def test_a_limit_says_that_nothing_was_begun(desk: Desk, seconds: int) -> None:
    desk.world.fault("429", route=CHARGE, count=1, retry_after=seconds)
    found = desk.send(desk.charge())
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "rate_limited")
    assert found.retry_seconds == (seconds or None) and found.detail["trace"]["status"] == 429
    assert desk.moved() == []


def test_credentials_that_are_refused_begin_nothing(desk: Desk) -> None:
    desk.world.fault("auth_revoked", count=1)
    found = desk.send(desk.charge())
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "credentials_refused")
    assert "PAYSTACK_SECRET_KEY" in found.message and desk.moved() == []


def test_where_nobody_listens_nothing_left(desk: Desk, change: Any) -> None:
    one = desk.charge()
    change(paystack_url="http://127.0.0.1:9")
    found = Paystack().submit(one)
    assert (found.outcome, found.code) == (Outcome.NOT_LEFT, "unreachable")
    with pytest.raises(ProviderUnavailable):
        Paystack().lookup([desk.asked(one)])


@pytest.mark.parametrize(
    "kind", ["500_before", "429", "auth_revoked", "malformed_json", "html_502", "outage"]
)
def test_a_look_up_that_fails_learns_nothing(desk: Desk, kind: str) -> None:
    one, _ = desk.paid()
    desk.world.fault(kind, route=VERIFY, period=60, retry_after=7)
    with pytest.raises(ProviderUnavailable) as silent:
        desk.look(one)
    assert silent.value.retry_seconds == (7 if kind == "429" else None)
    assert ("PAYSTACK_SECRET_KEY" in silent.value.message) == (kind == "auth_revoked")


def test_a_batch_keeps_what_was_learned(desk: Desk) -> None:
    paid = [desk.paid()[0] for _ in range(5)]
    desk.world.fault("500_before", route=VERIFY, reference=paid[2].identity)
    found = desk.provider.lookup([desk.asked(one) for one in paid])
    assert set(found) == {one.attempt_id for place, one in enumerate(paid) if place != 2}
    assert {each.outcome for each in found.values()} == {Outcome.SUCCEEDED}


@pytest.mark.parametrize(
    ("kind", "more", "got"),
    [
        ("wrong_amount", {"amount": 100}, (10_100, "NGN")),
        ("wrong_currency", {"text": "GHS"}, (10_000, "GHS")),
    ],
)
def test_another_amount_or_currency_is_told_as_it_came(
    desk: Desk, kind: str, more: dict[str, Any], got: tuple[int, str]
) -> None:
    """The engine books what arrived to suspense and asks a person; the adapter hides nothing of it."""
    desk.world.fault(kind, route=VERIFY, count=1, **more)
    found = desk.send(desk.charge())
    assert found.outcome is Outcome.SUCCEEDED and (found.gross_minor, found.currency) == got


def test_a_status_that_no_paper_names_is_unknown_in_a_look_up_too(desk: Desk) -> None:
    one, _ = desk.paid()
    desk.world.fault("unknown_status", route=VERIFY, text="contemplating", count=1)
    found = desk.look(one)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "status_unknown") and "park" not in found.detail


@pytest.mark.parametrize("kind", ["lookup_404_for", "stale_lookup"])
def test_a_look_up_that_lags_is_missing_until_it_is_seen(desk: Desk, kind: str) -> None:
    one, _ = desk.paid()
    desk.world.advance(1)
    desk.world.fault(kind, route=VERIFY, seconds=60)
    assert desk.look(one).outcome is Outcome.MISSING
    desk.world.advance(61)
    assert desk.look(one).outcome is Outcome.SUCCEEDED


def test_an_outage_of_hours_costs_no_payment(desk: Desk) -> None:
    one = desk.charge()
    desk.world.outage(5 * 3600, "paystack", "503")
    assert desk.send(one).outcome is Outcome.UNKNOWN
    desk.world.advance(5 * 3600 + 1)
    assert desk.look(one).outcome is Outcome.MISSING
    assert desk.send(one).outcome is Outcome.SUCCEEDED and desk.moved() == [10_000]


def test_an_answer_of_the_other_mode_is_a_persons_business(desk: Desk) -> None:
    desk.world.configure("paystack", livemode=True)
    one = desk.charge()
    found = desk.send(one)
    assert (found.outcome, found.code, found.detail["park"]) == (Outcome.UNKNOWN, "wrong_mode", True)
    assert desk.look(one).code == "wrong_mode"


def test_a_key_never_stands_in_what_is_kept(desk: Desk, change: Any) -> None:
    one = desk.charge()
    change(paystack_secret_key=SecretStr("sk_test_another_one"))
    found = Paystack().submit(one)
    assert "sk_test_another_one" not in repr(found) and found.outcome is Outcome.NOT_LEFT
    assert "sk_test_another_one" not in repr(Paystack().client.account)
