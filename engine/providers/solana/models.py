"""The one table of this rail: which receiving accounts we paid to open."""

from __future__ import annotations

from django.db import models


class Destination(models.Model):
    """A creator's token account that a payment of ours opened, or tried to.

    The chain decides whether it did: `signature` is the transaction, dead once the finalized height is
    past `last_valid_block_height`. Opening costs us rent, which closing pays to the creator: so once.
    """

    payee = models.CharField(max_length=44)
    mint = models.CharField(max_length=44)
    payment_id = models.UUIDField()
    signature = models.CharField(max_length=88)
    last_valid_block_height = models.BigIntegerField()
    signed_slot = models.BigIntegerField()

    class Meta:
        app_label = "engine_providers"
        db_table = "engine_providers_solana_destination"
        constraints = [
            models.UniqueConstraint(fields=["payee", "mint"], name="one_destination_per_payee_and_mint")
        ]

    def __str__(self) -> str:
        return f"{self.payee} {self.mint}"
