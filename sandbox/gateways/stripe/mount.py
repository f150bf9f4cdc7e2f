"""Stripe as a mount: its keys, errors, signatures and the words by which it is found."""

import functools
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from sandbox.gateways.books import OUTSIDE, Account
from sandbox.gateways.faults import Rule
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.mount import Handler, KeyPolicy, Mount
from sandbox.gateways.stripe import errors, forms
from sandbox.gateways.world import World

API_VERSION = "2026-10-28.endive"
NAME = "stripe"
PLATFORM = "platform"
PUBLISHABLE = ("payment_methods", "confirm", "payment_intents/", "setup_intents/")
"""Where a browser may come with a publishable key."""


class Stripe(Mount):
    """See the docstring of ``sandbox.gateways.mount``."""

    name, path = NAME, "/stripe/v1"
    defaults = {
        "secret_keys": ["sk_test_simulator"],
        "publishable_keys": ["pk_test_simulator"],
        "webhook_url": "",
        "webhook_secrets": ["whsec_simulator"],
        "livemode": False,
        # What a charge costs: basis points and minor units; what a lost or won dispute does.
        "fee_basis_points": 290,
        "fee_fixed": 30,
        "dispute_fee": 1500,
        # Until a charge's money is available, and a payout's steps to the bank, in seconds.
        "available_after": 2 * 86_400,
        "payout_in_transit_after": 3600,
        "payout_paid_after": 86_400,
        "processing_seconds": 3600,
        # The member of metadata that is our own reference; without one of these the first member is.
        "reference_names": ["reference", "payment", "payment_id", "payout_id"],
    }
    keys = KeyPolicy("idempotency-key", ("Idempotent-Replayed", "true"))
    retry_seconds = (60, 600, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400)
    amount_names = ("amount", "amount_received")

    def call(self, verb: str, pattern: str, *, lookup: bool = False) -> Callable[[Handler], Handler]:
        """``route`` with what every answer of Stripe has: a request id, the version, expanded members."""

        def register(handler: Handler) -> Handler:
            @functools.wraps(handler)
            def call(request: Request) -> Answer:
                try:
                    answer = handler(request)
                except Refused as refused:
                    answer = refused.answer
                answer.headers |= self._headers(request)
                return answer

            self.route(verb, pattern, lookup=lookup)(call)
            return handler

        return register

    def parse(self, request: Request) -> Any:
        if request.verb == "GET":
            return forms.parse(request.query_string)
        return forms.parse(request.body.decode(errors="replace"))

    def check(self, request: Request) -> None:
        settings, key = request.world.settings(NAME), _key_of(request)
        if key in settings["secret_keys"]:
            return
        if key in settings["publishable_keys"] and any(part in request.path for part in PUBLISHABLE):
            return
        message = f"Invalid API Key provided: {key[:8]}***" if key else "You did not provide an API key."
        refused = Refused(401, errors.body("invalid_request_error", message))
        refused.answer.headers |= self._headers(request)
        raise refused

    def references(self, request: Request) -> list[str]:
        data = request.data if isinstance(request.data, dict) else {}
        known = data.get("metadata")
        words = list(known.values()) if isinstance(known, dict) else []
        for number in request.args.values():
            for table in ("payment_intents", "payouts", "transfers", "refunds", "setup_intents"):
                row = request.world.objects(f"stripe.{table}").get(number)
                words += list(row["metadata"].values()) if row else []
        words += [data.get(name) for name in ("transfer_group", "payment_intent", "destination", "customer")]
        words += [*request.args.values(), request.key, request.headers.get("stripe-account")]
        return [str(word) for word in words if word]

    def scope(self, request: Request) -> str:
        return request.headers.get("stripe-account", PLATFORM)

    def error(self, kind: str, request: Request) -> Answer:
        status, group, message, code = {
            "500": (500, "api_error", "An unexpected error occurred.", None),
            "429": (429, "invalid_request_error", "Request rate limit exceeded.", "rate_limit"),
            "unauthorized": (401, "invalid_request_error", "Expired API Key provided.", "api_key_expired"),
            "not_found": (404, "invalid_request_error", "No such object.", "resource_missing"),
            "no_route": (404, "invalid_request_error", f"Unrecognized request URL ({request.verb}).", None),
            "key_changed": (400, "idempotency_error",
                            "Keys for idempotent requests can only be used with the same parameters.", None),
            "key_in_use": (409, "invalid_request_error",
                           "There is another request with this Idempotent Key.", "idempotency_key_in_use"),
        }[kind]  # fmt: skip
        body = errors.body(group, message, code=code)
        return Answer(body, status, self._headers(request), stored=False)

    def drain(self, world: World, rule: Rule) -> None:
        account = Account(NAME, PLATFORM)
        for currency in world.books.currencies(account):
            held = world.books.balance(account, currency)
            if held > 0:
                world.books.move("drain", account, Account(NAME, OUTSIDE, "world"), held, currency)

    def subject(self, payload: Any) -> list[dict[str, Any]]:
        listed = payload.get("data") if payload.get("object") == "list" else None
        if "error" in payload and "payment_intent" in payload["error"]:
            return [payload["error"]["payment_intent"]]
        return listed if listed is not None else [payload]

    def sign(self, world: World, body: bytes, at: float) -> dict[str, str]:
        """``t=…,v1=…``, one v1 for each secret: two while they are changed."""
        secrets = world.settings(NAME)["webhook_secrets"]
        return {"Stripe-Signature": signature(body, secrets, int(at))}

    def renamed(self, payload: dict[str, Any], world: World) -> dict[str, Any]:
        return {**payload, "id": world.fresh("evt_")}

    def _headers(self, request: Request) -> dict[str, str]:
        known = {"Idempotency-Key": request.key, "Stripe-Account": request.headers.get("stripe-account")}
        version = request.headers.get("stripe-version", API_VERSION)
        always = {"Request-Id": request.world.fresh("req_", 14), "Stripe-Version": version}
        return always | {name: value for name, value in known.items() if value}


def signature(body: bytes, secrets: list[str], at: int) -> str:
    """The header's value: HMAC-SHA256 over ``at.body`` by each secret, in hex."""
    signed = b"%d." % at + body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={digest}" for digest in digests)])


def _key_of(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return b64decode(value).decode(errors="replace").partition(":")[0]
    named = request.data.get("key", "") if isinstance(request.data, dict) else ""
    return value if scheme.lower() == "bearer" else str(named)


MOUNT = Stripe()
