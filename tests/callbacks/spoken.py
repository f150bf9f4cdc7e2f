"""How each gateway tells of something, signed by the simulator's own code, which shares none with the adapters."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from config.gateways import _ADAPTERS
from sandbox.gateways.flutterwave.v4.mount import signature as of_flutterwave
from sandbox.gateways.ipaymu.signing import of_callback
from sandbox.gateways.paystack.mount import signature as of_paystack
from sandbox.gateways.stripe.mount import signature as of_stripe

VA, KEY = "0000001899", "sk_test_simulator"
Sign = Callable[[bytes, str], dict[str, str]]


@dataclass(frozen=True)
class Spoken:
    """`told` makes an event about an identity of ours and the gateway's id of it, `other` one about nothing of ours.

    `sign(body, secret)` is what stands in the headers. `live` makes an event of real money, where it would say so.
    `settings` of the environment turn the gateway on; `secret` is among them.
    """

    provider: str
    settings: Mapping[str, Any]
    secret: str
    sign: Sign
    told: Callable[[str, str], dict[str, Any]]
    other: dict[str, Any]
    live: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    signs_the_body: bool = True

    @property
    def path(self) -> str:
        return _ADAPTERS[self.provider]

    def callback(self, event: dict[str, Any], secret: str = "") -> tuple[bytes, dict[str, str]]:
        """Body and headers."""
        body = json.dumps(event).encode()
        return body, self.sign(body, secret or self.secret)


def _stripe(identity: str, ref: str) -> dict[str, Any]:
    intent = {"id": ref, "object": "payment_intent", "metadata": {"identity": identity}}
    return {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": False,
            "data": {"object": intent}}  # fmt: skip


def _paystack(identity: str, ref: str) -> dict[str, Any]:
    data = {"id": 302961, "domain": "test", "status": "success", "reference": identity, "amount": 1000}
    return {"event": "charge.success", "data": data}


def _flutterwave_v4(identity: str, ref: str) -> dict[str, Any]:
    data = {"id": ref, "status": "succeeded", "reference": identity}
    return {"webhook_id": "wbk_1", "timestamp": 1_700_000_000_000, "type": "charge.completed", "data": data}


def _flutterwave_v3(identity: str, ref: str) -> dict[str, Any]:
    return {"event": "charge.completed", "data": {"id": 285959, "tx_ref": identity, "status": "successful"}}


def _ipaymu(identity: str, ref: str) -> dict[str, Any]:
    return {
        "trx_id": 184854,
        "reference_id": identity,
        "status": "berhasil",
        "status_code": 1,
        "amount": "1000",
    }


def _v3(body: bytes, secret: str) -> dict[str, str]:
    return {"verif-hash": secret}


_FLUTTERWAVE = {"flutterwave_webhook_secrets": [SecretStr("hash")], "flutterwave_url": "http://127.0.0.1:9"}
SPOKEN = {
    "stripe": Spoken(
        "stripe", {"stripe_secret_key": SecretStr(KEY), "stripe_webhook_secrets": [SecretStr("whsec_1")]}, "whsec_1",
        lambda body, secret: {"Stripe-Signature": of_stripe(body, [secret], int(time.time()))},
        _stripe, {"id": "evt_9", "object": "event", "type": "balance.available", "livemode": False,
                  "data": {"object": {"object": "balance"}}},
        lambda event: {**event, "livemode": True},
    ),
    "paystack": Spoken(
        "paystack", {"paystack_secret_key": SecretStr(KEY), "paystack_webhook_keys": []}, KEY,
        lambda body, secret: {"x-paystack-signature": of_paystack(body, secret)},
        _paystack, {"event": "customeridentification.success", "data": {}},
        lambda event: {**event, "data": {**event["data"], "domain": "live"}},
    ),
    "flutterwave v4": Spoken(
        "flutterwave", {
            **_FLUTTERWAVE, "flutterwave_api_version": "v4", "flutterwave_client_id": "id",
            "flutterwave_client_secret": SecretStr("s"),
        },
        "hash", lambda body, secret: {"flutterwave-signature": of_flutterwave(body, secret)},
        _flutterwave_v4, {"webhook_id": "wbk_9", "type": "customer.created", "data": {}},
    ),
    "flutterwave v3": Spoken(
        "flutterwave", {
            **_FLUTTERWAVE, "flutterwave_api_version": "v3",
            "flutterwave_secret_key": SecretStr("FLWSECK_TEST-simulator"),
        },
        "hash", _v3, _flutterwave_v3, {"event": "subscription.cancelled", "data": {}}, signs_the_body=False,
    ),
    "ipaymu": Spoken(
        "ipaymu", {"ipaymu_va": VA, "ipaymu_api_key": SecretStr("key"), "ipaymu_url": "http://127.0.0.1:9",
                   "public_url": "http://127.0.0.1:9"}, VA,
        lambda body, secret: {"X-Signature": of_callback(json.loads(body), secret, escaped=True)},
        _ipaymu, {"trx_id": 99, "reference_id": "somebody's", "status": "pending"},
    ),
}  # fmt: skip
