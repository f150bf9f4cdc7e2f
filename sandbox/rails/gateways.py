"""The four gateways of the simulator as rails, Flutterwave in both of its versions."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from secrets import token_bytes, token_hex
from typing import Any, ClassVar

import requests

from sandbox.rails.rail import Details, Rail

_GOOD = "good"


@dataclass(frozen=True)
class Stripe(Rail):
    """Cards by Stripe's own names for them."""

    name = "stripe"
    speakers = ("stripe",)
    currency, price_minor = "USD", 1999
    cards = {
        _GOOD: "pm_card_visa",
        # These can be kept; the refusal comes with the charge (gateways.md 1.6).
        "hard_decline": "pm_card_chargeCustomerFail",
        "payer_action": "pm_card_authenticationRequired",
        "disputed": "pm_card_createDispute",
        "refund_fails": "pm_card_refundFail",
    }

    def environ(self) -> dict[str, str]:
        return {
            "STRIPE_SECRET_KEY": "sk_test_simulator",
            "STRIPE_WEBHOOK_SECRETS": "whsec_simulator",
            "STRIPE_API_BASE": f"{self.gateways.url}/stripe",
        }

    def payer(self, email: str, kind: str = _GOOD) -> Details:
        customer = self._post("customers", email=email)["id"]
        card = self.cards.get(kind, self.cards[_GOOD])
        method = self._post(f"payment_methods/{card}/attach", customer=customer)["id"]
        if kind == "insufficient_funds":
            self.gateways.decide(self.name, method, outcome="declined", decline_code="insufficient_funds")
        return {"source": method, "customer": customer, "payment_method": method}

    def fill(self, url: str, client_secret: str, kind: str = _GOOD) -> None:
        """By Stripe's own fields: the browser has the publishable key and the set-up's secret."""
        intent, card = client_secret.partition("_secret")[0], self.cards.get(kind, self.cards[_GOOD])
        path = f"setup_intents/{intent}/confirm"
        self._post(path, key="pk_test_simulator", client_secret=client_secret, payment_method=card)

    def spoil(self, details: Details, kind: str) -> None:
        decline = {"hard_decline": "stolen_card", "insufficient_funds": "insufficient_funds"}[kind]
        self.gateways.decide(self.name, details["payment_method"], outcome="declined", decline_code=decline)

    def _post(self, path: str, *, key: str = "sk_test_simulator", **data: str) -> Any:
        url = f"{self.gateways.url}/stripe/v1/{path}"
        answer = requests.post(url, data=data, auth=(key, ""), timeout=10)
        answer.raise_for_status()
        return answer.json()


@dataclass(frozen=True)
class Paystack(Rail):
    """Authorizations of cards that were used before."""

    name = "paystack"
    speakers = ("paystack",)
    currency, price_minor = "NGN", 250_000
    cards = {
        _GOOD: "4084084084084081",
        "hard_decline": "4084080000005408",
        "insufficient_funds": "4084080000670037",
        "payer_action": "5060666666666666666",
        "refund_fails": "4084080000000011",
    }

    def environ(self) -> dict[str, str]:
        return {
            "PAYSTACK_SECRET_KEY": "sk_test_simulator",
            "PAYSTACK_URL": f"{self.gateways.url}/paystack",
        }

    def payer(self, email: str, kind: str = _GOOD) -> Details:
        made = self.gateways.do(self.name, "authorize", email=email, card=self.cards[kind])
        code = made["authorization_code"]
        return {"source": code, "authorization_code": code, "email": email}

    def fill(self, url: str, client_secret: str, kind: str = _GOOD) -> None:
        """On Paystack's page; afterwards they go back to where we said."""
        requests.post(url, {"do": "card", "card": self.cards[kind]}, timeout=10, allow_redirects=False)

    def spoil(self, details: Details, kind: str) -> None:
        said = {"hard_decline": "Stolen card", "insufficient_funds": "Insufficient Funds"}[kind]
        code = details["authorization_code"]
        self.gateways.decide(self.name, code, outcome="failed", gateway_response=said)


