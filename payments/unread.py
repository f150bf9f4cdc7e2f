"""What a provider told and we can't read or keep: a person is told, once of each such word."""

from __future__ import annotations

import structlog
from django.db import connection, transaction

from engine.core import cards, clock, sql
from engine.core.ids import uuid7
from engine.providers.unread import Unread
from payments.models import Case

log = structlog.get_logger(__name__)
CASE = "unreadable"


def tell(provider: str, one: Unread) -> None:
    """Open its case, unless there is one, closed or not; log an error. Commits.

    Who tells of the same at this moment is enough.
    """
    log.error(
        "what was told can't be read", provider=provider, kind=one.kind, ref=one.ref[:100], why=one.why[:500]
    )
    sentence = _text(
        f"{provider} tells of the {one.kind} {one.ref[:100]}, and it can't be read or kept here: {one.why[:500]}"
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not sql.lock_advisory(cursor, f"unread {sentence}"):
                return
        if not Case.objects.filter(kind=CASE, sentence=sentence).exists():
            Case.objects.create(id=uuid7(), kind=CASE, sentence=sentence, opened_at=clock.machine_now())


def _text(text: str) -> str:
    """Without what PostgreSQL can't hold, and what nobody may."""
    return cards.mask(text.replace("\x00", "").encode("utf-8", "replace").decode())
