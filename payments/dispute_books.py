"""The postings of disputes (docs/ledger.md, `dispute.*`)."""

from __future__ import annotations

from uuid import UUID

from engine.core import clock
from engine.ledger import accounts, posting
from engine.ledger.accounts import Key
from engine.ledger.chart import Kind
from engine.ledger.models import Account
from engine.ledger.posting import Leg
from payments.models import Dispute, Payment
from payments.pipeline.books import movement


def opened(row: Dispute, payment: Payment) -> None:
    """The money is away from the provider, and the payee's part of it is frozen. Writes in the caller's transaction."""
    at = _accounts(payment)
    _post(row, payment, "dispute.opened", [
        (at["dispute_receivable"], at["clearing"], row.amount_minor), (at["payable"], at["frozen"], _payees(row)),
    ])  # fmt: skip


def won(row: Dispute, payment: Payment) -> None:
    """The mirror: it came back. Writes likewise."""
    at = _accounts(payment)
    _post(row, payment, "dispute.won", [
        (at["clearing"], at["dispute_receivable"], row.amount_minor), (at["frozen"], at["payable"], _payees(row)),
    ])  # fmt: skip


def lost(row: Dispute, payment: Payment) -> None:
    """It is gone: the payee bears their part, the platform the rest. Writes likewise."""
    at = _accounts(payment)
    _post(row, payment, "dispute.lost", [
        (at["frozen"], at["dispute_receivable"], _payees(row)),
        (at["dispute_loss"], at["dispute_receivable"], row.amount_minor - _payees(row)),
    ])  # fmt: skip


def cost(row: Dispute, payment: Payment, minor: int) -> None:
    """What the provider asks for the dispute, beyond what was booked; below 0 it gave some back. Writes likewise."""
    at = _accounts(payment)
    ends = (at["dispute_loss"], at["clearing"]) if minor > 0 else (at["clearing"], at["dispute_loss"])
    kind = "dispute.cost" if minor > 0 else "dispute.cost_returned"
    _post(row, payment, kind, [(*ends, abs(minor))], source=cost_id(row.pk, row.costs))


def cost_id(dispute_id: UUID, no: int) -> UUID:
    """The fact that piece `no` of its costs, counted from 0, is booked under."""
    return movement(dispute_id, str(no))


def _payees(row: Dispute) -> int:
    return row.counted_minor - row.fee_minor


def _accounts(payment: Payment) -> dict[str, int]:
    """Those that were frozen with the payment, and those of disputes; the payee's frozen one is of the same owner."""
    payee = Account.objects.values_list("owner_id", flat=True).get(pk=payment.accounts["payable"])
    keys = {
        "dispute_receivable": Key(Kind.DISPUTE_RECEIVABLE, payment.currency),
        "dispute_loss": Key(Kind.DISPUTE_LOSS, payment.currency),
        "frozen": Key(Kind.FROZEN, payment.currency, payee),
    }
    found = accounts.ensure(keys.values())
    return {**payment.accounts, **{role: found[key] for role, key in keys.items()}}


def _post(
    row: Dispute,
    payment: Payment,
    kind: str,
    parts: list[tuple[int, int, int]],
    *,
    source: UUID | None = None,
) -> None:
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    legs = [
        Leg(kind, source or row.pk, seq, debit, credit, row.currency, minor, at)
        for seq, (debit, credit, minor) in enumerate(parts)
        if minor > 0
    ]
    posting.post(legs, machine_at=now)
