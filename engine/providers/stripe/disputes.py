"""Disputes: a payer's bank takes the money back until somebody is right. An inquiry takes none and is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.errors import Refusal
from engine.providers.abilities import DisputeFound, DisputeState
from engine.providers.edge.faults import Fault
from engine.providers.stripe import refusal
from engine.providers.stripe.client import Api, Refused
from engine.providers.stripe.reading import Json, Odd, check, currency, moment, named, part, text, whole, word
from engine.providers.unread import Unread

if TYPE_CHECKING:
    from stripe.params import DisputeListParams

_STATES = {
    "needs_response": DisputeState.OPEN,
    "appeal_needs_response": DisputeState.OPEN,
    "under_review": DisputeState.UNDER_REVIEW,
    "appeal_under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}
_INQUIRY = {"warning_needs_response", "warning_under_review", "warning_closed", "prevented"}


def find(api: Api, dispute_ref: str) -> DisputeFound:
    """As it stands now. Calls out. Raises ProviderUnavailable; Refusal "dispute_unknown"."""
    try:
        heard = api.ask("lookup", lambda v1: v1.disputes.retrieve(dispute_ref))
        found = _read(heard.found, live=api.account.live)
    except Refused as refused:
        if refused.status != 404:
            raise refusal.unavailable(refused) from None
        found = None
    except Fault as fault:
        raise fault.unavailable() from None
    except Odd as odd:
        raise refusal.odd(odd) from None
    if found is None:
        raise Refusal("dispute_unknown", "Stripe has no dispute of that name that took money")
    return found


def listed(api: Api, since: datetime, until: datetime) -> Iterator[DisputeFound | Unread]:
    """Those opened from `since` to before `until`, the newest first, with those that can't be read.

    Calls out. Raises ProviderUnavailable.
    """
    wanted: DisputeListParams = {
        "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
    }
    try:
        for heard in api.pages("lookup", lambda v1, cursor: v1.disputes.list({**wanted, **cursor})):
            try:
                found = _read(heard.found, live=api.account.live)
            except Odd as odd:  # the others are found all the same
                yield Unread("dispute", text(heard.found, "id"), str(odd))
                continue
            if found:
                yield found
    except (Fault, Refused) as fault:
        raise refusal.unavailable(fault) from None


def _read(found: Json, *, live: bool) -> DisputeFound | None:
    """None of an inquiry. Raises Odd."""
    ref, status = check(found, "dispute", live=live), word(found, "status")
    if status in _INQUIRY:
        return None
    if status not in _STATES:
        raise Odd("status is none that we know")
    charge = named(found, "payment_intent") or named(found, "charge")
    if not charge:
        raise Odd("it names no charge")
    due = part(found, "evidence_details")
    return DisputeFound(
        dispute_ref=ref,
        charge_ref=charge,
        state=_STATES[status],
        amount_minor=whole(found, "amount"),
        currency=currency(found),
        fee_minor=_fees(found),
        reason=text(found, "reason"),
        opened_at=moment(found, "created"),
        evidence_due_at=moment(due, "due_by") if due.get("due_by") is not None else None,
    )


def _fees(found: Json) -> int:
    """What it costs us in all by now: of the movements that Stripe made for it."""
    made = found.get("balance_transactions")
    return sum(whole(each, "fee") for each in made) if isinstance(made, list) else 0
