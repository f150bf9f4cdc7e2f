"""Callbacks: signed by a key of ours over the raw bytes, and hints alone."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from engine.core.errors import Refusal
from engine.providers.paystack import webhook
from engine.providers.paystack.provider import Paystack
from tests.gateways.conftest import listening
from tests.gateways.receiver import Receiver
from tests.gateways.vectors import vector
from tests.paystack.desk import Desk

KEY = "sk_test_simulator"
NAME = "0192f0c1a2b37c4d8e5f60718293a4b5-0a1b2c3d"


@pytest.fixture
def hooks(world) -> Iterator[Receiver]:
    yield from listening(world, "paystack")


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    """The header that Paystack would send."""
    return {"X-Paystack-Signature": hmac.new(key.encode(), body, hashlib.sha512).hexdigest()}


def event(kind: str, **data: Any) -> bytes:
    return json.dumps({"event": kind, "data": {"domain": "test", **data}}).encode()


def parse(provider: Paystack, body: bytes, headers: dict[str, str] | None = None) -> Any:
    (hint,) = provider.parse_webhook(body, signed(body) if headers is None else headers)
    return hint


@pytest.mark.parametrize("name", ["paystack-transfer-success", "paystack-charge-unicode-spaces"])
def test_the_signature_is_the_published_one(name: str) -> None:
    known = vector(name)
    body, given = known["body"].encode(), known["header"].partition(": ")[2]
    assert webhook.is_signed(body, given, [known["secret"]])
    assert webhook.is_signed(body, given, ["sk_test_new", known["secret"]])
    assert not webhook.is_signed(body, given, ["sk_test_new"])
    assert not webhook.is_signed(json.dumps(json.loads(body)).encode() + b" ", given, [known["secret"]])


def test_what_the_simulator_sends_is_understood(desk: Desk, hooks: Receiver) -> None:
    one, found = desk.paid()
    (taken,) = hooks.wait(1)
    hint = parse(desk.provider, taken.body, taken.headers)
    assert (hint.kind, hint.identity, hint.provider_ref) == (
        "charge.success",
        one.identity,
        found.provider_ref,
    )
    assert hint.live is False and hint.event_id == hashlib.sha256(taken.body).hexdigest()


def test_a_refund_and_a_transfer_and_a_dispute_name_what_to_look_up(desk: Desk, hooks: Receiver) -> None:
    desk.world.give("paystack:platform:available", "NGN", 100_000)
    charge, paid = desk.paid()
    desk.send(desk.refund(charge, paid, 1_000))
    payout = desk.payout()
    sent = desk.send(payout)
    desk.world.advance(61)
    dispute = desk.world.do("paystack", "dispute", reference=charge.identity)
    hints = [parse(desk.provider, each.body, each.headers) for each in hooks.wait(5)]
    by_kind = {each.kind: each for each in hints}
    told = by_kind["refund.processed"]
    assert (told.identity, told.provider_ref) == (charge.identity, "")  # all that Paystack says of a refund
    assert (told.says, by_kind["refund.pending"].says) == ("succeeded", None)
    assert by_kind["transfer.success"].identity == payout.identity
    assert by_kind["transfer.success"].provider_ref == sent.provider_ref
    assert by_kind["charge.dispute.create"].dispute_ref == str(dispute["id"])
    assert by_kind["charge.dispute.create"].identity == ""


@pytest.mark.parametrize("fault", ["hook_wrong_signature", "hook_reserialised"])
def test_a_forged_callback_is_refused(desk: Desk, hooks: Receiver, fault: str) -> None:
    desk.world.fault(fault)
    desk.paid()
    (taken,) = hooks.wait(1)
    with pytest.raises(Refusal) as refused:
        desk.provider.parse_webhook(taken.body, taken.headers)
    assert refused.value.code == "signature_wrong"


def test_a_replayed_callback_is_the_same_event(desk: Desk, hooks: Receiver) -> None:
    """Nothing of a moment is signed: what tells a replay is that it is the same event."""
    desk.world.fault("hook_duplicate", times=2)
    desk.paid()
    hints = [parse(desk.provider, each.body, each.headers) for each in hooks.wait(3)]
    assert len({each.event_id for each in hints}) == 1


def test_the_other_mode_is_told(desk: Desk, hooks: Receiver) -> None:
    desk.world.fault("hook_other_mode")
    desk.paid()
    assert {parse(desk.provider, each.body, each.headers).live for each in hooks.wait(2)} == {True, False}


def test_an_old_and_a_new_key_are_good_at_once(env: None, change: Any) -> None:
    body = event("charge.success", reference=NAME, id=5)
    change(paystack_webhook_keys=[SecretStr("sk_test_new"), SecretStr("sk_test_old")])
    provider = Paystack()
    for key in ("sk_test_new", "sk_test_old"):
        assert parse(provider, body, signed(body, key)).identity == NAME
    with pytest.raises(Refusal):
        provider.parse_webhook(body, signed(body, KEY))


@pytest.mark.parametrize("headers", [{}, {"x-paystack-signature": ""}, {"x-paystack-signature": "ü" * 128}])
def test_a_callback_without_a_signature_is_refused(provider: Paystack, headers: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        provider.parse_webhook(event("charge.success"), headers)
    assert refused.value.code == "signature_wrong"


def test_a_signature_may_be_in_capitals(provider: Paystack) -> None:
    body = event("charge.success", reference=NAME)
    upper = {name: value.upper() for name, value in signed(body).items()}
    assert parse(provider, body, upper).identity == NAME


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b"null", b'{"event": 5}', b'{"data": {}}', b"[" * 50_000]
)
def test_what_is_signed_and_no_event_is_unreadable(provider: Paystack, body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        provider.parse_webhook(body, signed(body))
    assert refused.value.code == "callback_unreadable"


@pytest.mark.parametrize(
    "body",
    [event("subscription.create", id=5), event("invoice.update"), event("charge.success", reference="INV-7"),
     event("charge.success", reference=["x"]), event("charge.success", reference=None, id={}),
     b'{"event": "charge.success"}', b'{"event": "charge.success", "data": []}'],
)  # fmt: skip
def test_what_is_not_ours_is_kept_and_names_nothing(provider: Paystack, body: bytes) -> None:
    hint = parse(provider, body)
    assert (hint.identity, hint.provider_ref, hint.dispute_ref, hint.setup_ref) == ("", "", "", "")


@pytest.mark.parametrize(
    ("domain", "live"), [("live", True), ("test", False), ("", None), (None, None), ([], None)]
)
def test_the_mode_is_what_the_object_says(provider: Paystack, domain: Any, live: bool | None) -> None:
    assert parse(provider, event("charge.success", reference=NAME, domain=domain)).live is live
