"""What may still be given back of a payment, and whose part of it that is. Amounts in minor units."""

from __future__ import annotations

from payments.models import Dispute, Payment, Refund


def left_of(payment: Payment) -> int:
    """What is neither given back, nor on its way back, nor disputed."""
    taken = payment.refunded_minor + payment.refunding_minor + payment.disputed_minor
    return max(0, payment.settled_minor - taken) if payment.state == Payment.State.SUCCEEDED else 0


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
    whole = payment.fee_minor * payment.settled_minor // payment.amount_minor
    share = payment.fee_minor * (before + amount) // payment.amount_minor - taken
    payees_left = (payment.settled_minor - whole) - (before - taken)
    return min(max(share, amount - payees_left, 0), amount, max(0, whole - taken))
