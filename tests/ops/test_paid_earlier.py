"""Money that came under an earlier attempt, seen from billing and from the books."""

from __future__ import annotations

import pytest

from billing import again
from billing.models import Invoice, Subscription
from engine.core import clock
from engine.outbox.models import Event
from engine.providers.base import FailureClass, Finding, Outcome
from ops import books
from payments.models import Attempt, Case, Payment
from payments.pipeline import apply, evidence
from payments.pipeline.evidence import Said
from tests.ops.world import NETWORK, WHOLE, mark, open_payment, say, subscribe
from tests.payments.scripted import declined, paid

NOT_LEFT = Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "not_reached")


@pytest.mark.parametrize("second", [declined(**NETWORK), NOT_LEFT], ids=["declined", "not left"])
def test_nobody_is_dunned_and_nobody_asks_again(world, scripted, second):
    subscription = subscribe(world)
    Subscription.objects.update(state="active")
    world.bill()
    one = open_payment(subscription)
    mark()
    say(one, NOT_LEFT)
    first = Attempt.objects.get(payment_id=one)
    Payment.objects.filter(pk=one).update(next_action_at=clock.machine_now())
    mark()
    evidence.store([Said(first.pk, one, 1, "lookup", paid(**WHOLE, **NETWORK))])
    while apply.apply():
        pass
    Case.objects.update(closed_at=clock.machine_now())
    say(one, second)
    payment = Payment.objects.get(pk=one)
    assert payment.state == "succeeded_late"
    invoice = Invoice.objects.get(pk=payment.source_id)
    assert (invoice.state, invoice.collecting_minor, invoice.first_failed_at) == ("open", 0, None)
    assert invoice.reason_code == "money_arrived_late"
    assert again.in_question([invoice.pk]) == {invoice.pk: again.ARRIVED_LATE}
    assert Subscription.objects.get(pk=subscription.pk).state == "active"
    assert not Event.objects.filter(type="invoice.payment_failed").exists()
    assert Payment.objects.filter(source_id=invoice.pk).count() == 1
    assert [result.name for result in books.examine().broken] == []
