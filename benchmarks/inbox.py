"""(g) The inbox: a gateway's signed callbacks over the real web process, at a steady rate."""

from __future__ import annotations

import hashlib
import hmac
import json
import os

from benchmarks import load
from benchmarks.api import cpu_seconds, web
from benchmarks.machine import cores
from payments.callbacks.models import Callback

KEY = "sk_test_bench"
_AGAIN = 20  # each twentieth is sent twice
PATH = "/api/webhooks/paystack"


def measure(size: dict[str, int]) -> dict[str, object]:
    """Paystack's events as Paystack signs them, each to a row of its own; some come again."""
    os.environ["PAYSTACK_SECRET_KEY"] = KEY
    count = size["rate"] * size["seconds"]
    bodies = [_event(number) for number in range(count - count // _AGAIN)]
    bodies += bodies[: count // _AGAIN]
    warm = [_event(-1 - number) for number in range(size["rate"])]
    with web(processes=size["processes"]) as (port, pid):
        _send(port, warm, rate=size["rate"] / 2)
        rested = _send(port, [_event(-10_000 - number) for number in range(size["rested"])], rate=20)
        before, before_all = cpu_seconds(pid), Callback.objects.count()
        took = _send(port, bodies, rate=size["rate"])
        spent = cpu_seconds(pid) - before
    return {
        **size, "sent": count, "again": count // _AGAIN, "took": took, "rested": rested,
        "cpu_ms": spent * 1000 / count, "bytes": len(bodies[0]), "cores": cores(),
        "kept": Callback.objects.count() - before_all,
    }  # fmt: skip


def _send(port: int, bodies: list[str], *, rate: float) -> list[float]:
    """Milliseconds of each. Written out beforehand: the sender is not what is measured, and has the same cores."""
    ready = [_request(body.encode()) for body in bodies]

    def nth(number: int) -> tuple[str, load.Send]:
        return "callback", lambda: load.exchange(port, ready[number])

    return load.steady(nth, rate=rate, seconds=len(bodies) / rate)["callback"]


def _request(body: bytes) -> bytes:
    """As Paystack sends it, signed."""
    head = [
        f"POST {PATH} HTTP/1.1", "Host: 127.0.0.1", "User-Agent: Paystack/2.0", "Accept: */*",
        "Content-Type: application/json", f"Content-Length: {len(body)}",
        f"x-paystack-signature: {hmac.new(KEY.encode(), body, hashlib.sha512).hexdigest()}",
    ]  # fmt: skip
    return "\r\n".join([*head, "", ""]).encode() + body


def _event(number: int) -> str:
    """As large as a usual one."""
    paid = {
        "id": 302_961 + number, "domain": "test", "status": "success", "reference": f"bench-{number}",
        "amount": 10_000, "currency": "NGN", "channel": "card", "log": "x" * 900,
    }  # fmt: skip
    return json.dumps({"event": "charge.success", "data": paid})
