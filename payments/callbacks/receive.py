"""Take what a provider tells us: check it over its raw bytes, keep it, answer. What it is about is worked later.

The check costs microseconds and calls nobody, so one statement keeps the body together with what the check said, and
nothing is answered before that is committed. Whatever the check raises, the callback is kept (within bounds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from django.conf import settings

from engine.core.errors import Refusal
from engine.providers import registry
from engine.providers.abilities import Hint, SignatureWrong
from payments.callbacks import tally
from payments.callbacks.keep import keep

log = structlog.get_logger(__name__)


def receive(name: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Keep one callback of the provider `name`; True if it had come before. Commits; calls nobody.

    Raises Refusal: "provider_unknown", "no_callbacks" (nothing is kept), "callback_too_large" (it is counted), what
    the provider's check says ("signature_wrong", ...), "callback_mode_wrong" (it is counted, some are kept). What the
    check raises by mistake passes, and the callback is kept as one that is not believed.
    """
    gateway = registry.calling_back(name)
    check_size(name, len(body))
    try:
        hints = gateway.parse_webhook(body, headers)
        check_mode(name, hints)
    except Refusal as refusal:
        hinted = refusal.hints if isinstance(refusal, SignatureWrong) else ()
        _turn_away(name, body, headers, refusal.code, hinted)
        raise
    except Exception:
        _turn_away(name, body, headers, "check_failed")
        raise
    again = keep(name, body, headers, hints)
    tally.flush(at_once=False)
    return again


def check_size(name: str, size_bytes: int) -> None:
    """Raise Refusal "callback_too_large" beyond CALLBACK_BYTES_MAX; it is counted. Writes then."""
    if size_bytes > settings.ENV.callback_bytes_max:
        registry.calling_back(name)
        tally.turn_away(name, "callback_too_large")
        raise Refusal("callback_too_large", f"a callback has at most {settings.ENV.callback_bytes_max} bytes",
                      param="body")  # fmt: skip


def check_mode(name: str, hints: Sequence[Hint]) -> None:
    """Raise Refusal "callback_mode_wrong" for real money's events at a deployment of test money, or the reverse."""
    livemode = settings.ENV.livemode
    if any(hint.live is not None and hint.live is not livemode for hint in hints):
        theirs, ours = ("test", "live") if livemode else ("live", "test")
        log.error("a callback of the other mode", provider=name, theirs=theirs, ours=ours)
        raise Refusal("callback_mode_wrong", f"a {theirs} event came to a {ours} deployment: mend the address in "
                      "the provider's dashboard", param="body")  # fmt: skip


def _turn_away(
    name: str, body: bytes, headers: Mapping[str, str], why: str, hints: Sequence[Hint] = ()
) -> None:
    if tally.turn_away(name, why):
        log.warning("a callback was turned away", provider=name, why=why)
        keep(name, body, headers, hints, refusal=why)
