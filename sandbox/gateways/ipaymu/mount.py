"""iPaymu as a mount: signed requests, its envelope, callbacks in the variants that its own samples disagree on."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.gateways.books import OUTSIDE, Account
from sandbox.gateways.ipaymu import signing
from sandbox.gateways.messages import Answer, Refused, Request
from sandbox.gateways.mount import Mount
from sandbox.gateways.world import World

NAME = "ipaymu"
PLATFORM, UNSETTLED = Account(NAME, "platform"), Account(NAME, "platform", "pending")
PAYERS, FEES = Account(NAME, OUTSIDE, "payers"), Account(NAME, OUTSIDE, "fees")
JAKARTA = timezone(timedelta(hours=7))
FORM = "application/x-www-form-urlencoded"
Row = dict[str, Any]


class Ipaymu(Mount):
    """No idempotency, on purpose: a reference that comes again makes a second payable code."""

    name, path = NAME, "/ipaymu/api/v2"
    defaults = {
        "va": "1179000899",
        "api_key": "SANDBOX-simulator",
        "livemode": False,
        # Callbacks: variant A or B, as a form or as JSON, other letters than ASCII escaped or raw.
        "callback_variant": "B",
        "callback_form": True,
        "callback_escaped": True,
        "fee_basis_points": 70,
        # Paid money is there at once, or after so many seconds (status 6 until then).
        "settle_seconds": 0,
        # Whether a link that nobody opened is in the history; the answers to a history, in either shape.
        "links_listed": True,
        "history_member": "Transaction",
        "transferva_granted": False,
    }
    retry_seconds = (60, 300, 900, 3600, 3600, 3600)
    hook_seconds = 30
    status_names, amount_names, currency_names = ("Status",), ("Amount", "Total", "SubTotal"), ()

    def check(self, request: Request) -> None:
        settings, headers = request.world.settings(NAME), request.headers
        # Of a GET the papers are not clear: nothing, an empty object or the query may be hashed.
        query = json.dumps(request.query, separators=(",", ":")).encode()
        bodies = [request.body] if request.verb != "GET" else [b"", b"{}", query]
        known = [
            signing.of_request(request.verb, settings["va"], settings["api_key"], each) for each in bodies
        ]
        given = headers.get("signature", "")
        genuine = any(hmac.compare_digest(each.encode(), given.encode()) for each in known)
        if headers.get("va") != settings["va"] or not genuine or len(headers.get("timestamp", "")) != 14:
            raise Refused(401, {"Status": 401, "Message": "unauthorized"})

    def parse(self, request: Request) -> Any:
        data = super().parse(request) if request.verb == "POST" else {}
        if not isinstance(data, dict):
            raise invalid("body", "bukan objek JSON")
        return data

    def references(self, request: Request) -> list[str]:
        data = request.data if isinstance(request.data, dict) else {}
        names = ("referenceId", "transactionId", "email", "buyerEmail", "phone", "buyerPhone", "account")
        return [str(data[name]) for name in names if data.get(name)]

    def error(self, kind: str, request: Request) -> Answer:
        status, message = {"500": (500, "server error"), "429": (429, "too many requests"),
                           "unauthorized": (401, "unauthorized")}.get(kind, (404, "not found"))  # fmt: skip
        return Answer({"Status": status, "Message": message}, status, stored=False)

    def subject(self, payload: Any) -> list[Row]:
        data = payload.get("Data")
        listed = data.get("Results") or data.get("Transaction") if isinstance(data, dict) else None
        return listed or ([data] if isinstance(data, dict) else [])

    def hook_path(self, world: World, payload: Row) -> str:
        return str(payload["url"])

    def render(self, world: World, payload: Row) -> tuple[bytes, str]:
        settings = world.settings(NAME)
        fields = signing.variant(payload, settings["callback_variant"])
        if not settings["callback_form"]:
            return json.dumps(fields, ensure_ascii=settings["callback_escaped"]).encode(), "application/json"
        # As PHP writes a form: truth is 1 or 0, and what is empty is left out.
        pairs = {name: int(value) if isinstance(value, bool) else value for name, value in fields.items()}
        return urlencode({name: value for name, value in pairs.items() if value != []}).encode(), FORM

    def reserialised(self, body: bytes) -> bytes:
        """Other bytes; what is signed are the members, so this one stays genuine."""
        if body.startswith(b"{"):
            return super().reserialised(body)
        return urlencode(sorted(parse_qsl(body.decode(), keep_blank_values=True))).encode()

    def sign(self, world: World, body: bytes, at: float) -> dict[str, str]:
        settings = world.settings(NAME)
        text = body.decode()
        fields = json.loads(text) if text.startswith("{") else dict(parse_qsl(text, keep_blank_values=True))
        typed = signing.variant(fields, settings["callback_variant"])
        moment = datetime.fromtimestamp(at, JAKARTA).isoformat(timespec="seconds")
        signature = signing.of_callback(typed, settings["va"], escaped=settings["callback_escaped"])
        event = hashlib.sha256(body).hexdigest()[:32]
        return {"X-External-ID": event, "X-Timestamp": moment, "X-Signature": signature}

    def hook_taken(self, status: int) -> bool:
        return status == 200


MOUNT = Ipaymu()


def invalid(field: str, message: str) -> Refused:
    """400 with the field's faults."""
    return Refused(400, {"Status": 400, "Message": "error - invalid request", "Error": {field: [message]}})


def said(data: Any, message: str = "success") -> Answer:
    """The envelope; its ``Status`` is HTTP's, that of the money is ``Data.Status``."""
    return Answer({"Status": 200, "Success": True, "Message": message, "Data": data})


def text(data: Row, name: str, default: str | None = None) -> str:
    """A member that is text."""
    value = data.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise invalid(name, f"{name} wajib diisi")
    return value


def whole(value: Any, name: str) -> int:
    """Whole rupiah above zero; numbers in text will do."""
    word = str(value)
    if isinstance(value, bool | float) or not word.isascii() or not word.isdigit() or not int(word):
        raise invalid(name, f"{name} harus angka")
    return int(word)


def local(at: float) -> str:
    """A moment (unix seconds) as iPaymu writes it: Jakarta's clock."""
    return datetime.fromtimestamp(at, UTC).astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M:%S")
