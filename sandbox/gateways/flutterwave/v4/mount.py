"""Version 4 as a mount: tokens, idempotency keys, scenarios, its envelope of errors, its signature."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qsl

from sandbox.gateways.faults import Rule
from sandbox.gateways.flutterwave import money
from sandbox.gateways.flutterwave.v4 import tokens
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.mount import KeyPolicy, Mount
from sandbox.gateways.world import World

NAME = money.NAME
Row = dict[str, Any]


class FlutterwaveV4(Mount):
    """See the docstring of ``sandbox.gateways.mount``."""

    name, path = NAME, "/flw/v4"
    defaults = {
        "webhook_url": "",
        "webhook_secrets": ["flw_secret_hash"],
        "livemode": False,
        "fee_basis_points": 140,
        "transfer_fee": 2688,
        # A transfer without a scenario stays as it is for ever; a number of seconds ends that.
        "transfer_seconds": None,
        "scenario_seconds": 5,
        "refund_seconds": 60,
    }
    # No paper says how long a key is kept, nor what other parameters under it get.
    keys = KeyPolicy("x-idempotency-key", ("X-Idempotency-Cache-Hit", "true"), changed="replay")
    retry_seconds = (60, 300, 1800, 7200, 18_000, 36_000)
    hook_seconds = 60
    amount_names, currency_names = ("amount", "value"), ("currency", "destination_currency")

    def check(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not tokens.holds(request.world, token):
            raise refused("UNAUTHORIZED", "10401", "Unauthorized", 401)
        for name in ("x-trace-id", "x-idempotency-key"):
            if name in request.headers and not 12 <= len(request.headers[name]) <= 255:
                raise invalid(name, "must have 12 to 255 characters")

    def parse(self, request: Request) -> Any:
        try:
            data = json.loads(request.body) if request.body else {}
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise invalid("body", "must be a JSON object")
        return data

    def references(self, request: Request) -> list[str]:
        data = request.data if isinstance(request.data, dict) else {}
        words = [data.get(name) for name in ("reference", "customer_id", "payment_method_id", "charge_id")]
        words += [*request.args.values(), request.query.get("reference"), request.key]
        return [str(word) for word in words if word]

    def error(self, kind: str, request: Request) -> Answer:
        status, code, name = {
            "500": (500, "10500", "INTERNAL_SERVER_ERROR"),
            "429": (429, "10429", "TOO_MANY_REQUESTS"),
            "unauthorized": (401, "10401", "UNAUTHORIZED"),
            "key_in_use": (409, "10409", "RESOURCE_CONFLICT"),
        }.get(kind, (404, "10404", "RESOURCE_NOT_FOUND"))
        return refused(name, code, name.replace("_", " ").capitalize(), status).answer

    def expire_tokens(self, world: World) -> None:
        tokens.expire(world)

    def drain(self, world: World, rule: Rule) -> None:
        money.drain(world)

    def subject(self, payload: Any) -> list[Row]:
        """A transfer's amount is an object of its own."""
        rows = super().subject(payload)
        return [*rows, *(row["amount"] for row in rows if isinstance(row.get("amount"), dict))]

    def sign(self, world: World, body: bytes, at: float) -> dict[str, str]:
        return {"flutterwave-signature": signature(body, world.settings(NAME)["webhook_secrets"][0])}

    def renamed(self, payload: Row, world: World) -> Row:
        return {**payload, "webhook_id": world.fresh("wbk_", 20)}

    def hook_taken(self, status: int) -> bool:
        return status == 200


def signature(body: bytes, secret: str) -> str:
    """HMAC-SHA256 over the raw bytes, in base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def refused(
    name: str, code: str, message: str, status: int = 400, faults: list[Row] | None = None
) -> Refused:
    """The error envelope; an idempotency key does not keep it."""
    error = {"type": name, "code": code, "message": message, "validation_errors": faults or []}
    return Refused(status, {"status": "failed", "error": error})


def invalid(field: str, message: str) -> Refused:
    """400 of a request that doesn't fit."""
    return refused("REQUEST_NOT_VALID", "10400", "Request is not valid", 400,
                   [{"field_name": field, "message": message}])  # fmt: skip


def conflict(message: str, code: str = "10409", name: str = "RESOURCE_CONFLICT") -> Refused:
    """409: it is there already."""
    return refused(name, code, message, 409)


def missing(what: str) -> Refused:
    """404."""
    return refused("RESOURCE_NOT_FOUND", "10404", f"{what} not found", 404)


def said(message: str, data: Any, status: int = 200, **more: Any) -> Answer:
    """The envelope."""
    return Answer({"status": "success", "message": message, **more, "data": data}, status)


def part(data: Row, name: str) -> Row:
    """A member that is an object."""
    found = data.get(name)
    if not isinstance(found, dict):
        raise invalid(name, "is required")
    return found


def text(data: Row, name: str, default: str | None = None) -> str:
    """A member that is text."""
    value = data.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise invalid(name, "is required")
    return value


def priced(value: Any, currency: Any, field: str = "amount") -> int:
    """A decimal above zero of a known currency, in minor units."""
    if not isinstance(currency, str) or currency not in money.DIGITS:
        raise refused("UNSUPPORTED_CURRENCY", "1125400", "Currency is not supported")
    found = None if isinstance(value, str) else money.minor(value, currency)
    if found is None:
        raise invalid(field, "must be a number above zero with the currency's decimals")
    return found


def scenario(request: Request) -> dict[str, str]:
    """``scenario:auth_3ds&issuer:approved`` as a dict."""
    header = request.headers.get("x-scenario-key", "").replace(":", "=")
    return dict(parse_qsl(header))


def moment(world: World) -> str:
    """Virtual now."""
    return world.clock.moment().strftime("%Y-%m-%dT%H:%M:%S.000Z")


def tell(world: World, kind: str, data: Row, reference: str) -> None:
    """A callback of this type."""
    event = world.fresh("wbk_", 20)
    payload = {"webhook_id": event, "timestamp": int(world.clock.now() * 1000), "type": kind, "data": data}
    world.hooks.send(NAME, kind, payload, reference=reference, event_id=event)


MOUNT = FlutterwaveV4()
