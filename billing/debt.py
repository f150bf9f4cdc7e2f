"""An open invoice while payments of it come to their ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from billing import states
from engine.core.errors import Refusal
from engine.outbox.emit import NewEvent
from payments.sources import SourceChange

if TYPE_CHECKING:
    from billing.account import Account

PAID = ("succeeded", "paid_late")
TAKEN_BACK = ("payment_taken_back", "The provider took back what had been paid.")
_TOLD = {"failed": "invoice.payment_failed", "succeeded": "invoice.paid", "paid_late": "invoice.paid",
         "reversed": "invoice.reopened", "refunded": "invoice.refunded"}  # fmt: skip


@dataclass(slots=True)
class Debt:
    """The columns of lock_invoices.sql, changed in place by `take`. Amounts in minor units."""

    id: UUID
    subscription_id: UUID
    state: str
    currency: str
    due_minor: int
    collecting_minor: int
    collected_minor: int
    version: int
    clock_id: int
    period_no: int
    reason_code: str
    reason: str
    failure_class: str
    first_failed_at: datetime | None
    paid_at: datetime | None
    refunded_minor: int

    def take(self, change: SourceChange) -> None:
        """Book one end of a payment on the counters. Raises Refusal for what can't be true of this invoice."""
        if change.state == "succeeded_late":
            return None  # its reservation came off when it was given up; the money stands in unapplied
        if change.state == "reversed":
            return self._taken_back(change)
        if change.state == "refunded":
            self.refunded_minor += change.amount_minor
            self.version += 1
            return None
        if change.state == "paid_late":
            return self._succeeded(change)  # a person says so; nothing was reserved for it
        if change.amount_minor > self.collecting_minor:
            raise Refusal("reservation_missing", f"{change.amount_minor} was not reserved on invoice {self.id}",
                          param="amount_minor")  # fmt: skip
        self.collecting_minor -= change.amount_minor
        if change.state == "succeeded":
            self._succeeded(change)
        elif change.state == "failed":
            self._failed(change)
        else:
            self.reason_code, self.reason = change.failure_code, change.failure_message
        return None

    def _succeeded(self, change: SourceChange) -> None:
        if change.currency != self.currency:
            raise Refusal("currency_mismatch", f"{change.currency} can't pay an invoice in {self.currency}",
                          param="currency")  # fmt: skip
        if self.state not in ("open", "uncollectible"):
            raise Refusal("invoice_closed", f"the invoice is {self.state}", param="source_id")
        if self.collected_minor + self.collecting_minor + change.settled_minor > self.due_minor:
            raise Refusal("beyond_due", f"{change.settled_minor} is more than what is left of the invoice's "
                          f"{self.due_minor}", param="settled_minor")  # fmt: skip
        self.collected_minor += change.settled_minor
        self.version += 1
        if self.collected_minor == self.due_minor:
            states.INVOICE.check(self.state, "paid")
            self.state, self.paid_at = "paid", change.business_at
            self.reason_code = self.reason = self.failure_class = ""

    def _taken_back(self, change: SourceChange) -> None:
        """Owed again, with its reason. Nobody is asked before its case is closed, nor dunned for it by itself."""
        if self.collected_minor + change.settled_minor < 0:
            raise Refusal("never_collected", f"{-change.settled_minor} is more than was collected of invoice {self.id}",
                          param="settled_minor")  # fmt: skip
        self.collected_minor += change.settled_minor
        self.version += 1
        if self.state == "paid":
            states.INVOICE.check(self.state, "open")
            self.state, self.paid_at = "open", None
        self.reason_code, self.reason = TAKEN_BACK

    def _failed(self, change: SourceChange) -> None:
        self.version += 1
        self.reason_code, self.reason = change.failure_code, change.failure_message
        self.failure_class = change.failure_class
        self.first_failed_at = self.first_failed_at or change.business_at

    def events(self, change: SourceChange, account: Account) -> list[NewEvent]:
        """What the outside is told of `change`, with the source's own words (rows 0.49, 0.50)."""
        if change.state not in _TOLD:
            return []
        payload = {
            "invoice_id": self.id, "subscription_id": self.subscription_id, "customer_id": account.customer_id,
            "creator_id": account.creator_id, "plan_number": account.plan_number, "period_no": self.period_no,
            "payment_id": change.payment_id, "payment_number": account.payments_made, "state": self.state,
            "currency": self.currency, "due_minor": self.due_minor, "collected_minor": self.collected_minor,
            "amount_minor": abs(change.settled_minor) or change.amount_minor, "next_due_at": account.next_due_at,
            "refunded_minor": self.refunded_minor, "failure_class": change.failure_class, "code": change.failure_code,
            "reason": change.failure_message,
        }  # fmt: skip
        name = _TOLD[change.state]
        if change.state in PAID and self.state != "paid":
            name = "invoice.partly_paid"
        return [NewEvent(name, "invoice", self.id, self.version, self.clock_id, change.business_at,
                         change.correlation_id, payload)]  # fmt: skip
