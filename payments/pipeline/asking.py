"""Asking a provider what became of attempts: of those that are open (verify.py) and of those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from engine.core import sql
from engine.core.errors import first_line
from engine.providers.base import (
    Asked,
    FailureClass,
    Finding,
    Known,
    Outcome,
    Provider,
    ProviderUnavailable,
    Sheet,
)

log = structlog.get_logger(__name__)
LOOKED_IN_VAIN = "looked_in_vain"  # the code of the last look for a hint, and the kind of its case


def can_be_asked(sheet: Sheet, known: Known) -> bool:
    """By our identity, or by the provider's own id once it has told us that."""
    return sheet.lookup_by_identity or bool(known.provider_ref)


def ask(provider: Provider, asked: Sequence[Asked]) -> dict[UUID, Finding]:
    """What the provider says, by attempt. Where it raises, halves are asked: one odd answer stops no other look.

    The one that it raises for stays unknown: looked at again on its schedule, and parked when that has lasted
    too long. It is not called for nobody. Calls out. Raises ProviderUnavailable.
    """
    try:
        return provider.lookup(asked) if asked else {}
    except ProviderUnavailable:
        raise
    except Exception as fault:
        if sql.lost(fault):
            raise
        if len(asked) > 1:
            half = len(asked) // 2
            return ask(provider, asked[:half]) | ask(provider, asked[half:])
        log.exception("a look-up raised", attempt=str(asked[0].attempt_id))
        said = f"{type(fault).__name__}: {first_line(fault)}"
        return {asked[0].attempt_id: Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "lookup_raised", said)}
