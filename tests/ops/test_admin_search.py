"""The search box finds by any id that somebody may have at hand."""

from __future__ import annotations

import pytest

from billing.models import Invoice
from engine.core.actor import SYSTEM
from engine.core.clock import machine_now
from engine.core.ids import uuid7
from engine.rest import keys
from engine.rest.models import Answer
from payments.models import Payment
from tests.ops.admin_pages import client_of, listed
from tests.ops.world import fill


@pytest.fixture
def boss(world, scripted, settings):
    settings.WHITENOISE_AUTOREFRESH = True
    return client_of()


def test_payments_are_found_by_their_method_and_their_creator(boss, world, scripted):
    one = Payment.objects.get(pk=fill(world, scripted)["paid"])
    assert one.pk in listed(boss, "payments_payment", f"pm_{one.method_id.hex}")
    found = listed(boss, "payments_payment", f"cre_{world.creator.pk.hex}")
    assert one.pk in found
    assert len(found) == min(50, Payment.objects.count())
    assert listed(boss, "billing_invoice", world.creator.pk) == list(
        Invoice.objects.order_by("-pk").values_list("pk", flat=True)[:50]
    )


def test_a_key_is_found_by_how_it_begins_and_an_answer_by_its_word(boss):
    made = keys.create("tests", ["admin:write"], by=SYSTEM)
    other = keys.create("other", ["admin:write"], by=SYSTEM)
    assert listed(boss, "engine_rest_apikey", made.key.prefix) == [made.key.pk]
    assert listed(boss, "engine_rest_apikey", other.secret) == [other.key.pk]
    assert listed(boss, "engine_rest_apikey", "sk_") == []
    kept = Answer.objects.create(id=uuid7(), owner=made.key.owner, key="order-7", path="/api/plans", status=201,
                                 created_at=machine_now())  # fmt: skip
    assert listed(boss, "engine_rest_answer", "order-7") == [kept.pk]
    assert listed(boss, "engine_rest_answer", "order-8") == []
