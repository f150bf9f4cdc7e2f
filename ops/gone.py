"""What waits for providers that are not configured (any more): read from rows, for the settings do not name them."""

from __future__ import annotations

from typing import NamedTuple

import structlog
from django.db import Error, connection

from engine.core import sql
from engine.providers import registry
from ops.probes import FAULT, OK, Seen

log = structlog.get_logger(__name__)
MOST = 10_000
MEND = "set its variables again: what waits goes on by itself"


class Gone(NamedTuple):
    """A provider that is not configured: its open payments and the invoices that are not asked for, each to MOST."""

    provider: str
    payments: int
    invoices: int

    @property
    def sentence(self) -> str:
        """For people."""
        counts = (_counted(self.payments, "open payment"), _counted(self.invoices, "unasked invoice"))
        return f"{' and '.join(filter(None, counts))} of {self.provider}, which is not configured"


def read() -> list[Gone]:
    """Each that something waits for, by name. Reads, by small indexes."""
    asked = {"known": registry.names(), "most": MOST}
    payments = dict(sql.rows(sql.statement(__file__, "gone_payments"), asked))
    invoices = dict(sql.rows(sql.statement(__file__, "gone_invoices"), asked))
    return [
        Gone(name, payments.get(name, 0), invoices.get(name, 0)) for name in sorted({*payments, *invoices})
    ]


def seen() -> Seen:
    """For doctor: a fault where something waits. Reads."""
    found = read()
    if found:
        return Seen(FAULT, "; ".join(one.sentence for one in found), MEND)
    return Seen(OK, "all that something waits for are configured")


def warn() -> None:
    """Say so in the log of a process that begins; nothing while the database is away. Reads."""
    try:
        found = read()
    except Error:
        return
    finally:
        connection.close()
    for one in found:
        log.error(one.sentence, mend=MEND)


def _counted(count: int, what: str) -> str:
    if not count:
        return ""
    more = " or more" if count >= MOST else ""
    return f"{count}{more} {what}{'' if count == 1 else 's'}"
