"""A provider driven by the real pipeline, in one process: real rows, real HTTP, real threads, and no waiting.

Machine time is not bent; what is due later is made due now, and the simulator's own clock moves on.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client

from engine.core import clock, sql
from engine.core.actor import Actor, Role
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.base import Provider
from payments import charge, refund
from payments.callbacks import work
from payments.charge import Charge
from payments.models import Attempt, Payment
from payments.pipeline import apply, driver, verify
from payments.pipeline.lanes import Lane

OLGA = Actor("olga", "user", Role.OPERATOR)
MOST_ROUNDS = 24
PATIENCE = 4.0
_DUE = "UPDATE payments_payment SET next_action_at = machine_now() WHERE next_action_at > machine_now()"
_LONG_AGO = "UPDATE payments_attempt SET send_by = %(at)s WHERE state IN ('sent', 'pending', 'unknown') AND send_by > %(at)s"  # noqa: E501
_DAYS_AGO = """
UPDATE payments_attempt SET created_at = %(at)s WHERE state IN ('sent', 'pending', 'unknown') AND created_at > %(at)s
"""


@dataclass
class Driven:
    """One provider of the registry, with an outside world (tests/conformance/outsides.py)."""

    name: str
    outside: Any

    @property
    def provider(self) -> Provider:
        return registry.get(self.name)

    def charge(self, kind: str = "good", *, amount_minor: int | None = None) -> UUID:
        """A scheduled payment of a payer of this kind; its id."""
        now, instructions = clock.machine_now(), self.outside.payer(kind)
        one = Charge(
            source_kind="test", source_id=uuid7(), no=1, provider=self.name, clock_id=0, method_id=None,
            queue_key=uuid7(), due_at=now, grace_until=now, currency=self.outside.currency,
            amount_minor=amount_minor or self.outside.price_minor, fee_minor=0, instructions=instructions,
            customer_id=uuid7(), creator_id=uuid7(), correlation_id=uuid7(),
        )  # fmt: skip
        return charge.schedule([one], machine_at=now)[0]

    def paid(self) -> UUID:
        """A charge that is paid; its id."""
        one = self.charge()
        self.settle(one)
        assert self.payment(one).state == "succeeded"
        return one

    def give_back(self, payment_id: UUID, amount_minor: int | None = None) -> UUID:
        """The payment that is to carry a refund out. Raises Refusal."""
        asked = refund.request(payment_id, amount_minor=amount_minor, reason="a drill", by=OLGA)
        return Payment.objects.get(source_kind="refund", source_id=asked.pk).pk

    def send(self, operation: str = "charge") -> None:
        """One run of the lane's driver: take, mark sent, send, evidence."""
        driver.drive(Lane(operation, self.name))

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Meanwhile another worker's thread runs the lane's driver; it has ended afterwards."""

        def run() -> None:
            try:
                self.send()
            finally:
                connection.close()

        worker = threading.Thread(target=run)
        worker.start()
        try:
            yield
        finally:
            worker.join(30)
            assert not worker.is_alive()

    def told(self, body: bytes, headers: dict[str, str]) -> int:
        """A callback comes to our door; the status that it is answered with."""
        kind, client = (
            headers["content-type"],
            Client(raise_request_exception=False, enforce_csrf_checks=True),
        )
        more = {
            name: value for name, value in headers.items() if name not in ("content-type", "content-length")
        }
        path = f"/api/webhooks/{self.name}"
        return client.generic("POST", path, body, content_type=kind, headers=more).status_code

    def hear(self, operation: str = "charge") -> None:
        """What came to the door is worked, and the looks that are due by it are taken: no other is brought forward."""
        work.work()
        verify.verify(Lane(operation, self.name))
        self.apply()

    def apply(self) -> None:
        """Every stored piece of evidence."""
        while apply.apply():
            pass

    def look(self, operation: str = "charge") -> None:
        """One run of verify over what is open, as if its time had come and each send lay far behind."""
        self.hasten()
        verify.verify(Lane(operation, self.name))
        self.apply()

    def hasten(self) -> None:
        """What waits is due now, and what was sent was sent long ago."""
        sql.affected(_DUE, {})
        sql.affected(_LONG_AGO, {"at": clock.machine_now() - timedelta(hours=2)})

    def days_later(self) -> None:
        """Whatever is still not known has not been known for days: a person is asked."""
        sql.affected(_DAYS_AGO, {"at": clock.machine_now() - timedelta(days=3)})

    def settle(self, *payment_ids: UUID, operation: str = "charge", rounds: int = MOST_ROUNDS) -> None:
        """Go on until these have ended or are parked; AssertionError if they never do."""
        began = time.monotonic()
        # A gateway that told us to wait holds all of us back for a second of real time.
        for number in itertools.takewhile(
            lambda n: n < rounds or time.monotonic() < began + PATIENCE, itertools.count()
        ):
            if number == rounds // 2:
                self.days_later()
            self.send(operation)
            self.apply()
            self.look(operation)
            self.outside.later()
            if not self.open(*payment_ids):
                return
            time.sleep(0.02)
        raise AssertionError([str(one) for one in self.payments(*payment_ids)])

    def open(self, *payment_ids: UUID) -> bool:
        """Whether one of them may still move by itself."""
        return any(
            one.state in ("scheduled", "in_flight") and one.parked_at is None
            for one in self.payments(*payment_ids)
        )

    def payments(self, *payment_ids: UUID) -> list[Payment]:
        return list(Payment.objects.filter(pk__in=payment_ids).order_by("id"))

    def payment(self, payment_id: UUID) -> Payment:
        return Payment.objects.get(pk=payment_id)

    def attempts(self, payment_id: UUID) -> list[Attempt]:
        return list(Attempt.objects.filter(payment_id=payment_id).order_by("seq"))

    def judge(self, *payment_ids: UUID) -> None:
        """I1, I2, I4: money moved once at most, and what the books say is what moved."""
        for one in self.payments(*payment_ids):
            moved = self.outside.paid(one.pk)
            about = f"{one.state} {one.parked_reason}: {moved} of {one.amount_minor} {one.currency} moved"
            assert len(moved) <= 1, about
            if one.state == "succeeded":
                assert moved == [(one.amount_minor, one.currency)], about
            elif one.parked_at is None:
                assert one.state in ("failed", "canceled") and not moved, about
            else:
                assert one.parked_reason, about
