"""Talk to the world safely: one send within its deadline, no transaction open, every answer a Finding."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import nullcontext

import structlog

from engine.core import clock
from engine.providers.base import FailureClass, Finding, Outcome, Provider, Sendable
from engine.providers.edge import limiter
from payments.pipeline import points, spans, stopping
from payments.pipeline.mark_sent import Marked

log = structlog.get_logger(__name__)
Calls = Generator[Finding, None, Finding]
Keep = Callable[[Finding], None]


def send(provider: Provider, marked: Marked, keep: Keep) -> tuple[Finding, str]:
    """Send once; the finding and its source ("reply", or "local" where it did not leave). Calls out.

    The window is measured on the boot-time clock, which no clock step and no SIGSTOP can bend: a worker
    that was stopped between mark sent and the first byte finds it over and does not send (design 3). Where a
    send takes several calls each passes that gate, and only after `keep` has stored what the one before showed.
    """
    first = marked.sendable.send_no == 1
    try:
        # The first send's room was taken with its batch (Provider.context); a later one takes its own.
        with limiter.granted() if first else nullcontext():
            return _through_the_gate(_calls(provider, marked.sendable), marked, keep)
    except Exception as fault:
        # An adapter's own bug proves nothing about what left: unknown, never failed (I4).
        log.exception("provider raised", provider=provider.name, attempt=str(marked.sendable.attempt_id))
        return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, "adapter_raised", type(fault).__name__), "reply"


def _calls(provider: Provider, sendable: Sendable) -> Calls:
    if hasattr(provider, "submit_in_steps"):
        found: Calls = provider.submit_in_steps(sendable)
        return found
    return _one_call(provider, sendable)


def _one_call(provider: Provider, sendable: Sendable) -> Calls:
    yield from ()
    return provider.submit(sendable)


def _through_the_gate(calls: Calls, marked: Marked, keep: Keep) -> tuple[Finding, str]:
    """Call by call. A step moves nothing (abilities.Stepped): stopped after one, the send did not leave."""
    while True:
        points.reach(points.SEND_BEFORE_CHECK)
        refusal = _may_leave(marked)
        if refusal is not None:
            calls.close()
            return refusal, "local"
        points.reach(points.SEND_BEFORE_FIRST_BYTE)
        try:
            step = next(calls)
        except StopIteration as end:
            points.reach(points.SEND_ANSWERED)
            return end.value, "reply"
        if step.outcome is not Outcome.STEP:
            raise ValueError(f"{step.outcome} is no step")
        keep(step)


def _may_leave(marked: Marked) -> Finding | None:
    if clock.boot_seconds() - marked.boot >= spans.window():
        return _did_not_leave("window_over", "the send window was over before the first byte")
    if stopping.is_set():
        return _did_not_leave("worker_stopping", "the worker was told to stop before the first byte")
    return None


def _did_not_leave(code: str, message: str) -> Finding:
    return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, code, message)
