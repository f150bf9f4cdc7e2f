"""Methods that gateways keep, over REST: set up at the gateway, confirmed, made the default; no secret twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from engine.audit.models import Entry
from engine.core.actor import SYSTEM
from engine.outbox.models import Event
from engine.providers import registry
from engine.rest import ids, keys
from engine.rest.models import Answer, ApiKey, Use
from payments import switches
from payments.models import PaymentMethod
from tests.billing.world import make_world
from tests.ops.world import empty
from tests.payments.gateway import Gateway
from tests.rest.conftest import Api, fault

PATH = "/api/payment-methods"
PAGE = "https://shop.example.com/cards"


@pytest.fixture
def gateway(empty_database: str, django_db_blocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """With real commits around it: a transaction that is open is one of ours."""
    both = {"gateway": "tests.payments.gateway.Gateway", "rail": "tests.payments_api.conftest.Approving"}
    monkeypatch.setattr(settings, "PROVIDERS", both)
    registry.get.cache_clear()
    with django_db_blocker.unblock():
        empty()
        switches.seed()
        provider = registry.get("gateway")
        assert isinstance(provider, Gateway)
        yield provider
        empty()
        for model in (ApiKey, Answer, Use):
            model.objects.all().delete()
        connection.close()
    registry.get.cache_clear()


@pytest.fixture
def shop(gateway: Gateway) -> Api:
    return Api(keys.create("tests", ["payment_methods:write"], by=SYSTEM).secret)


@pytest.fixture
def body(gateway: Gateway) -> dict[str, str]:
    customer = make_world().customer()
    return {
        "customer": ids.show("customer", customer.pk),
        "provider": "gateway",
        "currency": "USD",
        "return_url": PAGE,
    }


def reference(shown: dict) -> str:
    found = ids.read("payment_method", shown["id"])
    assert found is not None
    return found.hex


def test_a_card_is_set_up_at_the_gateways_page_and_confirmed(shop, gateway, body):
    made = shop.post(PATH, body, key="k1")
    assert made.status_code == 201
    shown = made.json()
    url = f"https://pay.example/{reference(shown)}"
    assert (shown["state"], shown["approval"], shown["label"], shown["default"]) == (
        "pending",
        None,
        {},
        False,
    )
    public = {"public_key": "pk_for_the_browser"}
    assert shown["setup"] == {"kind": "redirect", "url": url, "expires_at": "2099-01-01T00:00:00Z", **public}
    ((payer, page),) = gateway.payers
    assert (payer.name, payer.phone, page) == ("Payer 0", "", PAGE)
    path = f"{PATH}/{shown['id']}"
    assert fault(shop.post(f"{path}/confirm", {}, key="k2")) == (409, "setup_not_done", "payment_method")
    assert shop.get(path).json()["check_code"] == "setup_pending"
    gateway.finish(reference(shown))
    confirmed = shop.post(f"{path}/confirm", {}, key="k3").json()
    assert (confirmed["state"], confirmed["check_code"]) == ("active", "")
    assert confirmed["label"] == {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030}
    assert confirmed["setup"]["url"] == "" and confirmed == shop.get(path).json()
    assert PaymentMethod.objects.get().details == {"source": "tok_1", "token": "tok_1"}
    assert "tok_1" not in str(confirmed)
    assert shop.post(f"{path}/confirm", {}, key="k4").json() == confirmed
    assert [what for what, _ in gateway.called] == ["ask", "find", "find"]
    assert not any(inside for _, inside in gateway.called)
    assert Event.objects.filter(type="payment_method.activated").count() == 1
    assert {each.verb for each in Entry.objects.filter(actor_kind="key")} == {"add_method", "activate_method"}


def test_the_secret_for_the_gateways_fields_is_in_the_first_answer_alone(shop, gateway, body):
    gateway.kind = "hosted_fields"
    first = shop.post(PATH, body, key="k").json()
    assert first["setup"]["client_secret"] == f"{reference(first)}_secret_for_the_browser"
    again = shop.post(PATH, body, key="k").json()
    assert "client_secret" not in again["setup"] and again["id"] == first["id"]
    assert first["setup"]["public_key"] == again["setup"]["public_key"] == "pk_for_the_browser"
    assert "secret_for" not in str(list(Answer.objects.values())) + str(list(PaymentMethod.objects.values()))
    assert len(gateway.payers) == 1


def test_a_rail_without_a_set_up_is_usable_at_once(shop, gateway, body):
    gateway.kind = "none"
    shown = shop.post(PATH, body, key="k").json()
    assert (shown["state"], shown["setup"]["kind"]) == ("active", "none")
    assert shop.post(f"{PATH}/{shown['id']}/confirm").json()["state"] == "active"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"wallet": "w1"}, "field_unknown", "wallet"),
        ({"add_minor": 1}, "field_unknown", "add_minor"),
        ({"commitments_minor": 1}, "field_unknown", "commitments_minor"),
        ({"options": {"colour": 1}}, "field_unknown", "options.colour"),
        ({"phone": 62812}, "invalid", "phone"),
        ({"currency": "KES"}, "currency_not_supported", "currency"),
        ({"return_url": "javascript:alert(1)"}, "return_url_invalid", "return_url"),
        ({"return_url": "https://a@b/"}, "return_url_invalid", "return_url"),
        ({"return_url": "https://[/"}, "return_url_invalid", "return_url"),
        ({"return_url": "x" * 2001}, "max_length", "return_url"),
        ({"provider": "nobody"}, "provider_unknown", "provider"),
        ({"customer": "cus_0198c0de000070008000000000000001"}, "customer_unknown", "customer"),
        ({"provider": "rail"}, "field_unknown", "return_url"),
        ({"card": {"exp": 1}}, "field_unknown", "card"),
    ],
)
def test_bad_set_ups_are_refused_with_nothing_begun(shop, gateway, body, changes, code, param):
    assert fault(shop.post(PATH, {**body, **changes}, key="k")) == (400, code, param)
    assert not PaymentMethod.objects.exists() and gateway.called == []


def test_an_approval_needs_what_it_is_to_cover(shop, gateway, body):
    del body["return_url"]
    body["provider"] = "rail"
    assert fault(shop.post(PATH, body))[1:] == ("field_missing", "wallet")
    assert fault(shop.post(PATH, {**body, "wallet": "w1"}))[1:] == ("field_missing", "add_minor")


def test_a_gateways_method_is_not_approved_again(shop, gateway, body):
    path = f"{PATH}/{shop.post(PATH, body).json()['id']}"
    assert fault(shop.post(f"{path}/approval", {"add_minor": 1})) == (400, "no_approvals", "provider")
    assert fault(shop.post(f"{path}/confirm", {"needed_minor": 1})) == (400, "field_unknown", "needed_minor")


def test_a_silent_gateway_is_503_and_leaves_the_key_free(shop, gateway, body):
    gateway.silent = True
    assert fault(shop.post(PATH, body, key="k")) == (503, "provider_unavailable", "provider")
    gateway.silent = False
    made = shop.post(PATH, body, key="k").json()
    gateway.silent = True
    assert fault(shop.post(f"{PATH}/{made['id']}/confirm"))[0] == 503


def test_a_set_up_is_not_tried_without_being_done(shop, gateway, body):
    assert fault(shop.post(f"{PATH}?dry_run=true", body))[1:] == ("no_dry_run", "dry_run")
    made = shop.post(PATH, body).json()
    gateway.finish(reference(made))
    assert shop.post(f"{PATH}/{made['id']}/confirm?dry_run=true").json()["state"] == "active"
    assert PaymentMethod.objects.get().state == "pending"


def test_one_method_at_most_is_the_default(shop, gateway, body):
    one, other = (shop.post(PATH, body).json() for _ in range(2))
    assert fault(shop.post(f"{PATH}/{one['id']}/default")) == (
        409, "payment_method_not_active", "payment_method",
    )  # fmt: skip
    for each in (one, other):
        gateway.finish(reference(each), card=each["id"])
        shop.post(f"{PATH}/{each['id']}/confirm")
    for each in (one, one, other):
        assert shop.post(f"{PATH}/{each['id']}/default", {"reason": "asked"}).json()["default"] is True
    assert [each["default"] for each in shop.get(f"{PATH}?customer={body['customer']}").json()["data"]] == [
        True,
        False,
    ]
    assert Event.objects.filter(type="payment_method.made_default").count() == 2
    shop.post(f"{PATH}/{other['id']}/remove", {"reason": "asked"})
    assert not PaymentMethod.objects.filter(is_default=True).exists()


def test_the_old_address_is_gone(shop):
    assert shop.get("/api/payment_methods").status_code == 404
