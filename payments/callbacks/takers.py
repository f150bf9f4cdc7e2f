"""What a callback may be about besides an attempt, and who takes it: one function of a verb file each.

A taker looks the truth up by itself; a callback moves nothing. Where nobody takes a kind yet, its callbacks wait with
their reason, and go on by themselves once somebody stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.core import clock
from engine.core.errors import Refusal
from engine.providers.base import ProviderUnavailable
from payments import dispute, methods
from payments.callbacks import route
from payments.callbacks.route import Taken, Turn

Taker = Callable[[str, str], str]
"""taker(provider, reference): what it led to, in a sentence. Calls out and commits. Raises Refusal for a reference that
names nothing of ours, ProviderUnavailable."""


def _setup(provider: str, reference: str) -> str:
    due = methods.setup_may_be_done(reference)
    return "its set-up is looked at now" if due else "its set-up was done already"


TAKERS: Final[dict[str, Taker | None]] = {
    "setup": _setup,  # a payer may have given a card to the gateway
    "dispute": dispute.heard,  # a payer's bank may have taken money back, or given it back
}
_SILENT_MOST_SECONDS, _NOBODY_SECONDS = 900.0, 3600.0


def kind_of(one: Taken) -> str:
    """The key of its taker; "" for one that is about an attempt, or about nothing."""
    if one.dispute_ref:
        return "dispute"
    return "setup" if one.setup_ref and not one.identity else ""


def takes(one: Taken) -> bool:
    """True for one that is asked about: of what is not believed, an attempt is looked up at most."""
    return bool(kind_of(one)) and not one.refusal


def ask(one: Taken) -> Turn:
    """What its taker says of one. Calls out and commits. Where nobody answers it waits, longer each time."""
    kind = kind_of(one)
    taker, now = TAKERS[kind], clock.machine_now()
    if taker is None:
        said = f"nobody takes a {kind} yet: it waits until somebody does"
        return route.waits(one, said, now=now, seconds=_NOBODY_SECONDS)
    try:
        done = route.ends(one, "done", taker(one.provider, one.dispute_ref or one.setup_ref))
        return done._replace(payment_id=dispute.names(one.provider, one.dispute_ref))
    except Refusal as refusal:
        return route.of_nothing(one, now)._replace(said=refusal.message)
    except ProviderUnavailable as fault:
        seconds = max(route.growing(one, now, most=_SILENT_MOST_SECONDS), fault.retry_seconds or 0.0)
        said = f"{one.provider} can't be asked now: {fault.message or fault.code}"
        return route.waits(one, said, now=clock.machine_now(), seconds=seconds)
