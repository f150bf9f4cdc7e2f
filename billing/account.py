"""A subscription while payments of its invoices come to their ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing import states
from billing.debt import PAID
from engine.outbox.emit import NewEvent
from payments.sources import SourceChange


@dataclass(slots=True)
class Account:
    """The columns of lock_subscriptions.sql and its count of debts, changed in place by `take`."""

    id: UUID
    state: str
    version: int
    customer_id: UUID
    creator_id: UUID
    clock_id: int
    next_due_at: datetime | None
    payments_made: int
    payments_failed: int
    last_payment_at: datetime | None
    reason_code: str
    reason: str
    plan_number: int
    debts: int  # open invoices whose payment failed, this batch included

    def take(self, changes: Sequence[SourceChange]) -> list[NewEvent]:
        """Count the ends of its payments and move its state; the event of that move, if there was one."""
        paid = [change for change in changes if change.state in PAID]
        failed = [change for change in changes if change.state == "failed"]
        self.payments_made += len(paid)
        self.payments_failed += len(failed)
        for change in paid:
            self.last_payment_at = max(self.last_payment_at or change.business_at, change.business_at)
        if failed and self.debts:
            self.reason_code, self.reason = failed[-1].failure_code, failed[-1].failure_message
        elif paid and self.state == "expired" and not self.debts:
            self.reason_code = self.reason = ""  # it had run out owing, and paid since
        new = self._state_after(bool(paid))
        if new == self.state:
            return []
        return [self._move(new, (failed or paid or changes)[-1])]

    def _state_after(self, any_paid: bool) -> str:
        """past_due with a failed debt, active without one. What a person stopped stays stopped.

        A subscription that dunning canceled is reopened by dunning, which knows that it did (danger D11).
        """
        if self.state not in states.BILLED:
            return self.state
        if self.debts:
            return "past_due"
        return "active" if any_paid else self.state

    def _move(self, new: str, cause: SourceChange) -> NewEvent:
        states.SUBSCRIPTION.check(self.state, new)
        self.state, self.version = new, self.version + 1
        if new == "active":
            self.reason_code = self.reason = ""
        payload = {"subscription_id": self.id, "customer_id": self.customer_id, "creator_id": self.creator_id,
                   "plan_number": self.plan_number, "state": new, "code": self.reason_code,
                   "reason": self.reason}  # fmt: skip
        name = "subscription.past_due" if new == "past_due" else "subscription.activated"
        return NewEvent(name, "subscription", self.id, self.version, self.clock_id, cause.business_at,
                        cause.correlation_id, payload)  # fmt: skip
