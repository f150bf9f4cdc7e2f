from __future__ import annotations

import threading

from django.db import connection

from payments.models import Payment
from payments.pipeline import evidence, park, sweep
from payments.pipeline.evidence import Said
from tests.ops.world import fill, mark, settle, subscribe
from tests.payments.scripted import paid


def test_what_nothing_would_look_at_is_mended(world, scripted):
    payments = fill(world, scripted)
    lost = [payments["waiting"], payments["pending"]]
    Payment.objects.filter(pk__in=lost).update(next_action_at=None)
    assert sweep.sweep(chunk=1) == {"scheduled": 1, "in_flight": 1}
    assert Payment.objects.filter(pk__in=lost, next_action_at__isnull=False).count() == 2
    assert sweep.sweep() == {"scheduled": 0, "in_flight": 0}


def test_parked_ended_and_unapplied_payments_are_left_alone(world, scripted):
    payments = fill(world, scripted)
    from payments.models import Attempt

    attempt = Attempt.objects.get(payment_id=payments["pending"])
    evidence.store([Said(attempt.pk, payments["pending"], 1, "lookup", paid())])
    Payment.objects.filter(pk=payments["pending"]).update(next_action_at=None)
    park.park([payments["waiting"]], "a drill", machine_at=attempt.created_at)
    before = list(Payment.objects.order_by("pk").values())
    assert sweep.sweep() == {"scheduled": 0, "in_flight": 0}
    assert list(Payment.objects.order_by("pk").values()) == before


def test_a_mended_payment_is_sent(world, scripted):
    subscribe(world)
    world.bill()
    Payment.objects.update(next_action_at=None)
    assert mark() == []
    sweep.sweep()
    settle(scripted)
    assert Payment.objects.get().state == "succeeded"


def test_two_sweeps_mend_each_payment_once(committed, scripted):
    for _ in range(20):
        subscribe(committed)
    committed.bill()
    Payment.objects.update(next_action_at=None)
    found: list[int] = []

    def work() -> None:
        found.append(sweep.sweep(chunk=3)["scheduled"])
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 20
    assert not Payment.objects.filter(next_action_at=None).exists()
