"""A stored method is charged: once, exactly, and refused in the classes that policy acts on; in both versions."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import requests

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Finding, Known, Outcome
from engine.providers.flutterwave.lookup import _of_rows
from engine.providers.flutterwave.v4 import charge as v4_charge
from tests.flutterwave.desk import ASKED, FRAUD, GOOD, POOR, REFUSED, Desk, asked_of, payable


def test_it_is_charged_once_under_our_reference(desk: Desk) -> None:
    sent = desk.pay(desk.charge())
    found = sent.found
    assert found and (found.outcome, found.gross_minor, found.currency) == (Outcome.SUCCEEDED, 30_050, "NGN")
    assert (found.network_fee_minor, found.network_currency, found.fee_minor) == (420, "NGN", None)
    (moved,) = desk.moved()
    assert (moved["reference"], moved["amount"]) == (sent.identity, 30_050)
    assert found.movement_id == found.provider_ref == moved["object"]
    (fee,) = desk.moved("fee")
    assert fee["amount"] == found.network_fee_minor
    assert found.detail["trace"]["status"] in (200, 201) and found.detail["api"] == desk.version
    looked = desk.look(sent)
    assert (looked.outcome, looked.gross_minor, looked.movement_id) == (
        Outcome.SUCCEEDED,
        30_050,
        found.movement_id,
    )


def test_what_is_sent_names_the_payment_and_no_credentials(desk: Desk) -> None:
    sent = desk.pay(desk.charge())
    kept = sent.prepared.envelope.decode()
    body = json.loads(json.loads(kept)["body"])
    assert body["meta"] == {"payment_id": sent.payable.payment_id.hex}
    assert sent.identity.startswith(sent.payable.payment_id.hex) and len(sent.identity) == 41
    assert "Bearer" not in kept and "simulator" not in kept and "eyJ" not in kept
    assert sent.prepared.data == {"api": desk.version}
    (asked,) = [row for row in desk.world.requests() if row["verb"] == "POST" and "charges" in row["route"]]
    assert json.loads(asked["body"]) == body
    assert asked["key"] == (sent.identity if desk.version == "v4" else "")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [(1, "NGN"), (30_050, "GHS"), (10, "USD"), (999_999_999_999_999, "NGN"), (1500, "XOF")],
)
def test_amounts_are_exact(desk: Desk, amount: int, currency: str) -> None:
    found = desk.pay(desk.charge(amount=amount, currency=currency)).found
    assert found and (found.outcome, found.gross_minor, found.currency) == (
        Outcome.SUCCEEDED,
        amount,
        currency,
    )
    assert [(row["amount"], row["currency"]) for row in desk.moved()] == [(amount, currency)]


@pytest.mark.parametrize(
    ("card", "kind", "code"),
    [(POOR, FailureClass.INSUFFICIENT_FUNDS, "insufficient_funds"),
     (REFUSED, FailureClass.SOFT_DECLINE, "do_not_honor"),
     (FRAUD, FailureClass.HARD_DECLINE, "transaction_flagged_as_fraudulent")],
)  # fmt: skip
def test_a_refused_card_is_declined_in_its_class(
    desk: Desk, card: str, kind: FailureClass, code: str
) -> None:
    sent = desk.pay(desk.charge(card))
    for found in (sent.found, desk.look(sent)):
        assert found and (found.outcome, found.failure_class, found.code) == (Outcome.DECLINED, kind, code)
        assert found.detail["processor_response"]
    assert desk.moved() == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Expired card", FailureClass.HARD_DECLINE), ("Stolen card, pick up", FailureClass.HARD_DECLINE),
     ("authentication_failed", FailureClass.PAYER_ACTION), ("issuer_unavailable", FailureClass.SOFT_DECLINE),
     ("something of tomorrow", FailureClass.SOFT_DECLINE)],
)  # fmt: skip
def test_each_word_of_a_bank_has_its_class(desk: Desk, said: str, kind: FailureClass) -> None:
    desk.world.decide(desk.mount, GOOD, outcome="failed", response=said)
    found = desk.pay(desk.charge()).found
    assert found and (found.outcome, found.failure_class) == (Outcome.DECLINED, kind)


def test_a_bank_that_asks_its_payer_first(desk: Desk) -> None:
    sent = desk.pay(desk.charge(ASKED))
    found = sent.found
    assert found and (found.outcome, found.code) == (Outcome.PENDING, "payer_action_needed")
    assert found.detail["action"]["type"] == "redirect" and desk.moved() == []
    again = desk.look(sent)
    waits = {"v4": "payer_action_needed", "v3": "processing"}[desk.version]  # v3 does not say for whom
    assert (again.outcome, again.code) == (Outcome.PENDING, waits)
    requests.post(found.detail["action"]["url"], {"do": "yes"}, timeout=5)
    assert desk.look(sent).outcome is Outcome.SUCCEEDED and len(desk.moved()) == 1


@pytest.mark.parametrize("status", ["requires_action", "processing"])
def test_what_the_bank_works_waits_for_no_payer(status: str) -> None:
    """Our own expiry goes by this word; what was asked before may still stand in the answer."""
    row = {
        "id": "chg_1",
        "status": status,
        "next_action": {"type": "redirect_url", "redirect_url": {"url": "https://b"}},
    }
    found = v4_charge.read(row, None, looked=True)  # type: ignore[arg-type]
    waits = found.code == "payer_action_needed"
    assert (found.outcome, waits) == (Outcome.PENDING, status == "requires_action")


def test_a_payer_who_says_no_to_their_bank(desk: Desk) -> None:
    sent = desk.pay(desk.charge(ASKED))
    assert sent.found
    requests.post(sent.found.detail["action"]["url"], {"do": "no"}, timeout=5)
    found = desk.look(sent)
    assert (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.PAYER_ACTION)


@pytest.mark.parametrize("then", ["good", "bad"])
def test_what_is_pending_ends_one_way_or_the_other(desk: Desk, then: str) -> None:
    words = {"v4": ("succeeded", "failed"), "v3": ("successful", "failed")}[desk.version]
    end = words[then == "bad"]
    desk.world.decide(desk.mount, GOOD, outcome="pending", then=end, seconds=60, asks=False)
    sent = desk.pay(desk.charge())
    assert sent.found and sent.found.outcome is Outcome.PENDING
    desk.world.advance(61)
    assert desk.look(sent).outcome is (Outcome.SUCCEEDED if then == "good" else Outcome.DECLINED)
    assert len(desk.moved()) == (then == "good")


def test_a_method_that_is_gone_is_no_fault_of_the_payer(desk: Desk) -> None:
    gone = {
        "customer_id": "cus_gone",
        "payment_method_id": "pmd_gone",
        "token": "flw-gone",
        "email": "a@example.com",
    }
    found = desk.pay(payable("charge", 500, gone)).found
    assert found and (found.outcome, found.failure_class) == (Outcome.DECLINED, FailureClass.TECHNICAL)
    assert found.code == "object_unknown"


@pytest.mark.parametrize(
    ("differs", "code"), [({"currency": "IDR"}, "currency_unsupported"), ({}, "method_unusable")]
)
def test_what_can_not_be_sent_is_refused_before_it_is(desk: Desk, differs: dict[str, Any], code: str) -> None:
    one = payable("charge", 500, {"source": "x"}, **differs)
    with pytest.raises(Refusal) as refused:
        desk.prepare(one)
    assert refused.value.code == code
    assert [row for row in desk.world.requests() if "charges" in row["route"]] == []


def test_a_new_attempt_has_another_reference(desk: Desk) -> None:
    one = desk.charge()
    assert desk.prepare(one).identity != desk.prepare(one).identity


def test_one_version_never_sends_nor_looks_up_what_the_other_made(as_version: Any) -> None:
    made = as_version("v3")
    sent = made.pay(made.charge())
    now = as_version("v4")
    found: Finding = now.look(sent)
    assert (found.outcome, found.code, found.detail["park"]) == (Outcome.UNKNOWN, "other_api_version", True)
    again = now.send(sent)
    assert (again.outcome, again.code) == (Outcome.NOT_LEFT, "other_api_version")
    assert len(now.moved()) == 1


def test_several_payments_under_one_reference_are_one_movement_of_all(v4: Desk) -> None:
    """The sum is another amount than was asked: it is booked to suspense, once (I5)."""
    sent = v4.prepare(v4.charge())

    def seen(*ids: str, booked: str = "") -> Finding:
        row = {
            "reference": sent.identity,
            "status": "succeeded",
            "amount": Decimal("300.5"),
            "currency": "NGN",
        }
        rows = [{**row, "id": each, "fees": [{"amount": Decimal("4.2")}]} for each in ids]
        known = Known(movements=(booked,) if booked else ())
        return _of_rows(v4.provider._dialect, replace(asked_of(sent), known=known), rows, one=False)

    found = seen("chg_2", "chg_1")
    assert (found.outcome, found.gross_minor, found.movement_id) == (Outcome.SUCCEEDED, 60_100, "chg_1+chg_2")
    assert found.network_fee_minor == 840
    assert seen("chg_1", "chg_2", booked="chg_1+chg_2").movement_id == "chg_1+chg_2"
    assert (
        seen("chg_1", booked="chg_1+chg_2").outcome is Outcome.UNKNOWN
    )  # alone it would be booked once more
    assert seen("chg_1", "chg_2", booked="chg_1").movement_id == "chg_2"


def test_another_payment_under_the_reference_is_seen_by_the_id_that_a_callback_names(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked up by the id that is known, it never would be; what names nothing of it is looked past."""
    sent = desk.pay(desk.charge())
    second, stranger = desk.pay(desk.charge()), desk.pay(desk.charge())
    booked = sent.refs[-1]
    operation = desk.provider._dialect.operations["charge"]
    real = operation.is_mine
    mine = (sent.identity, second.identity)
    monkeypatch.setattr(
        operation,
        "is_mine",
        lambda row, asked: any(real(row, replace(asked, identity=each)) for each in mine),
    )
    known = Known(booked, movements=(booked,))
    refs = ("", second.refs[-1], stranger.refs[-1])
    told = [replace(asked_of(sent), known=known, told_ref=each) for each in refs]
    found = desk.provider.lookup(told)
    assert [found[each.attempt_id].movement_id for each in told] == [booked, second.refs[-1], booked]
