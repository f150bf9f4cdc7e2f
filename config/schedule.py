"""When: the whole timetable on one screen.

The environment seeds an entry once into django-celery-beat's tables; what an operator edits there wins, is
shown as edited, and `manage.py sync_schedule --restore NAME` takes it back. Any number of beats may run: every
entry is a wake-up, and what it wakes is safe in any number (I10).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from django.conf import settings

ENV = settings.ENV


class Entry(NamedTuple):
    """One line of the timetable: `every` seconds, or a five-field `cron` in UTC."""

    name: str
    task: str
    every: float = 0
    cron: str = ""
    enabled: bool = True


def due_payments() -> Entry:
    """Row 0.3: every 5 minutes. PAYMENT_PROCESSING_INTERVAL takes minutes or a cron (danger D1)."""
    name, task, on = "due payments", "billing.claim_due", ENV.payment_scheduler_enabled
    if ENV.payment_processing_seconds:
        return Entry(name, task, every=ENV.payment_processing_seconds, enabled=on)
    if re.fullmatch(r"\d+", ENV.payment_processing_interval):
        return Entry(name, task, every=60 * int(ENV.payment_processing_interval), enabled=on)
    return Entry(name, task, cron=ENV.payment_processing_interval, enabled=on)


def timetable() -> list[Entry]:
    """Every entry, in the order of a payment's life."""
    return [
        due_payments(),
        Entry("tick", "ops.tick", every=ENV.tick_seconds),
        Entry("sweep", "ops.sweep", every=ENV.sweep_seconds),
        Entry("invoice numbers", "billing.number_invoices", every=30),
        # Row 3.1: the net under the schedule of looks, which begins seconds after each send (D3).
        Entry("payments nobody has looked at", "payments.look_now", cron="41 * * * *"),
        Entry("callbacks that never came", "payments.ask_for_callbacks", cron="11 * * * *"),
        Entry("disputes", "payments.disputes", every=3600),
        Entry("ledger roll-up", "payments.roll_up", every=30),
        Entry(
            "payment methods of what is due soon",
            "billing.watch_upcoming",
            every=ENV.watch_ahead_every_seconds,
        ),
        Entry("access tokens", "engine.warm_tokens", every=60),  # row 3.12; who sends renews by himself (D18)
        Entry("daily maintenance", "billing.maintenance", cron=ENV.maintenance_time),  # row 0.4
        Entry("trim task results", "ops.trim_results", cron="17 4 * * *"),
    ]
