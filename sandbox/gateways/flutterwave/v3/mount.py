"""Version 3 as a mount: its key, its envelope, the word that its callbacks carry."""

import json
from typing import Any

from sandbox.gateways.faults import Rule
from sandbox.gateways.flutterwave import money
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.mount import Mount
from sandbox.gateways.world import World

NAME = "flutterwave-v3"
Row = dict[str, Any]


class FlutterwaveV3(Mount):
    """Faults and settings name it ``flutterwave-v3``; its money is ``flutterwave``'s."""

    name, path = NAME, "/flw/v3"
    defaults = {
        "secret_keys": ["FLWSECK_TEST-simulator-X"],
        "webhook_url": "",
        "webhook_secrets": ["flw_secret_hash"],
        "livemode": False,
        "fee_basis_points": 140,
        "transfer_fee": 2688,
        # A transfer without a suffix in its reference stays as it is for ever; a number of seconds ends that.
        "transfer_seconds": None,
        "refund_seconds": 60,
        # No paper says with which status an unknown transaction is answered.
        "missing_status": 404,
    }
    retry_seconds = (1800, 1800, 1800)
    hook_seconds = 60
    amount_names = ("amount", "charged_amount")

    def check(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key not in request.world.settings(NAME)["secret_keys"]:
            raise refused("Invalid authorization key", 401)

    def parse(self, request: Request) -> Any:
        try:
            data = json.loads(request.body) if request.body else {}
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise refused("The body is a JSON object")
        return data

    def references(self, request: Request) -> list[str]:
        data = request.data if isinstance(request.data, dict) else {}
        listed = data.get("bulk_data")
        items = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        words = [
            each.get(name) for each in [data, *items] for name in ("tx_ref", "reference", "account_number")
        ]
        words += [
            data.get("token"),
            data.get("email"),
            request.query.get("tx_ref"),
            request.query.get("reference"),
        ]
        return [str(word) for word in [*words, *request.args.values()] if word]

    def error(self, kind: str, request: Request) -> Answer:
        if kind == "500":  # another shape than all the others
            found = {
                "error_id": request.world.fresh("err_"),
                "message": "Something went wrong",
                "code": "app_error",
            }
            return Answer(found, 500, stored=False)
        status, message = {
            "429": (429, "Too many requests"),
            "unauthorized": (401, "Invalid authorization key"),
        }.get(kind, (404, "Not found"))
        return Answer({"status": "error", "message": message, "data": None}, status, stored=False)

    def drain(self, world: World, rule: Rule) -> None:
        money.drain(world)

    def sign(self, world: World, body: bytes, at: float) -> dict[str, str]:
        """The word itself: nothing of the body is in it."""
        return {"verif-hash": world.settings(NAME)["webhook_secrets"][0]}

    def missign(self, headers: dict[str, str], dice: Any) -> dict[str, str]:
        return {"verif-hash": f"not-{headers['verif-hash']}"}

    def hook_taken(self, status: int) -> bool:
        return status == 200


MOUNT = FlutterwaveV3()


def refused(message: str, status: int = 400) -> Refused:
    """The error envelope."""
    return Refused(status, {"status": "error", "message": message, "data": None})


def said(message: str, data: Any, **more: Any) -> Answer:
    """``success`` says that the call was taken; the state of the money is ``data.status``."""
    return Answer({"status": "success", "message": message, **more, "data": data})


def text(data: Row, name: str, default: str | None = None) -> str:
    """A member that is text."""
    value = data.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise refused(f"{name} is required")
    return value


def amount(data: Row, currency: str, name: str = "amount") -> int:
    """A decimal above zero, in minor units."""
    found = money.minor(data.get(name), currency)
    if found is None:
        raise refused(f"{name} is invalid")
    return found


def currency(data: Row, default: str | None = None) -> str:
    """One that is known."""
    found = text(data, "currency", default).upper()
    if found not in money.DIGITS:
        raise refused("This currency is not supported")
    return found


def missing(world: World, message: str) -> Refused:
    """No such object."""
    return refused(message, world.settings(NAME)["missing_status"])
