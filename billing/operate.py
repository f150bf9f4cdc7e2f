"""What an approver may do to what is held, each with a reason that is in the audit and told with the event."""

from __future__ import annotations

from contextlib import AbstractContextManager
from uuid import UUID

from billing import change, resume
from billing.models import Invoice, Subscription
from engine.audit.act import act
from engine.core.actor import Actor, Role


def release_held(subscription_id: UUID, *, reason: str, by: Actor) -> None:
    """Let a held one go on; all that it missed is billed. Writes. Raises Refusal as resume.release_held."""
    with _releasing(by, "release_held", subscription_id, reason):
        resume.release_held(subscription_id, why=reason)


def skip_missed(subscription_id: UUID, *, reason: str, by: Actor) -> None:
    """Let a held one go on from its next date. Writes. Raises Refusal as resume.skip_missed."""
    with _releasing(by, "skip_missed", subscription_id, reason):
        resume.skip_missed(subscription_id, why=reason)


def release_draft(invoice_id: UUID, *, reason: str, by: Actor) -> None:
    """Offer a held draft to finalize again. Writes. Raises Refusal if it is no held draft."""
    kept = ("state", "version", "held_reason", "next_action_at")
    with act(
        by, "release_draft", Invoice, invoice_id, fields=kept, reason=reason, role=Role.APPROVER, lock=True
    ):
        resume.release_draft(invoice_id, why=reason)


def _releasing(by: Actor, verb: str, subscription_id: UUID, reason: str) -> AbstractContextManager[None]:
    return act(by, verb, Subscription, subscription_id, fields=change.KEPT, reason=reason, role=Role.APPROVER,
               lock=True)  # fmt: skip
