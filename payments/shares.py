"""What may still be given back of a payment, and whose part of it that is. Amounts in minor units."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Sum

from engine.core import sql
from payments.models import Dispute, Payment, Refund

PAID = (Payment.State.SUCCEEDED, Payment.State.SUCCEEDED_LATE)


def collected_of(payment: Payment) -> int:
    """What of it was shared out to its payee and the platform: of what came late only what a person applied. Reads."""
    if payment.state != Payment.State.SUCCEEDED_LATE:
        return payment.settled_minor
    return min(payment.settled_minor, sum(paid_late(payment).values()))


def paid_late(payment: Payment) -> dict[UUID, int]:
    """By attempt what came after its end and paid its debt all the same, and was not taken back. Reads."""
    return dict(sql.rows(sql.statement(__file__, "paid_late"), {"payment": payment.pk}))


def left_of(payment: Payment) -> int:
    """What of it is neither given back, nor on its way back, nor disputed. Reads."""
    if payment.state not in PAID:
        return 0
    taken = payment.refunded_minor + payment.refunding_minor + payment.disputed_minor
    return max(0, collected_of(payment) - taken)


def free_of(payment: Payment) -> int:
    """The same less what lost disputes took beyond what is counted of them. Reads."""
    return max(0, left_of(payment) - uncounted(payment))


def uncounted(payment: Payment) -> int:
    """What lost disputes took beyond what is counted of them: a refund on its way had the room. Reads."""
    lost = Dispute.objects.filter(payment=payment, state=Dispute.State.LOST)
    return int(lost.aggregate(sum=Sum(F("amount_minor") - F("counted_minor")))["sum"] or 0)


def fee_of(payment: Payment, amount: int) -> int:
    """The platform's part of the next `amount` that goes back: its share of all so far, less what these took. Reads.

    Parts then add up to the whole fee, whatever they are. Where an earlier one failed, neither side gives back more
    than it had; what came late and went back was no part of it. The payment is locked, so that nobody else counts.
    """
    refunds = Refund.objects.filter(payment=payment, attempt_id=None).exclude(
        state__in=("failed", "canceled")
    )
    disputes = Dispute.objects.filter(payment=payment).exclude(state="won")
    gone = [
        *refunds.values_list("amount_minor", "fee_minor"),
        *disputes.values_list("counted_minor", "fee_minor"),
    ]
    before, taken = sum(each[0] for each in gone), sum(each[1] for each in gone)
    collected = collected_of(payment)
    whole = payment.fee_minor * collected // payment.amount_minor
    share = payment.fee_minor * (before + amount) // payment.amount_minor - taken
    payees_left = (collected - whole) - (before - taken)
    return min(max(share, amount - payees_left, 0), amount, max(0, whole - taken))
