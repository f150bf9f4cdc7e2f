"""The providers' own sandboxes as outside worlds of the suite: `make test-live` (docs/test-live.md).

Variables are the product's own under `TEST_LIVE_`, so that no deployment's key is ever taken by mistake, and the
payer's tokens that a sandbox has no public way to make. Nobody can lose a reply there or read its books: such tests
are skipped, and what moved is what the provider itself says of each identity.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

import requests

from config.gateways import Gateways as Variables
from config.gateways import disagreements
from engine.providers import registry
from engine.providers.base import Asked, FailureClass, Known, Outcome
from engine.providers.stripe.charge import UNNAMED_SECONDS
from payments.models import Attempt, Evidence, Payment
from tests.conformance.outsides import Outside

PREFIX = "TEST_LIVE_"
# What is real money's whatever the key looks like.
LIVE_HOSTS = ("my.ipaymu.com", "f4bexperience.flutterwave.com")
_UNUSED = {"public_url": "https://example.com", "stripe_webhook_secrets": "whsec_unused",
           "flutterwave_webhook_secrets": "unused"}  # fmt: skip
SPANS = {"take_seconds": 120.0, "send_window_seconds": 60.0, "send_deadline_seconds": 10.0}


class NotASandbox(Exception):
    """The message says which variable is real money's, or is missing."""


class Sandbox(Outside):
    """One provider's sandbox, reached with the variables of `environ`."""

    key: ClassVar[str]  # the variable (without prefix) that turns it on
    tokens: ClassVar[tuple[str, ...]] = ()  # variables (without prefix) of a payer
    wait_seconds: ClassVar[float] = 1.0  # between rounds: its own time goes on by itself

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.variables = _variables(environ)
        self.given = {name: environ.get(PREFIX + name, "") for name in self.tokens}

    def settings(self) -> dict[str, Any]:
        return Variables(**self.variables).model_dump() | SPANS  # type: ignore[arg-type]

    @contextmanager
    def prepared(self) -> Iterator[None]:
        yield

    def later(self) -> None:
        time.sleep(self.wait_seconds)

    def bury(self, attempt: Attempt) -> None:
        """Made a quarter of an hour ago, as far as anybody can tell: Stripe alone asks for so much."""
        attempt.data["made_at"] -= UNNAMED_SECONDS
        attempt.save(update_fields=["data"])

    def paid(self, payment_id: UUID) -> list[tuple[int, str]]:
        """What the provider says of each identity that was ever made for it."""
        payment = Payment.objects.get(pk=payment_id)
        asked = [_asked(payment, one) for one in Attempt.objects.filter(payment=payment).order_by("seq")]
        found = registry.get(self.name).lookup(asked) if asked else {}
        return [
            (one.gross_minor or 0, one.currency) for one in found.values() if one.outcome is Outcome.SUCCEEDED
        ]

    def clear(self) -> None:
        """Nothing was set."""


class StripeSandbox(Sandbox):
    """Test cards are public, so it needs no payer's token; what moved is read apart from the adapter."""

    name = "stripe"
    key = "STRIPE_SECRET_KEY"
    currency, price_minor = "USD", 1999
    declines = {"hard_decline": FailureClass.SOFT_DECLINE, "payer_action": FailureClass.PAYER_ACTION}
    _CARDS: ClassVar[dict[str, str]] = {
        "good": "pm_card_visa", "hard_decline": "pm_card_chargeCustomerFail",
        "payer_action": "pm_card_authenticationRequired",
    }  # fmt: skip

    def payer(self, kind: str) -> dict[str, Any]:
        customer = self._call("POST", "customers", description="make test-live")["id"]
        card = self._CARDS[kind]
        method = self._call("POST", f"payment_methods/{card}/attach", customer=customer)["id"]
        return {"source": method, "customer": customer, "payment_method": method}

    def paid(self, payment_id: UUID) -> list[tuple[int, str]]:
        """Each payer is a customer of their own."""
        customer = Payment.objects.get(pk=payment_id).instructions["customer"]
        found = self._call("GET", "payment_intents", customer=customer, limit="100")["data"]
        return [
            (one["amount_received"], one["currency"].upper()) for one in found if one["status"] == "succeeded"
        ]

    def _call(self, verb: str, path: str, **data: str) -> Any:
        base = self.variables.get("stripe_api_base", "https://api.stripe.com")
        sent: dict[str, Any] = {"params": data} if verb == "GET" else {"data": data}
        auth = (self.variables["stripe_secret_key"], "")
        answer = requests.request(verb, f"{base}/v1/{path}", auth=auth, timeout=30, **sent)
        answer.raise_for_status()
        return answer.json()


class PaystackSandbox(Sandbox):
    """A reusable authorization of a test card that was charged once at its page."""

    name = "paystack"
    key = "PAYSTACK_SECRET_KEY"
    tokens = ("PAYSTACK_AUTHORIZATION", "PAYSTACK_EMAIL")
    currency, price_minor = "NGN", 250_000
    declines = {}

    def payer(self, kind: str) -> dict[str, Any]:
        code = self.given["PAYSTACK_AUTHORIZATION"]
        return {"source": code, "authorization_code": code, "email": self.given["PAYSTACK_EMAIL"]}


