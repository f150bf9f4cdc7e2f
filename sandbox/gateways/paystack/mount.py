"""Paystack as a mount: its bearer key, its envelope of errors, its signature."""

import hashlib
import hmac
from typing import Any

from sandbox.gateways.books import OUTSIDE, Account
from sandbox.gateways.faults import Rule
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.mount import Mount
from sandbox.gateways.paystack import errors
from sandbox.gateways.world import World

NAME = "paystack"
PLATFORM = Account(NAME, "platform")
TRANSIT = Account(NAME, "platform", "transit")
PAYERS, BANKS, SCHEME, FEES, TREASURY = (
    Account(NAME, OUTSIDE, part) for part in ("payers", "banks", "scheme", "fees", "treasury")
)
HOUR = 3600


class Paystack(Mount):
    """No idempotency header: a reference may be used once, and that is all there is."""

    name, path = NAME, "/paystack"
    defaults = {
        "secret_keys": ["sk_test_simulator"],
        "webhook_url": "",
        "livemode": False,
        # What a charge costs: basis points up to a cap in minor units; what a transfer costs.
        "fee_basis_points": 150,
        "fee_cap": 200_000,
        "transfer_fee": 1000,
        # Seconds until what was queued is charged, sent or given back; until a dispute is lost by silence.
        "queue_seconds": 60,
        "transfer_seconds": 5,
        "refund_seconds": 60,
        "dispute_seconds": 24 * HOUR,
        # A transfer's reference that comes again gets the same transfer or a refusal: no paper says which.
        "repeated_transfer": "same",
        # Whether transfers wait for a one-time password: automation needs it off.
        "transfer_otp": False,
    }
    retry_seconds = (180, 180, 180, 180, *(HOUR,) * 71)
    hook_seconds = 30

    def check(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key not in request.world.settings(NAME)["secret_keys"]:
            raise Refused(401, errors.body("Invalid key"))

    def parse(self, request: Request) -> Any:
        data = super().parse(request)
        if not isinstance(data, dict):
            raise errors.invalid("The body is a JSON object")
        return data

    def references(self, request: Request) -> list[str]:
        data = request.data if isinstance(request.data, dict) else {}
        items = data.get("transfers")
        listed = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
        words = [each.get("reference") for each in [data, *listed]]
        words += [data.get(name) for name in ("transaction", "email", "authorization_code", "recipient")]
        return [str(word) for word in [*words, *request.args.values()] if word]

    def error(self, kind: str, request: Request) -> Answer:
        status, message = {
            "500": (500, "An error occurred"),
            "429": (429, "Too many requests"),
            "unauthorized": (401, "Invalid key"),
            "key_in_use": (409, "A request with this reference is being worked on"),
        }.get(kind, (404, "Entity not found"))
        return Answer(errors.body(message), status, stored=False)

    def drain(self, world: World, rule: Rule) -> None:
        for currency in world.books.currencies(PLATFORM):
            held = world.books.balance(PLATFORM, currency)
            if held > 0:
                world.books.move("drain", PLATFORM, Account(NAME, OUTSIDE, "world"), held, currency)

    def sign(self, world: World, body: bytes, at: float) -> dict[str, str]:
        """By the first API key; there is no moment in it, and no secret of its own."""
        return {"x-paystack-signature": signature(body, world.settings(NAME)["secret_keys"][0])}

    def hook_taken(self, status: int) -> bool:
        return status == 200


def signature(body: bytes, key: str) -> str:
    """HMAC-SHA512 over the raw bytes, in hex."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


MOUNT = Paystack()
