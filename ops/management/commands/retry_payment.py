"""manage.py retry_payment"""

from __future__ import annotations

from typing import Any

from engine.rest import ids
from ops import console
from ops.trying import PaymentCommand
from payments import operate
from payments.models import Payment


class Command(PaymentCommand):
    help = (
        "Let a payment go now instead of at its next time: one that waits is tried, one in flight is looked up. An "
        "outcome is never typed in, and nothing is sent under a new identity while an old one is open. A worker does "
        "the rest."
    )

    def act(self, options: dict[str, Any], who: dict[str, Any]) -> tuple[dict[str, Any], str]:
        key = console.an_id("payment", options["payment"])
        state = Payment.objects.filter(pk=key).values_list("state", flat=True).first()
        verb = operate.verify_now if state == Payment.State.IN_FLIGHT else operate.retry_now
        verb(key, **who)
        did = "looked up" if verb is operate.verify_now else "tried"
        would = "would be" if options["dry_run"] else "is"
        data = {"payment": ids.show("payment", key), "verb": verb.__name__}
        return data, f"It {would} {did} by the next worker, within seconds."
