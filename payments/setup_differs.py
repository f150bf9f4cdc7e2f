"""A return of another amount than what a payer paid to set a method up: what went back counts as given back.

The rest of it is a person's to give back, as where nothing went back; what went back beyond it is our loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.core import clock, money
from engine.core.actor import Actor
from engine.ledger import accounts, posting
from engine.ledger.accounts import Key
from engine.ledger.chart import Kind
from engine.ledger.posting import Leg
from payments import setup_charge
from payments.models import Case, Payment
from payments.pipeline.in_suspense import Held


def record(payment: Payment, held: Sequence[Held], at: datetime, *, reason: str, by: Actor) -> None:
    """Count what lay in suspense of this return, which has ended, as given back. Writes in the caller's transaction,
    which has taken it out of there. `at`: business time.

    The case that asks for the whole then asks for what is left, or is closed where nothing is.
    """
    lost = Key(Kind.WRITE_OFF, payment.currency)
    to, beyond = payment.accounts, accounts.ensure([lost])[lost]
    left, legs = setup_charge.left_of(payment), list[Leg]()
    for one in held:
        back = min(left, one.amount_minor)
        left -= back
        parts = [(0, to["refunds_payable"], back), (1, beyond, one.amount_minor - back)]
        legs += [
            Leg(setup_charge.COUNTED, one.source_id, seq, debit, to["clearing"], one.currency, minor, at)
            for seq, debit, minor in parts
            if minor > 0
        ]
    posting.post(legs, machine_at=clock.machine_now())
    _ask_for(payment, left, sum(one.amount_minor for one in held), reason=reason, by=by)


def _ask_for(payment: Payment, left: int, gone: int, *, reason: str, by: Actor) -> None:
    asking = Case.objects.filter(payment=payment, kind=setup_charge.CASE, closed_at=None)
    shown = money.shown(gone, payment.currency)
    if left:
        asking.update(sentence=setup_charge.not_given(payment, left, f"{shown} of it was"))
        return
    asking.update(
        closed_at=clock.machine_now(), closed_by=by.name[:150], resolution=f"{shown} went back: {reason}"
    )
