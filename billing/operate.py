"""What an operator may do to what is held, each with a reason that is logged and told with the event."""

from __future__ import annotations

from uuid import UUID

import structlog

from billing import resume
from engine.core.errors import Refusal

log = structlog.get_logger(__name__)


def release_held(subscription_id: UUID, *, reason: str, by: str) -> None:
    """Let a held subscription go on; all that it missed is billed. Writes. Raises Refusal if it is not held."""
    _check(reason)
    resume.release_held(subscription_id, why=reason)
    _record("release_held", subscription_id, reason, by)


def skip_missed(subscription_id: UUID, *, reason: str, by: str) -> None:
    """Let a held subscription go on from its next date. Writes. Raises Refusal if it is not held."""
    _check(reason)
    resume.skip_missed(subscription_id, why=reason)
    _record("skip_missed", subscription_id, reason, by)


def release_draft(invoice_id: UUID, *, reason: str, by: str) -> None:
    """Offer a held draft to finalize again. Writes. Raises Refusal if it is no held draft."""
    _check(reason)
    resume.release_draft(invoice_id, why=reason)
    _record("release_draft", invoice_id, reason, by)


def _check(reason: str) -> None:
    if not reason.strip():
        raise Refusal("reason_missing", "say why, for those who read this later", param="reason")


def _record(verb: str, object_id: UUID, reason: str, by: str) -> None:
    log.warning("operator acted", verb=verb, object_id=str(object_id), reason=reason, by=by)
