"""What a payer's bank takes back until somebody is right."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from payments import states
from payments.models.payment import Payment


class Dispute(models.Model):
    """A dispute as its provider had it at the last look. Amounts in minor units.

    `payment` bears it; none, while it is not known whose it is. `charge_ref` is what its provider calls the disputed
    charge. `counted_minor` is what the payment had left of
    `amount_minor`, `fee_minor` the platform's part of that: the rest is frozen in the payee's account. `corrections`
    says how often what was booked was booked anew. `cost_minor` is what the provider asked for the dispute itself,
    booked so far in `costs` pieces.
    """

    class State(models.TextChoices):
        OPEN = "open"  # evidence is due
        UNDER_REVIEW = "under_review"
        WON = "won"  # the money came back
        LOST = "lost"

    id = models.UUIDField(primary_key=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, db_index=False, null=True, related_name="disputes"
    )
    provider = models.CharField(max_length=40)
    dispute_ref = models.CharField(max_length=120)
    charge_ref = models.CharField(max_length=160, default="", db_default="")
    state = models.CharField(max_length=14, choices=State, default=State.OPEN, db_default="open")
    version = models.PositiveIntegerField(default=1, db_default=1)  # numbers its events
    currency = models.CharField(max_length=10)
    amount_minor = models.BigIntegerField()
    counted_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    corrections = models.PositiveIntegerField(default=0, db_default=0)
    cost_minor = models.BigIntegerField(default=0, db_default=0)
    costs = models.PositiveIntegerField(default=0, db_default=0)
    reason = models.TextField()
    case_id = models.UUIDField()
    opened_at = models.DateTimeField()  # the provider's
    evidence_due_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "dispute_ref"], name="one_dispute_per_reference"),
            models.CheckConstraint(
                condition=Q(
                    fee_minor__gte=0, fee_minor__lte=F("counted_minor"), counted_minor__lte=F("amount_minor")
                ),
                name="dispute_amounts_make_sense",
            ),
        ]
        indexes = [
            models.Index(fields=["payment"], name="disputes_of_payment"),
            models.Index(
                fields=["looked_at"], condition=Q(state__in=states.OPEN_DISPUTE), name="disputes_to_look_at"
            ),
        ]

    def __str__(self) -> str:
        return f"dispute {self.dispute_ref} of {self.payment_id} {self.state}"
