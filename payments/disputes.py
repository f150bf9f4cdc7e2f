"""The safety net under callbacks: disputes of the last days are listed, open ones looked at, and what is due is told.

Any number may run: a dispute is one row by its reference, and a second look that finds the same changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import structlog
from django.db import transaction

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.abilities import Disputing
from engine.providers.base import ProviderUnavailable
from payments import dispute
from payments.models import Dispute, Payment

log = structlog.get_logger(__name__)
LISTED = timedelta(days=7)  # what was opened since; an outage of callbacks may last so long
WARNED = timedelta(days=3)  # before evidence is due


def watch() -> dict[str, int]:
    """Look at all disputes of all providers that have them; how many, and how many they deny. Commits each.

    Calls out. A provider that does not answer is counted and left to the next run.
    """
    counts = {"looked_up": 0, "unknown": 0, "silent": 0}
    for name in registry.names():
        if hasattr(registry.get(name), "find_dispute"):
            _watch(name, counts)
    return counts | {"warned": warn()}


def _watch(name: str, counts: dict[str, int]) -> None:
    provider = cast(Disputing, registry.get(name))
    began = clock.machine_now()
    try:
        for found in provider.disputes(began - LISTED, began):
            _counted(counts, name, found.dispute_ref, lambda found=found: dispute.keep(name, found))
        older = Dispute.objects.filter(provider=name, state__in=dispute.OPEN, looked_at__lt=began)
        for ref in older.order_by("looked_at").values_list("dispute_ref", flat=True):
            _counted(counts, name, ref, lambda ref=ref: dispute.heard(name, ref))
    except ProviderUnavailable as fault:
        counts["silent"] += 1
        log.warning("disputes are looked at later", provider=name, fault=fault.message or fault.code)


def _counted(counts: dict[str, int], name: str, ref: str, look: object) -> None:
    try:
        look()  # type: ignore[operator]
        counts["looked_up"] += 1
    except Refusal as refusal:
        counts["unknown"] += 1
        log.warning(
            "a dispute is not known to its provider", provider=name, dispute=ref, reason=refusal.message
        )


def warn() -> int:
    """Tell once of each open dispute whose evidence is due within three days; how many. Commits."""
    now = clock.machine_now()
    with transaction.atomic():
        due = Dispute.objects.select_for_update(skip_locked=True).filter(
            state=Dispute.State.OPEN, warned_at=None, evidence_due_at__lte=now + WARNED
        )
        rows = list(due.order_by("pk"))
        payments = Payment.objects.in_bulk([row.payment_id for row in rows])
        for row in rows:
            row.warned_at, row.version = now, row.version + 1
            row.save(update_fields=["warned_at", "version"])
            dispute.tell(row, payments.get(row.payment_id), "dispute.evidence_due")
            log.error("evidence for a dispute is due", dispute=row.dispute_ref, due=str(row.evidence_due_at))
    return len(rows)
