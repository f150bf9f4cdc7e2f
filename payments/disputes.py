"""The safety net under callbacks: open disputes are looked at, those of the last days listed, and what is due is told.
What a refund that came to nothing had kept from being counted is counted then.

One that can't be read or kept is a case of its own and stops no other. Any number may run: a dispute is one row by its
reference, and a second look that finds the same changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import structlog
from django.db import transaction
from django.db.models import F

from engine.core import clock, sql
from engine.core.errors import Refusal, first_line
from engine.providers import registry
from engine.providers.abilities import Disputing
from engine.providers.base import ProviderUnavailable
from engine.providers.unread import Unread
from payments import dispute, shares, unread
from payments.models import Dispute, Payment

log = structlog.get_logger(__name__)
LISTED = timedelta(days=7)  # what was opened since; an outage of callbacks may last so long
WARNED = timedelta(days=3)  # before evidence is due


def watch() -> dict[str, int]:
    """Look at all disputes of all providers that have them; counts of what was kept, denied, raised a fault, got no
    answer or was counted again. Commits each.

    Calls out. What was not answered is left to the next run.
    """
    counts = {"looked_up": 0, "unknown": 0, "failed": 0, "silent": 0, "recounted": 0}
    for name in registry.names():
        if hasattr(registry.get(name), "find_dispute"):
            _watch(name, counts)
    _recount(counts)
    return counts | {"warned": warn()}


def _recount(counts: dict[str, int]) -> None:
    """Those of whose payments more is left than when they were counted: a refund beside them came to nothing."""
    taken = F("payment__refunded_minor") + F("payment__refunding_minor") + F("payment__disputed_minor")
    rows = Dispute.objects.exclude(state=Dispute.State.WON).filter(
        counted_minor__lt=F("amount_minor"), payment__state__in=shares.PAID, payment__settled_minor__gt=taken
    )
    for pk, name, ref in list(rows.values_list("pk", "provider", "dispute_ref").order_by("pk")):
        with _alone(counts, name, ref):
            counts["recounted"] += dispute.count_again(pk)


def _watch(name: str, counts: dict[str, int]) -> None:
    """The open ones first: they are asked one by one, however odd the list is. The longest unseen come first."""
    now = clock.machine_now()
    ours = Dispute.objects.filter(provider=name, state__in=dispute.OPEN).order_by("looked_at")
    for ref in list(ours.values_list("dispute_ref", flat=True)):
        with _alone(counts, name, ref):
            dispute.heard(name, ref)
            counts["looked_up"] += 1
    with _alone(counts, name, "of the last days"):
        for found in cast(Disputing, registry.get(name)).disputes(now - LISTED, now):
            if isinstance(found, Unread):
                counts["failed"] += 1
                unread.tell(name, found)
                continue
            with _alone(counts, name, found.dispute_ref):
                dispute.keep(name, found)
                counts["looked_up"] += 1


@contextmanager
def _alone(counts: dict[str, int], name: str, ref: str) -> Iterator[None]:
    """What goes wrong with it is counted, and stops no other; but for a database that is away. A fault of ours is a
    person's to see; a statement that lost against another's lock is made again by the next run."""
    try:
        yield
    except Refusal as refusal:
        counts["unknown"] += 1
        log.warning(
            "a dispute is not known to its provider", provider=name, dispute=ref, reason=refusal.message
        )
    except ProviderUnavailable as fault:
        counts["silent"] += 1
        log.warning(
            "disputes are looked at later", provider=name, dispute=ref, fault=fault.message or fault.code
        )
    except Exception as fault:
        if sql.lost(fault) and not sql.its_own(fault):
            raise
        counts["failed"] += 1
        log.exception("a look at disputes raised", provider=name, dispute=ref)
        if sql.its_own(fault):
            return
        unread.tell(name, Unread("dispute", ref, first_line(fault)))


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
