"""The end of a payment by a person, though money arrived for it: payments/{settle,suspense}.py say when."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.core import clock, sql
from engine.core.errors import Refusal
from engine.outbox.emit import NewEvent, emit
from payments import sources
from payments.models import Attempt, Payment
from payments.sources import SourceChange

DIFFERS = "amount_differs"


class Why(NamedTuple):
    """Why it ends. `identity`: under which it was paid late; `attempt`: the one that moved another amount."""

    code: str
    message: str
    identity: str = ""
    attempt: Attempt | None = None


def end(payment: Payment, why: Why) -> None:
    """Canceled, then paid late where it was: each a state, an event, and a word to the source. Writes.

    In the caller's transaction, which holds the lock of the payment that it has read. Raises HookRefused.
    """
    if why.attempt is not None:
        took_effect(why.attempt, payment.parked_reason)
    changes = [step(payment, "canceled", code=why.code, message=why.message, identity=why.identity)]
    if why.identity:
        late = step(payment, "succeeded_late", settled_minor=payment.amount_minor, identity=why.identity)
        changes.append(late)
    sources.tell(changes)


def took_effect(attempt: Attempt, message: str) -> None:
    """It moved another amount: never looked up, sent or signed again (check_settlements.sql). Writes."""
    params = {"ids": [attempt.pk], "olds": [attempt.state], "news": ["succeeded"], "classes": [""], "codes": [DIFFERS],
              "messages": [message], "now": clock.machine_now()}  # fmt: skip
    _moved(sql.rows(sql.statement(__file__, "move_attempts"), params))


def step(
    payment: Payment,
    state: str,
    *,
    settled_minor: int = 0,
    code: str = "",
    message: str = "",
    identity: str = "",
) -> SourceChange:
    """Move a locked payment to an end, unparked, and emit its event; what its source is to be told. Writes.

    `settled_minor` is added to what is settled. Raises Refusal if the payment is not as it was read.
    """
    now = clock.machine_now()
    at = clock.business_times([payment.clock_id], now)[payment.clock_id]
    columns = {"ids": payment.pk, "olds": payment.state, "news": state, "bumps": 1, "looks_at": None, "waitings": "",
               "looks": payment.looks, "short_tries": payment.short_tries, "classes": "", "codes": code,
               "messages": message, "provisionals": False, "settled": settled_minor, "ended": True,
               "stops": ""}  # fmt: skip
    params = {name: [value] for name, value in columns.items()} | {"now": now}
    _moved(sql.rows(sql.statement(__file__, "move_payments"), params))
    payment.refresh_from_db(fields=["state", "version", "parked_at", "parked_reason", "settled_minor"])
    payload = {"payment_id": payment.pk, "state": state, "amount_minor": payment.amount_minor,
               "currency": payment.currency, "source": [payment.source_kind, payment.source_id],
               "provider": payment.provider, "identity": identity}  # fmt: skip
    if code:
        payload |= {"failure_class": "", "code": code, "message": message}
    emit([NewEvent(f"payment.{state}", "payment", payment.pk, payment.version, payment.clock_id, at,
                   payment.correlation_id, payload)], machine_at=now)  # fmt: skip
    return SourceChange(
        payment.pk, payment.source_kind, payment.source_id, payment.no, state, payment.currency, payment.amount_minor,
        settled_minor, "", code, message, payment.clock_id, at, now, payment.correlation_id,
    )  # fmt: skip


def _moved(rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        raise Refusal("moved_meanwhile", "it moved meanwhile; try again", param="payment")
