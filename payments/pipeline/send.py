"""Talk to the world safely: one send within its deadline, no transaction open, every answer a Finding."""

from __future__ import annotations

import structlog

from engine.core import clock
from engine.providers.base import FailureClass, Finding, Outcome, Provider
from payments.pipeline import points, spans, stopping
from payments.pipeline.mark_sent import Marked

log = structlog.get_logger(__name__)


def send(provider: Provider, marked: Marked) -> tuple[Finding, str]:
    """Send once; the finding and its source ("reply", or "local" where it did not leave). Calls out.

    The window is measured on the boot-time clock, which no clock step and no SIGSTOP can bend: a worker
    that was stopped between mark sent and the first byte finds it over and does not send (design 3).
    """
    points.reach(points.SEND_BEFORE_CHECK)
    refusal = _may_leave(marked)
    if refusal is not None:
        return refusal, "local"
    points.reach(points.SEND_BEFORE_FIRST_BYTE)
    try:
        finding = provider.submit(marked.sendable)
    except Exception as fault:
        # An adapter's own bug proves nothing about what left: unknown, never failed (I4).
        log.exception("provider raised", provider=provider.name, attempt=str(marked.sendable.attempt_id))
        finding = Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "adapter_raised", type(fault).__name__)
    points.reach(points.SEND_ANSWERED)
    return finding, "reply"


def _may_leave(marked: Marked) -> Finding | None:
    if clock.boot_seconds() - marked.boot >= spans.window():
        return _did_not_leave("window_over", "the send window was over before the first byte")
    if stopping.is_set():
        return _did_not_leave("worker_stopping", "the worker was told to stop before the first byte")
    return None


def _did_not_leave(code: str, message: str) -> Finding:
    return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, code, message)
