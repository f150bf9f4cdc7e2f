"""The books: accounts and transfers between two of them. posting.py is the only writer."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Account(models.Model):
    """One account of one currency. `owner_id` says whose (a customer, a creator), null: ours.

    `balance_minor` is debits less credits as far as they are rolled up; add the open deltas for the
    moment's balance. Guarded accounts (a wallet, an escrow hold) carry it locked and exact.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=30)
    owner_id = models.UUIDField(null=True)
    currency = models.CharField(max_length=10)
    guarded = models.BooleanField(default=False, db_default=False)
    balance_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "currency", "owner_id"],
                nulls_distinct=False,
                name="one_account_per_kind_owner_currency",
            ),
            models.CheckConstraint(
                condition=Q(guarded=False) | Q(balance_minor__lte=0), name="guarded_account_not_overdrawn"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner_id or ''} {self.currency}"


class Transfer(models.Model):
    """`amount_minor` moved from the credited to the debited account. Append-only; a mend is a reversal.

    (kind, source_id, seq) is the posting's key: the same fact can't be booked twice.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=30)
    source_id = models.UUIDField()
    seq = models.PositiveSmallIntegerField()
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="credits")
    currency = models.CharField(max_length=10)
    amount_minor = models.BigIntegerField()
    business_at = models.DateTimeField()
    posted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_id", "kind", "seq"], name="one_transfer_per_fact"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="a_transfer_moves_something"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="a_transfer_has_two_ends"),
        ]
        indexes = [
            models.Index(fields=["debit", "id"], name="transfers_by_debit"),
            models.Index(fields=["credit", "id"], name="transfers_by_credit"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor} {self.currency}"


class Delta(models.Model):
    """What a posting changed on an account and roll-up has not yet added to its balance.

    Hot accounts get one row per posted batch instead of a lock; roll-up takes the rows, never a range of
    ids (ids commit out of order).
    """

    id = models.BigAutoField(primary_key=True)
    account_id = models.BigIntegerField()
    amount_minor = models.BigIntegerField()  # debits less credits

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount_minor:+}"
