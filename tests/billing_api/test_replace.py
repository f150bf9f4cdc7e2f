"""One payment method takes over from another over REST: once per key, whole or not at all."""

from __future__ import annotations

import pytest

from billing.models import Subscription
from engine.audit.models import Entry
from payments.models import PaymentMethod
from tests.billing.world import invoices, payment_of
from tests.billing_api.conftest import of
from tests.rest.conftest import fault


@pytest.fixture
def two(world):
    """A customer's methods; the first is used, and billed."""
    customer = world.customer()
    old, new = world.method(customer), world.method(customer)
    subscription = world.subscription(customer_id=customer.pk, method_id=old.pk)
    world.bill()
    return old, new, subscription


def _path(method):
    return f"/api/payment-methods/{of('payment_method', method)}/replace"


def test_a_method_is_replaced_once_per_key(caller, two):
    old, new, subscription = two
    body = {"replacement": of("payment_method", new), "reason": "a new card"}
    done = caller.post(_path(old), body, key="k")
    assert (done.status_code, done.json()["id"], done.json()["in_flight"]) == (200, body["replacement"], [])
    assert done.json()["subscriptions"] == [of("subscription", subscription)]
    again = caller.post(_path(old), body, key="k")
    assert (again["Idempotent-Replayed"], again.json()) == ("true", done.json())
    assert payment_of(invoices(subscription)[0].pk).method_id == new.pk
    assert PaymentMethod.objects.get(pk=old.pk).state == "removed"
    assert Entry.objects.filter(verb="replace_method", actor_kind="key").count() == 1


def test_a_dry_run_of_it_keeps_nothing(caller, two):
    old, new, subscription = two
    tried = caller.post(f"{_path(old)}?dry_run=true", {"replacement": of("payment_method", new)}, key="k")
    assert tried.json()["subscriptions"] == [of("subscription", subscription)]
    assert Subscription.objects.get(pk=subscription.pk).method_id == old.pk
    assert PaymentMethod.objects.get(pk=old.pk).state == "active"


def test_what_can_t_take_over_is_refused(caller, api, two, world):
    old, new, _ = two
    stranger = world.method(world.customer())
    for body, code, param in (
        ({}, "field_missing", "replacement"),
        ({"replacement": "sub_1"}, "invalid", "replacement"),
        ({"replacement": of("payment_method", stranger)}, "replacement_not_active", "replacement"),
        ({"replacement": of("payment_method", old)}, "replacement_not_active", "replacement"),
    ):
        assert fault(caller.post(_path(old), body, key="k"))[1:] == (code, param)
    body = {"replacement": of("payment_method", new)}
    assert fault(caller.post(_path(old), body))[1] == "idempotency_key_missing"
    nobody = "/api/payment-methods/pm_0198c0de000070008000000000000001/replace"
    assert fault(caller.post(nobody, body, key="k"))[:2] == (404, "payment_method_unknown")
    assert fault(api("subscriptions:write").post(_path(old), body, key="k"))[0] == 403