class FlutterwaveSandbox(Sandbox):
    """Version 4: a customer and a payment method of theirs."""

    name = "flutterwave"
    key = "FLUTTERWAVE_CLIENT_SECRET"
    tokens = ("FLUTTERWAVE_CUSTOMER", "FLUTTERWAVE_PAYMENT_METHOD")
    currency, price_minor = "NGN", 250_000
    declines = {}

    def payer(self, kind: str) -> dict[str, Any]:
        customer, method = (self.given[name] for name in self.tokens)
        return {"source": method, "customer_id": customer, "payment_method_id": method}


class FlutterwaveV3Sandbox(FlutterwaveSandbox):
    """Version 3: the token of a test card that was charged once."""

    key = "FLUTTERWAVE_SECRET_KEY"
    tokens = ("FLUTTERWAVE_TOKEN", "FLUTTERWAVE_EMAIL")

    def payer(self, kind: str) -> dict[str, Any]:
        token, email = (self.given[name] for name in self.tokens)
        return {"source": token, "token": token, "email": email}


class IpaymuSandbox(Sandbox):
    """A link is paid by a person at its page, so nothing is paid here: what is made, and what is found, is tried."""

    name = "ipaymu"
    key = "IPAYMU_API_KEY"
    currency, price_minor = "IDR", 150_000
    declines = {}
    _BY_HAND = "its sandbox's payer is a person at a page"
    not_declared = {
        "test_a_good_payer_pays_once": _BY_HAND,
        "test_a_lost_worker_leaves_nothing_unknown": _BY_HAND,
        "test_a_worker_that_was_stopped_for_ten_minutes_does_not_send": _BY_HAND,
        "test_many_at_once_are_each_paid_once": _BY_HAND,
        "test_the_books_hold": _BY_HAND,
    }

    def payer(self, kind: str) -> dict[str, Any]:
        email = "make-test-live@example.com"
        return {"source": email, "name": "Test", "email": email, "phone": "081200000000"}


_ALL: dict[str, type[Sandbox]] = {
    "stripe": StripeSandbox, "paystack": PaystackSandbox, "flutterwave-v4": FlutterwaveSandbox,
    "flutterwave-v3": FlutterwaveV3Sandbox, "ipaymu": IpaymuSandbox,
}  # fmt: skip


def found(environ: Mapping[str, str]) -> dict[str, type[Sandbox]]:
    """The sandboxes whose keys are there, by name. Raises NotASandbox for a live key or host, for half a set of
    variables, and where there is none at all."""
    on = {name: kind for name, kind in _ALL.items() if environ.get(PREFIX + kind.key)}
    if not on:
        keys = ", ".join(PREFIX + kind.key for kind in _ALL.values())
        raise NotASandbox(f"no sandbox has its key: set one of {keys} (docs/test-live.md)")
    wrong = [f"{PREFIX}{name.upper()} {why}" for name, why in disagreements(_variables(environ))]
    wrong += [
        f"{PREFIX}{name.upper()} is real money's"
        for name, value in _variables(environ).items()
        if any(host in value for host in LIVE_HOSTS)
    ]
    if "ipaymu" in on and environ.get(f"{PREFIX}IPAYMU_SANDBOX", "true").lower() not in (
        "true",
        "1",
        "on",
        "yes",
    ):
        wrong.append(f"{PREFIX}IPAYMU_SANDBOX is off: that is real money's")
    wrong += [
        f"{PREFIX}{each} is not set, and {name} needs it"
        for name, kind in on.items()
        for each in kind.tokens
        if not environ.get(PREFIX + each)
    ]
    if wrong:
        raise NotASandbox("; ".join(wrong))
    return on


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The product's own, without the prefix. What it boots with and no sandbox is asked for is filled in."""
    mine = {
        name: environ[key] for name in Variables.model_fields if (key := PREFIX + name.upper()) in environ
    }
    if mine.get("flutterwave_secret_key"):
        mine.setdefault("flutterwave_api_version", "v3")
    needs = {
        "public_url": True,
        "stripe_webhook_secrets": "stripe_secret_key" in mine,
        "flutterwave_webhook_secrets": bool(
            {"flutterwave_secret_key", "flutterwave_client_secret"} & mine.keys()
        ),
    }
    return {name: _UNUSED[name] for name, needed in needs.items() if needed} | mine


def _asked(payment: Payment, attempt: Attempt) -> Asked:
    said = Evidence.objects.filter(attempt=attempt).exclude(provider_ref="").order_by("pk").last()
    known = Known(said.provider_ref if said else "")
    return Asked(attempt.pk, payment.pk, payment.operation, attempt.identity, attempt.data, payment.amount_minor,
                 payment.fee_minor, payment.currency, payment.instructions, known)  # fmt: skip
