"""A charge is a link or a code that the payer pays: made once, with an end, under a reference of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import requests

from engine.core import clock
from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers.base import FailureClass, Hold, HoldKind, Outcome
from engine.providers.ipaymu import client
from engine.providers.ipaymu.provider import Ipaymu
from tests.gateways.vectors import vector
from tests.ipaymu.shop import AMOUNT, FEE, KEY, Shop


def test_a_link_is_a_pending_send_that_the_payer_ends(shop: Shop) -> None:
    made = shop.make(return_url="https://shop.example/back")
    action = made.finding.detail["action"]
    assert (made.finding.outcome, made.finding.code) == (Outcome.PENDING, "payer_action_needed")
    assert action["type"] == "redirect" and "Pay with iPaymu" in requests.get(action["url"], timeout=5).text
    assert shop.look_at(made).outcome is Outcome.PENDING and shop.collected() == []
    back = requests.post(action["url"], {"do": "pay"}, timeout=5, allow_redirects=False).headers["location"]
    assert back.startswith("https://shop.example/back?")
    paid = shop.look_at(made)
    assert (paid.outcome, paid.code, paid.gross_minor, paid.currency) == (
        Outcome.SUCCEEDED,
        "paid",
        AMOUNT,
        "IDR",
    )
    assert (paid.network_fee_minor, paid.network_currency, paid.fee_minor) == (FEE, "IDR", None)
    assert paid.movement_id == paid.provider_ref == str(made.number)
    assert shop.collected() == [(made.sendable.identity, AMOUNT)]
    assert shop.world.balances()["ipaymu:platform:available"] == {"IDR": AMOUNT - FEE}


def test_a_link_that_lapsed_is_over_and_a_fresh_one_may_follow(shop: Shop) -> None:
    made = shop.make()
    requests.post(made.finding.detail["action"]["url"], {"do": "expire"}, timeout=5, allow_redirects=False)
    found = shop.look_when_over(made)
    assert (found.outcome, found.failure_class, found.code) == (
        Outcome.DECLINED, FailureClass.PAYER_ACTION, "link_expired",
    )  # fmt: skip


@pytest.mark.parametrize(("channel", "kind", "hours"), [("va:bni", "number", 12), ("va:bca", "number", 12),
                         ("va:bri", "number", 2), ("va:bsi", "number", 3), ("cstore:alfamart", "number", 24),
                         ("qris:mpm", "qr", 5 / 60), ("ewallet:dana", "number", 12)])  # fmt: skip
def test_a_code_ends_as_its_channel_does(shop: Shop, channel: str, kind: str, hours: float) -> None:
    made = shop.make(channel=channel)
    action = made.finding.detail["action"]
    assert (made.finding.outcome, action["type"], action["channel"]) == (Outcome.PENDING, kind, channel)
    assert action[kind] and made.finding.provider_ref
    for ends in (action["expires_at"], made.sendable.data["expires_at"]):
        lives = datetime.fromisoformat(ends) - clock.machine_now()
        assert abs(lives - timedelta(hours=hours)) < timedelta(minutes=1)
    assert "action" not in shop.look_at(made).detail  # the first one stands
    shop.world.advance(hours * 3600 + 1)
    assert shop.look_at(made).code == "link_expired"


def test_each_attempt_has_a_reference_of_its_own(shop: Shop) -> None:
    payment = uuid7()
    first, second = (shop.prepared(shop.payable(payment_id=payment)) for _ in range(2))
    assert first.identity != second.identity
    for one in (first, second):
        assert one.identity.startswith(f"{payment.hex}-") and len(one.identity) == 41
        assert json.loads(one.envelope)["referenceId"] == one.identity


def test_what_is_sent_names_the_payer_and_no_credentials(shop: Shop) -> None:
    page, code = (shop.prepared(shop.payable(channel=channel)) for channel in ("", "va:bni"))
    body = json.loads(page.envelope)
    assert (body["price"], body["qty"], body["feeDirection"], body["buyerName"]) == (
        [AMOUNT],
        [1],
        "MERCHANT",
        "Putu / Bùdi",
    )
    assert body["notifyUrl"].endswith("/api/webhooks/ipaymu") and body["expired"] == 12
    assert json.loads(code.envelope)["amount"] == AMOUNT
    for one in (page, code):
        assert KEY.encode() not in one.envelope
        assert set(one.data) == {"call", "asked_at", "expires_at"}


@pytest.mark.parametrize(("change", "param"), [({"name": ""}, "name"), ({"email": "none"}, "email"),
                         ({"phone": 5}, "phone"), ({"channel": "bni"}, "channel"), ({"channel": "cod:rpx"}, "channel"),
                         ({"channel": "va:bni", "phone": ""}, "phone"), ({"currency": "USD"}, "currency"),
                         ({"name": "x" * 101}, "name")])  # fmt: skip
def test_what_can_not_be_asked_for_is_refused_by_field(shop: Shop, change: dict, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        shop.prepared(shop.payable(**change))
    assert refused.value.param == param


def test_who_finds_no_room_waits_and_nothing_is_sent(shop: Shop, account) -> None:
    account(ipaymu_calls_per_second=1.0)
    provider = Ipaymu()
    wanted = [shop.payable() for _ in range(6)]
    answers = provider.prepare(wanted, provider.context(wanted))
    held = [one for one in answers if isinstance(one, Hold)]
    assert [one.payment_id for one in answers] == [one.payment_id for one in wanted]
    assert len(held) == 2 and {(one.kind, one.code) for one in held} == {(HoldKind.PROVIDER, "rate_limited")}
    assert shop.creations() == []


def test_a_request_is_signed_over_the_bytes_that_leave(shop: Shop) -> None:
    known = vector("ipaymu-request")
    theirs = replace(shop.provider._account, va="1179000899", key=known["secret"])
    assert known["header"] == f"signature: {client.signature(theirs, known['body'].encode())}"
    assert KEY not in repr(shop.provider._account)
    assert "ù".encode() in shop.prepared(shop.payable()).envelope  # sent as it was signed, and taken:
    assert shop.make().finding.outcome is Outcome.PENDING
