"""What callers note on a payment method: their own texts, which no provider sees."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from engine.audit.act import act
from engine.core.actor import SYSTEM, Actor
from engine.core.metadata import merge_metadata
from payments.methods import rows
from payments.models import PaymentMethod


def describe(
    method_id: UUID, *, metadata: Mapping[str, str] | None = None, by: Actor = SYSTEM
) -> PaymentMethod:
    """Change the metadata of a method, a removed one's too, by name: an empty text takes its name away. Writes.

    Raises Refusal naming the field, with nothing written.
    """
    kept = ("metadata",)
    with act(by, "update_method", PaymentMethod, method_id, fields=kept, reasoned=False, lock=True):
        method = rows.locked(method_id)
        method.metadata = merge_metadata(method.metadata, metadata)
        method.save(update_fields=kept)
        return method