@dataclass(frozen=True)
class FlutterwaveV4(Rail):
    """Kept methods of customers, with access tokens."""

    name = "flutterwave"
    speakers: ClassVar[tuple[str, ...]] = ("flutterwave", "flutterwave-idp")
    currency, price_minor = "NGN", 250_000
    cards = {
        _GOOD: "5531886652142950",
        "payer_action": "4187427415564246",
        "insufficient_funds": "5258585922666506",
        "hard_decline": "5590131743294314",
    }

    def environ(self) -> dict[str, str]:
        return {
            "FLUTTERWAVE_API_VERSION": "v4",
            "FLUTTERWAVE_CLIENT_ID": "client_simulator",
            "FLUTTERWAVE_CLIENT_SECRET": "secret_simulator",
            "FLUTTERWAVE_WEBHOOK_SECRETS": "flw_secret_hash",
            "FLUTTERWAVE_URL": f"{self.gateways.url}/flw/v4",
            "FLUTTERWAVE_TOKEN_URL": f"{self.gateways.url}/flw/idp/realms/flutterwave/protocol/openid-connect/token",
        }

    def payer(self, email: str, kind: str = _GOOD) -> Details:
        made = self.gateways.do(self.speakers[0], "authorize", email=email, card=self.cards[kind])
        return {"source": made["payment_method_id"], **made}

    def options(self, kind: str = _GOOD) -> Details:
        """The card as their script encrypts it in the browser: nobody here can read it, and neither can we."""
        hidden = ("encrypted_card_number", "encrypted_expiry_month", "encrypted_expiry_year", "encrypted_cvv")
        return {
            "card": {"nonce": token_hex(6), **{name: b64encode(token_bytes(32)).decode() for name in hidden}}
        }

    def hasten(self) -> None:
        """Access tokens, whose age is ours to know."""
        self.gateways.configure(self.speakers[-1], token_seconds=30 * 86_400)

    def spoil(self, details: Details, kind: str) -> None:
        said = {"hard_decline": "do_not_honor", "insufficient_funds": "insufficient_funds"}[kind]
        self.gateways.decide(self.speakers[0], details["payment_method_id"], outcome="failed", response=said)


@dataclass(frozen=True)
class FlutterwaveV3(FlutterwaveV4):
    """Tokenized cards, with a secret key."""

    def hasten(self) -> None:
        """There are no tokens."""

    speakers = ("flutterwave-v3",)

    def environ(self) -> dict[str, str]:
        return {
            "FLUTTERWAVE_API_VERSION": "v3",
            "FLUTTERWAVE_SECRET_KEY": "FLWSECK_TEST-simulator-X",
            "FLUTTERWAVE_WEBHOOK_SECRETS": "flw_secret_hash",
            "FLUTTERWAVE_URL": f"{self.gateways.url}/flw/v3",
        }

    def payer(self, email: str, kind: str = _GOOD) -> Details:
        made = self.gateways.do(self.speakers[0], "authorize", email=email, card=self.cards[kind])
        return {"source": made["token"], **made}


@dataclass(frozen=True)
class Ipaymu(Rail):
    """Links that a payer pays; there is nothing to keep."""

    name = "ipaymu"
    speakers = ("ipaymu",)
    currency, price_minor, gives_back = "IDR", 150_000, False
    storm_step_seconds = 5.0  # its history is asked for by our days: its clock may not run days ahead of ours
    cards = {_GOOD: ""}

    def environ(self) -> dict[str, str]:
        return {
            "IPAYMU_VA": "1179000899",
            "IPAYMU_API_KEY": "SANDBOX-simulator",
            "IPAYMU_SANDBOX": "true",
            "IPAYMU_URL": f"{self.gateways.url}/ipaymu",
            "PUBLIC_URL": "http://127.0.0.1:8000",
        }

    def payer(self, email: str, kind: str = _GOOD) -> Details:
        return {"source": email, "name": "Putu", "email": email, "phone": "081200000000"}

    def call_back(self, url: str) -> None:
        """It is told with each link (PUBLIC_URL)."""

    def act(self) -> int:
        """Every open link is paid."""
        paid: int = self.gateways.do(self.name, "pay_all")["paid"]
        return paid


ALL: dict[str, type[Rail]] = {
    "stripe": Stripe, "paystack": Paystack, "flutterwave-v4": FlutterwaveV4, "flutterwave-v3": FlutterwaveV3,
    "ipaymu": Ipaymu,
}  # fmt: skip
