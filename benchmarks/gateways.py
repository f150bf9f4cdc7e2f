"""The world of (h): the gateways' simulator, one that answers late, one that hangs and one that drips."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass
from typing import Any

from sandbox.gateways.control import Gateways
from sandbox.rails.gateways import FlutterwaveV3, Paystack, Stripe
from sandbox.rails.rail import Rail

LATENCY = 0.2  # seconds
IN_FLIGHT = 50  # what an operator who sets nothing has, in threads and in batches
LANES: tuple[type[Rail], ...] = (FlutterwaveV3, Paystack, Stripe)
SPANS = {
    "LANE_THREADS": str(IN_FLIGHT),
    "PAYMENT_BATCH_SIZE": str(IN_FLIGHT),
    # No breaker opens: the threads of who hangs or drips stay where they are.
    "BREAKER_FAILURES": "1000000",
    **{f"{rail.name.upper()}_CALLS_PER_SECOND": "10000" for rail in LANES},
}
SICK = ("paystack", "stripe")
CURRENCY = "USD"  # all three take it
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "timeout_before", "provider": "paystack", "route": "POST /transaction", "seconds": 3600},
    {"kind": "drip", "provider": "stripe", "route": "POST .*/payment_intents", "delay_ms": 1000},
)


@dataclass
class World:
    """`payers` are payment methods' details by provider, `people` the subscriptions there are by now."""

    gateways: Gateways
    payers: dict[str, list[dict[str, Any]]]
    people: int = 0

    def stop(self) -> None:
        """End the simulator."""
        self.gateways.stop()

    def sicken(self) -> None:
        """From now on one gateway never answers and another answers byte by byte."""
        for fault in FAULTS:
            self.gateways.fault(**fault)

    def charged(self) -> int:
        """Charges that moved money at the healthy one."""
        found, since = 0, 0
        while rows := self.gateways.ledger(since=since, provider="flutterwave", kind="charge"):
            found, since = found + len(rows), rows[-1]["seq"]
        return found

    def ceiling(self, count: int) -> float:
        """Answers a second, each 200 ms late, of twice as many connections that do nothing but ask."""
        began = time.perf_counter()
        asyncio.run(self._ask(count))
        return count / (time.perf_counter() - began)

    async def _ask(self, count: int) -> None:
        each = count // (2 * IN_FLIGHT)
        await asyncio.gather(*(self._in_turns(number, each) for number in range(2 * IN_FLIGHT)))

    async def _in_turns(self, number: int, count: int) -> None:
        host, _, port = self.gateways.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for turn in range(count):
            writer.write(_charge(self.payers["flutterwave"][0], f"ceiling-{number}-{turn}"))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if not head.startswith(b"http/1.1 200") or b'"successful"' not in await reader.readexactly(
                length
            ):
                raise RuntimeError(f"the simulator refused: {head!r}")
        writer.close()


def open_world(size: dict[str, Any]) -> World:
    """Start the simulator and set the product's environment for it. Call it before Django is set up."""
    gateways = Gateways.start()
    os.environ.update(SPANS)
    payers = {}
    for make in LANES:
        rail = make(gateways)
        os.environ.update(rail.environ())
        found = [rail.payer(f"{rail.name}-{n}@example.com") for n in range(size["payers"])]
        for details in found:
            del details["source"]  # what many methods here share would be one queue
        payers[rail.name] = found
    gateways.fault("slow", provider="flutterwave-v3", delay_ms=int(LATENCY * 1000))
    return World(gateways, payers)


def _charge(payer: dict[str, Any], reference: str) -> bytes:
    asked = {"token": payer["token"], "email": payer["email"], "currency": "NGN", "country": "NG"}
    body = json.dumps({**asked, "amount": 100, "tx_ref": reference}).encode()
    head = (
        "POST /flw/v3/tokenized-charges HTTP/1.1\r\nHost: simulator\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {os.environ['FLUTTERWAVE_SECRET_KEY']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
