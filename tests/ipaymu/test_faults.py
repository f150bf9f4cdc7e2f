"""What goes wrong on the way: nothing is taken for a failure, and no second link is ever made."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.providers.base import FailureClass, Outcome, ProviderUnavailable
from engine.providers.edge.http import Answer
from engine.providers.ipaymu import client
from tests.ipaymu.shop import AMOUNT, NAME, Shop

UNKNOWN, NOT_LEFT, DECLINED = Outcome.UNKNOWN, Outcome.NOT_LEFT, Outcome.DECLINED
DONE = [("timeout_after_success", "timeout"), ("reset_after_success", "broken"), ("500_after_success", "server_error"),
        ("drip", "timeout"), ("malformed_json", "answer_unreadable"), ("truncated", "broken")]  # fmt: skip
NOTHING = [("timeout_before", UNKNOWN, "timeout"), ("500_before", UNKNOWN, "server_error"),
           ("html_502", UNKNOWN, "server_error"), ("429", NOT_LEFT, "rate_limited"),
           ("auth_revoked", NOT_LEFT, "credentials_refused")]  # fmt: skip


@pytest.mark.parametrize("channel", ["", "va:bni"])
@pytest.mark.parametrize(("kind", "code"), DONE)
def test_a_lost_reply_is_unknown_and_what_it_made_is_found(
    shop: Shop, hasty, kind: str, code: str, channel: str
) -> None:
    shop.world.fault(kind, provider=NAME, count=1)
    made = shop.make(channel=channel)
    assert (made.finding.outcome, made.finding.code, made.known.provider_ref) == (UNKNOWN, code, "")
    found = shop.look_at(made)
    assert (found.outcome, found.code) == (Outcome.PENDING, "payer_action_needed")
    assert found.detail["action"]["type"] == (
        "number" if channel else "none"
    )  # an address is in no other answer
    shop.end(made.number)
    paid = shop.look_at(made)
    assert (paid.outcome, paid.gross_minor) == (Outcome.SUCCEEDED, AMOUNT)
    assert len(shop.creations()) == 1 and shop.collected() == [(made.sendable.identity, AMOUNT)]


@pytest.mark.parametrize(("kind", "outcome", "code"), NOTHING)
def test_what_was_not_done_is_not_found_and_proves_nothing(
    shop: Shop, hasty, kind: str, outcome: Outcome, code: str
) -> None:
    shop.world.fault(kind, provider=NAME, count=1, route="payment", retry_after=7)
    made = shop.make()
    assert (made.finding.outcome, made.finding.code) == (outcome, code)
    assert made.finding.retry_seconds == (7 if kind == "429" else None)
    assert made.finding.detail["trace"]["request_digest"]
    if outcome is UNKNOWN:
        assert shop.look_at(made).outcome is Outcome.MISSING


def test_nobody_there_is_a_send_that_did_not_leave(shop: Shop, account) -> None:
    account(ipaymu_url="http://127.0.0.1:9")
    away = Shop(shop.world, type(shop.provider)())
    made = away.make()
    assert (made.finding.outcome, made.finding.failure_class) == (NOT_LEFT, FailureClass.TECHNICAL)
    with pytest.raises(ProviderUnavailable):
        away.look(made)


def test_what_ipaymu_refuses_for_its_form_is_our_fault(shop: Shop) -> None:
    made = shop.make(channel="va:none")
    assert (made.finding.outcome, made.finding.failure_class, made.finding.code) == (
        DECLINED, FailureClass.TECHNICAL, "request_invalid",
    )  # fmt: skip
    assert "paymentChannel" in made.finding.message


GOOD = {"Status": 200, "Success": True, "Message": "success", "Data": {}}
ENVELOPES: list[tuple[int, Any, str | None]] = [
    (200, GOOD, None),
    (200, {**GOOD, "Success": False}, "answer_unreadable"),
    (200, {"Status": 200}, "answer_unreadable"),
    (200, {**GOOD, "Status": "200"}, "answer_unreadable"),
    (200, [], "answer_unreadable"),
    (200, b"", "answer_unreadable"),
    (302, b"", "answer_unreadable"),
    (400, b"<html>", "answer_unreadable"),
    (400, {"Status": 200, "Data": {}}, "answer_unreadable"),
    (409, {"Status": 409, "Message": "?"}, "answer_unreadable"),
    (200, {"Status": 400, "Message": "error - invalid request"}, "request_invalid"),
    (422, {"Status": 422, "Message": "?"}, "request_invalid"),
    (400, {"Status": 400, "Message": "Invalid va"}, "credentials_refused"),
    (400, {"Status": 400, "Message": "Invalid IP"}, "credentials_refused"),
    (400, {"Status": 400, "Message": "Invalid Domain"}, "credentials_refused"),
    (401, {"Status": 401, "Message": "unauthorized"}, "credentials_refused"),
    (403, b"<html>", "credentials_refused"),
    (200, {"Status": 401, "Message": "unauthorized"}, "credentials_refused"),
    (404, {"Status": 404, "Message": "transaction not found"}, "not_found"),
    (200, {"Status": 500, "Message": "error"}, "server_error"),
    (503, b"", "server_error"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "trouble"), ENVELOPES)
def test_each_answer_is_read_by_one_table(
    shop: Shop, monkeypatch, status: int, body: Any, trouble: str | None
) -> None:
    """A refusal counts as one where the envelope says so too; whatever else is odd is unknown to a send."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    monkeypatch.setattr(client, "exchange", lambda call: Answer(status, {}, sent, "", "", "", 0.0))
    reply = client.post(shop.provider._account, "/payment", b"{}", operation="charge")
    assert reply.trouble == trouble
    if trouble:
        expected = {"credentials_refused": NOT_LEFT, "request_invalid": DECLINED, "not_found": DECLINED}
        assert client.of_trouble(reply).outcome is expected.get(trouble, UNKNOWN)
    monkeypatch.setattr(
        client, "exchange", lambda call: Answer(200, {}, json.dumps(GOOD).encode(), "", "", "", 0.0)
    )
    odd = shop.make()
    assert (odd.finding.outcome, odd.finding.code) == (UNKNOWN, "answer_differs")


def test_a_key_that_ipaymu_says_back_is_shown_to_nobody(shop: Shop, monkeypatch) -> None:
    said = {"Status": 400, "Message": f"bad key {shop.provider._account.key}"}
    monkeypatch.setattr(
        client, "exchange", lambda call: Answer(400, {}, json.dumps(said).encode(), "", "", "", 0.0)
    )
    assert shop.provider._account.key not in repr(shop.make().finding)


def test_a_link_for_another_amount_is_looked_up_and_not_believed(shop: Shop) -> None:
    shop.world.fault("wrong_amount", provider=NAME, count=1)
    made = shop.make(channel="va:bni")
    assert (made.finding.outcome, made.finding.code) == (UNKNOWN, "answer_differs")
    assert shop.look_at(made).outcome is Outcome.PENDING


@pytest.mark.parametrize("kind", ["500_before", "auth_revoked", "429", "html_502", "reset_after_success"])
def test_a_look_that_learns_nothing_says_so(shop: Shop, kind: str) -> None:
    made = shop.make(channel="va:bni")
    shop.world.fault(kind, provider=NAME)
    with pytest.raises(ProviderUnavailable):
        shop.look(made)


def test_what_was_learned_before_the_silence_is_kept(shop: Shop) -> None:
    first, second = shop.make(channel="va:bni"), shop.make(channel="va:bni")
    shop.world.fault("500_before", provider=NAME, nth=2)
    found, left_out = shop.look(first, second)
    assert found is not None and left_out is None
