"""The pipeline's time spans, in seconds of machine time, from settings (tests use tenths)."""

from __future__ import annotations

from django.conf import settings

from engine.core.backoff import doubling
from engine.providers.base import Sheet


def take() -> float:
    """How long a taken row stays with its taker."""
    return float(settings.ENV.take_seconds)


def window() -> float:
    """From mark sent to the first byte, at most."""
    return float(settings.ENV.send_window_seconds)


def quick() -> float:
    """Behind a call that took less, and only for so long after it, a marked send may wait for a thread.

    It leaves then with most of its window ahead of it. Slow calls would gain nothing, and behind those that hang
    it would wait until it may not leave any more.
    """
    return window() / 20


def deadline(sheet: Sheet) -> float:
    """Total time of one request: some providers answer later than others."""
    if sheet.deadline_seconds is not None:
        return sheet.deadline_seconds
    return float(settings.ENV.send_deadline_seconds)


def settles(sheet: Sheet) -> float:
    """After mark sent: when the send's worker can't be writing any more."""
    return window() + deadline(sheet)


def identity(sheet: Sheet) -> float:
    """From its making on, an attempt may be sent again under the same identity for so long."""
    return min(sheet.identity_seconds or park_unknown(), park_unknown())


def absence(sheet: Sheet) -> float:
    """After `send_by`: before it nobody reads absence and nobody sends again."""
    return deadline(sheet) + sheet.absence_after


def retry(n: int) -> float:
    """Wait before short try n+1 (row 0.58): base, 2 base, ..."""
    return doubling(settings.ENV.payment_retry_delay / 1000, n, most=900)


def look(n: int) -> float:
    """Wait before look n+1 at an attempt without a final outcome: growing by half each time."""
    first = float(settings.ENV.verify_first_seconds)
    return min(first * 1.5 ** min(n, 60), float(settings.ENV.verify_max_seconds))


def told(n: int) -> float:
    """Wait before an end that was told and that n+1 looks did not show is looked for again: with the default of the
    longest gap 30 s, 5 min and an hour."""
    return float(settings.ENV.verify_max_seconds) * (1 / 30, 1 / 3, 4)[n]


TOLD_LOOKS = 3


def unsaid(waited: float) -> float:
    """Wait before the next look at what a provider has not been able to tell of for `waited` seconds: half of that, and
    no less than before the seventh look of the schedule, for nobody waits for this one."""
    return min(max(look(6), waited / 2), float(settings.ENV.verify_max_seconds))


def longest_look() -> float:
    """No gap between looks of the schedule is longer, with what a taken row stays with its taker."""
    return float(settings.ENV.verify_max_seconds) + take()


def grace() -> float:
    """How long funds are awaited from the first look that finds the payer short, on the payment's own clock."""
    return float(settings.ENV.grace_period)


def watch() -> float:
    """Gap between looks for funds inside the grace window."""
    return float(settings.ENV.watch_seconds)


def short_tries() -> int:
    """Short attempts in all (row 0.37) before a payment waits for the provider."""
    return int(settings.ENV.payment_retry_attempts)


def park_unknown() -> float:
    """An outcome unknown for so long is parked for a person."""
    return float(settings.ENV.park_unknown_seconds)
