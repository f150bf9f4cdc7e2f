"""Callbacks: whose they are, how old, and what they are about."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import stripe
from django.conf import settings
from pydantic import SecretStr

from engine.core.errors import Refusal
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.abilities import Hint, Payer
from engine.providers.base import Outcome
from engine.providers.stripe import webhook
from tests.gateways.conftest import listening
from tests.gateways.receiver import Receiver
from tests.gateways.vectors import vector
from tests.stripe.shop import SECRET, Shop

BODY = b'{"id":"evt_1","object":"event","type":"balance.available","livemode":false,"data":{"object":{}}}'


@pytest.fixture
def receiver(shop: Shop) -> Iterator[Receiver]:
    """Where the simulator's callbacks go."""
    yield from listening(shop.world, "stripe")


def signed(body: bytes = BODY, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    stamp = int(time.time() if at is None else at)
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, stamp)
    return {"Stripe-Signature": made}


def refused(body: bytes, headers: dict[str, str], secrets: tuple[str, ...] = (SECRET,)) -> str:
    with pytest.raises(Refusal) as raised:
        webhook.hints(secrets, body, headers)
    return raised.value.code


def test_a_signature_that_was_made_elsewhere_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    known = vector("stripe-payout-paid")
    name, _, value = known["header"].partition(": ")
    monkeypatch.setattr(webhook.time, "time", lambda: 1_700_000_100.0)
    found = webhook.hints((known["secret"],), known["body"].encode(), {name: value})
    assert found == [Hint("evt_1", "payout.paid", provider_ref="po_1", live=False, says=Outcome.SUCCEEDED)]
    assert refused(known["body"].encode() + b" ", {name: value}, (known["secret"],)) == "signature_wrong"


def test_the_header_is_found_however_it_is_written() -> None:
    ((_, value),) = signed().items()
    assert webhook.hints((SECRET,), BODY, {"STRIPE-SIGNATURE": value})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "nonsense"},
        {"Stripe-Signature": "t=,v1="},
        {"Stripe-Signature": "t=now,v1=00"},
        {"Stripe-Signature": f"t={int(time.time())},v0=00"},
        {"Stripe-Signature": f"t={int(time.time())},v1=é"},
        signed(secret="whsec_other"),
        signed(BODY.replace(b"evt_1", b"evt_2")),
    ],
    ids=[
        "none",
        "empty",
        "no pairs",
        "no values",
        "no time",
        "another scheme",
        "no ASCII",
        "another secret",
        "another body",
    ],
)
def test_a_forged_callback_is_refused(headers: dict[str, str]) -> None:
    assert refused(BODY, headers) == "signature_wrong"


def test_without_a_secret_nothing_is_genuine() -> None:
    assert refused(BODY, signed(), ()) == "signature_wrong"
    assert refused(BODY, signed(secret=" "), (" ",)) == "signature_wrong"


@pytest.mark.parametrize("seconds", [-301, -86_400, 302, 86_400])
def test_a_callback_of_another_time_is_refused(seconds: int) -> None:
    assert refused(BODY, signed(at=time.time() + seconds)) == "callback_too_old"


@pytest.mark.parametrize("seconds", [-290, 290])
def test_clocks_may_differ_by_minutes(seconds: int) -> None:
    assert webhook.hints((SECRET,), BODY, signed(at=time.time() + seconds))


def test_two_secrets_hold_while_they_are_changed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [SecretStr("whsec_new"), SecretStr(SECRET)]
    monkeypatch.setattr(settings.ENV, "stripe_webhook_secrets", both)
    registry.get.cache_clear()
    provider = registry.get("stripe")
    for secret in ("whsec_new", SECRET):
        assert provider.parse_webhook(BODY, signed(secret=secret))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"no", b'{"object":"event"}', b"[" * 100_000])
def test_what_is_signed_and_no_event_is_unreadable(body: bytes) -> None:
    assert refused(body, signed(body)) == "callback_unreadable"


def test_bytes_that_are_no_text_are_unreadable() -> None:
    assert refused(b"\xff\xfe", signed()) == "callback_unreadable"


def event(kind: str, found: dict[str, Any], **more: Any) -> Hint:
    made = {"id": "evt_9", "object": "event", "type": kind, "livemode": True, "data": {"object": found}}
    body = json.dumps(made | more).encode()
    (hint,) = webhook.hints((SECRET,), body, signed(body))
    return hint


