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


def opened(row: Dispute, payment: Payment | None) -> None:
    """The money is away from the provider, and the payee's part of it is frozen. Writes in the caller's transaction."""
    _post(row, payment, "dispute.opened", _away(row, payment))


def corrected(row: Dispute, payment: Payment | None) -> None:
    """The mirror of what is booked of one that is open or lost: it is booked anew. Writes likewise."""
    booked = _away(row, payment) + (_gone(row, payment) if row.state == Dispute.State.LOST else [])
    back = [(credit, debit, minor) for debit, credit, minor in booked]
    _post(row, payment, "dispute.corrected", back)


def won(row: Dispute, payment: Payment | None) -> None:
    """The mirror: it came back. Writes likewise."""
    back = [(credit, debit, minor) for debit, credit, minor in _away(row, payment)]
    _post(row, payment, "dispute.won", back)


def lost(row: Dispute, payment: Payment | None) -> None:
    """It is gone: the payee bears their part, the platform the rest. Writes likewise."""
    _post(row, payment, "dispute.lost", _gone(row, payment))


def covered(row: Dispute, minor: int) -> None:
    """Of a lost one that no payee bears: what it took was not the platform's, but lay here for nobody's debt. Writes
    likewise."""
    at = _accounts(row, None)
    _post(row, None, "dispute.covered", [(at["clearing"], at["dispute_loss"], minor)])


def cost(row: Dispute, payment: Payment | None, minor: int) -> None:
    """What the provider asks for the dispute, beyond what was booked; below 0 it gave some back. Writes likewise."""
    at = _accounts(row, payment)
    ends = (at["dispute_loss"], at["clearing"]) if minor > 0 else (at["clearing"], at["dispute_loss"])
    kind = "dispute.cost" if minor > 0 else "dispute.cost_returned"
    _post(row, payment, kind, [(*ends, abs(minor))], source=_cost_id(row.pk, row.costs))


def keys_of(dispute_id: UUID, *, corrections: int, costs: int) -> list[UUID]:
    """All facts that are booked of one: each time that it was booked, and each piece of its costs."""
    booked = [_booking_id(dispute_id, no) for no in range(corrections + 1)]
    return booked + [_cost_id(dispute_id, no) for no in range(costs)]


def _booking_id(dispute_id: UUID, no: int) -> UUID:
    """The fact of booking it for the time `no`, counted from 0, and of what ends that."""
    return movement(dispute_id, f"corrected {no}") if no else dispute_id


def _cost_id(dispute_id: UUID, no: int) -> UUID:
    return movement(dispute_id, str(no))


def _away(row: Dispute, payment: Payment | None) -> list[tuple[int, int, int]]:
    at = _accounts(row, payment)
    return [
        (at["dispute_receivable"], at["clearing"], row.amount_minor),
        (at["payable"], at["frozen"], _payees(row)),
    ]


def _gone(row: Dispute, payment: Payment | None) -> list[tuple[int, int, int]]:
    at = _accounts(row, payment)
    return [
        (at["frozen"], at["dispute_receivable"], _payees(row)),
        (at["dispute_loss"], at["dispute_receivable"], row.amount_minor - _payees(row)),
    ]


def _payees(row: Dispute) -> int:
    return row.counted_minor - row.fee_minor


def _accounts(row: Dispute, payment: Payment | None) -> dict[str, int]:
    """Those that were frozen with the payment, and those of disputes; the payee's frozen one is of the same owner.

    Where no payment bears it there is no payee's part: nothing is booked on the last two.
    """
    keys = {
        "clearing": Key(f"{Kind.CLEARING}:{row.provider}", row.currency),
        "dispute_receivable": Key(Kind.DISPUTE_RECEIVABLE, row.currency),
        "dispute_loss": Key(Kind.DISPUTE_LOSS, row.currency),
    }
    if payment is not None:
        payee = Account.objects.values_list("owner_id", flat=True).get(pk=payment.accounts["payable"])
        keys["frozen"] = Key(Kind.FROZEN, payment.currency, payee)
    found = accounts.ensure(keys.values())
    ours = {role: found[key] for role, key in keys.items()}
    return {**payment.accounts, **ours} if payment is not None else {**ours, "payable": 0, "frozen": 0}


def _post(
    row: Dispute,
    payment: Payment | None,
    kind: str,
    parts: list[tuple[int, int, int]],
    *,
    source: UUID | None = None,
) -> None:
    now, clock_id = clock.machine_now(), payment.clock_id if payment else clock.REAL
    at = clock.business_times([clock_id], now)[clock_id]
    fact = source or _booking_id(row.pk, row.corrections)
    legs = [
        Leg(kind, fact, seq, debit, credit, row.currency, minor, at)
        for seq, (debit, credit, minor) in enumerate(parts)
        if minor > 0
    ]
    posting.post(legs, machine_at=now)
