"""What a payer is collected from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value

from engine.core.metadata import by_metadata


class PaymentMethod(models.Model):
    """What a payer is collected from: an approved token account, or what a gateway keeps of a card for us.

    `details` holds what the provider freezes into a payment's instructions (addresses, tokens that only our key can
    use). `source` among them names what is pulled from: methods that share it are one queue (charge.queue_of).
    `label` is all that people see of a card. `setup_kind` is empty for what is approved on a chain.
    """

    class State(models.TextChoices):
        PENDING = "pending"  # the payer has not approved it yet, or not finished at the gateway's page
        ACTIVE = "active"
        EXPIRED = "expired"  # the payer did not finish in time; who does later makes it active all the same
        REMOVED = "removed"

    id = models.UUIDField(primary_key=True)
    customer_id = models.UUIDField()
    provider = models.CharField(max_length=40)
    currency = models.CharField(max_length=10)
    details = models.JSONField(default=dict)
    label = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    is_default = models.BooleanField(default=False, db_default=False)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING, db_default="pending")
    setup_kind = models.CharField(max_length=16, default="", db_default="", blank=True)
    setup_url = models.TextField(default="", db_default="", blank=True)
    setup_until = models.DateTimeField(null=True)
    # Machine time: when its set-up is looked at next, or what a gateway keeps of a removed one is given back.
    next_action_at = models.DateTimeField(null=True)
    looks = models.PositiveIntegerField(default=0, db_default=0)
    activated_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_code = models.CharField(max_length=60, default="", db_default="", blank=True)
    check_message = models.TextField(default="", db_default="", blank=True)
    warned_due_at = models.DateTimeField(null=True)  # for which due date (business time) the payer was warned
    balance_minor = models.BigIntegerField(null=True)
    allowance_minor = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField(default=0, db_default=0)  # numbers its events
    metadata = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id"], condition=Q(is_default=True), name="one_default_method_per_customer"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(state="active"), name="a_default_method_is_active"
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id"], name="methods_of_customer"),
            models.Index(
                fields=["next_action_at"], condition=Q(next_action_at__isnull=False), name="methods_to_act_on"
            ),
            by_metadata("methods_by_metadata"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.currency} {self.known_by}"

    @property
    def known_by(self) -> str:
        """What people know it by: `visa •••• 4242`, a wallet's token account, or nothing better than its id."""
        last4 = self.label.get("last4")
        word = next((self.label[name] for name in ("brand", "bank", "channel") if self.label.get(name)), "")
        named = [word, f"•••• {last4}" if last4 else ""]
        shown = " ".join(str(part) for part in named if part)
        return shown or str((not self.setup_kind and self.details.get("source")) or self.pk)

    @property
    def setup(self) -> PaymentMethod | None:
        """Itself, if a gateway keeps it."""
        return self if self.setup_kind else None