@pytest.mark.parametrize("kind", ["payment_intent", "refund", "transfer", "payout"])
def test_an_object_of_ours_names_its_attempt(kind: str) -> None:
    found = {"object": kind, "id": "x_1", "metadata": {"identity": "abc-1", "payment_id": "abc"}}
    hint = event(f"{kind}.updated", found)
    assert hint == Hint("evt_9", f"{kind}.updated", identity="abc-1", provider_ref="x_1", live=True)


def test_a_charge_a_dispute_and_a_setup_name_what_they_are_of() -> None:
    assert (
        event("charge.refunded", {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"}).provider_ref
        == "pi_1"
    )
    assert event("charge.dispute.created", {"object": "dispute", "id": "dp_1"}).dispute_ref == "dp_1"
    setup = {"object": "setup_intent", "id": "seti_1", "metadata": {"reference": "set-1"}}
    assert event("setup_intent.succeeded", setup).setup_ref == "set-1"


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("account.updated", {"object": "account", "id": "acct_1"}),
        ("a.word.of.tomorrow", {"object": "novelty", "id": "n_1"}),
        ("payment_intent.succeeded", {"object": ["payment_intent"]}),
        ("payment_intent.succeeded", {}),
    ],
)
def test_what_is_not_known_is_a_hint_that_names_nothing(kind: str, found: dict[str, Any]) -> None:
    assert replace(event(kind, found, livemode="yes"), says=None) == Hint("evt_9", kind)


@pytest.mark.parametrize(
    ("kind", "says"),
    [("payment_intent.succeeded", "succeeded"), ("refund.failed", "reversed"), ("refund.updated", None)],
)
def test_what_tells_of_an_end_says_which(kind: str, says: str | None) -> None:
    assert event(kind, {"object": kind.partition(".")[0], "id": "x_1"}).says == says


def test_whatever_happens_is_told_of_by_name(shop: Shop, receiver: Receiver) -> None:
    """One of each, through the simulator: what its callbacks are about is found among what was done."""
    asked = shop.provider.ask_setup(
        payer=Payer(uuid7(), "Ada", ""), currency="USD", return_url="", reference="set-1", options={}
    )
    requests.post(
        f"{shop.world.url}/stripe/pay/{asked.client_secret}",
        data={"do": "card", "card": "pm_card_visa"},
        timeout=5,
    )
    charged = shop.charge()
    given = shop.prepare("refund", 500, charge={"provider_ref": charged.known.provider_ref})
    account = shop.account(holds=5000)
    shop.world.give("stripe:platform:available", "usd", 5000)
    moved = shop.prepare("payout", 100, payee={"account": account})
    paid = shop.prepare("payout", 100, payee={"account": account}, leg="bank")
    for each in (given, moved, paid):
        shop.send(each)
    disputed = shop.world.do("stripe", "dispute", payment_intent=charged.known.provider_ref)
    shop.world.quiet()
    hints = [shop.provider.parse_webhook(each.body, each.headers)[0] for each in receiver.taken]
    assert all(hint.live is False and hint.event_id.startswith("evt_") for hint in hints)
    told = {hint.kind: hint for hint in hints}
    for kind, attempt in {
        "payment_intent.succeeded": charged, "refund.created": given, "transfer.created": moved,
        "payout.created": paid,
    }.items():  # fmt: skip
        assert told[kind].identity == attempt.prepared.identity
        assert told[kind].provider_ref == attempt.known.provider_ref
    assert told["charge.refunded"].provider_ref == charged.known.provider_ref
    assert told["charge.dispute.created"].dispute_ref == disputed["id"]
    assert told["setup_intent.succeeded"].setup_ref == "set-1"
    assert told["customer.created"] == Hint(told["customer.created"].event_id, "customer.created", live=False)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("hook_wrong_signature", "signature_wrong"),
        ("hook_reserialised", "signature_wrong"),
        ("hook_old_timestamp", "callback_too_old"),
    ],
)
def test_the_simulators_bad_callbacks_are_refused(
    shop: Shop, receiver: Receiver, kind: str, code: str
) -> None:
    shop.world.fault(kind, provider="stripe", route="payment_intent.succeeded")
    shop.charge()
    shop.world.quiet()
    paid = next(each for each in receiver.taken if b'payment_intent.succeeded"' in each.body)
    assert refused(paid.body, paid.headers) == code
