"""Payment methods over REST: asked for, approved, confirmed, removed; the chain is never asked inside a transaction."""

from __future__ import annotations

import pytest

from engine.audit.models import Entry
from engine.core.ids import uuid7
from engine.outbox.models import Event
from engine.rest.models import Answer
from payments.models import PaymentMethod
from tests.payments_api.conftest import key
from tests.rest.conftest import fault

NOBODY = "pm_0198c0de000070008000000000000001"


@pytest.fixture
def body(customer):
    return {
        "customer": customer,
        "wallet": "w1",
        "currency": "USDC",
        "add_minor": 9000,
        "provider": "scripted",
    }


@pytest.fixture
def shop(rail):
    return key("payment_methods:write")


def test_a_method_is_asked_for_approved_and_confirmed(shop, rail, body):
    made = shop.post("/api/payment-methods", body, key="k1")
    assert made.status_code == 201
    shown = made.json()
    assert (shown["object"], shown["state"], shown["wallet"], shown["customer"]) == (
        "payment_method", "pending", "w1", body["customer"],
    )  # fmt: skip
    assert shown["approval"] == {
        "transaction": "dHJhbnNhY3Rpb24=", "currency": "USDC", "amount_minor": 9000, "amount": "0.009000",
        "kept_minor": 0, "kept": "0.000000", "replaces": None, "replaces_foreign": False,
    }  # fmt: skip
    path = f"/api/payment-methods/{shown['id']}"
    assert fault(shop.post(f"{path}/confirm", {}, key="k2")) == (409, "delegate_revoked", "payment_method")
    assert shop.get(path).json()["check_code"] == "delegate_revoked"
    rail.granted["w1"] = 9000
    assert fault(shop.post(f"{path}/confirm", {"needed_minor": 9001}, key="k3"))[1] == "allowance_too_small"
    confirmed = shop.post(f"{path}/confirm", {"needed_minor": 9000}, key="k2x")
    assert (confirmed.status_code, confirmed.json()["state"], confirmed.json()["allowance"]) == (
        200,
        "active",
        "0.009000",
    )
    assert confirmed.json() == shop.get(path).json()
    assert Event.objects.filter(type="payment_method.activated").count() == 1
    assert {entry.verb for entry in Entry.objects.filter(actor_kind="key")} == {
        "add_method",
        "activate_method",
    }


def test_no_transaction_is_open_while_the_provider_is_asked(shop, rail, body):
    rail.granted["w1"] = 9000
    path = f"/api/payment-methods/{shop.post('/api/payment-methods', body, key='a').json()['id']}"
    shop.post(f"{path}/confirm", {}, key="b")
    shop.post(f"{path}/confirm", {})
    shop.post(f"{path}/approval", {"add_minor": 5}, key="c")
    assert [what for what, _ in rail.asked] == ["ask", "find", "find", "ask"]
    assert not any(inside for _, inside in rail.asked)


def test_a_replay_asks_nobody_and_makes_nothing(shop, rail, body):
    first = shop.post("/api/payment-methods", body, key="k")
    again = shop.post("/api/payment-methods", body, key="k")
    assert (again["Idempotent-Replayed"], again.json()) == ("true", first.json())
    assert (len(rail.asked), PaymentMethod.objects.count()) == (1, 1)
    assert fault(shop.post("/api/payment-methods", {**body, "add_minor": 1}, key="k"))[:2] == (
        409, "idempotency_key_reused",
    )  # fmt: skip


def test_a_silent_provider_is_503_and_leaves_the_key_free(shop, rail, body):
    rail.silent = True
    refused = shop.post("/api/payment-methods", body, key="k")
    assert fault(refused) == (503, "provider_unavailable", "provider")
    assert (refused.json()["error"]["retry"], refused["Retry-After"]) == ("safe", "5")
    assert not PaymentMethod.objects.exists() and not Answer.objects.exists()
    rail.silent = False
    made = shop.post("/api/payment-methods", body, key="k").json()
    rail.silent = True
    assert fault(shop.post(f"/api/payment-methods/{made['id']}/confirm"))[0] == 503
    assert fault(shop.post(f"/api/payment-methods/{made['id']}/approval", {"add_minor": 1}))[0] == 503


def test_a_fresh_approval_keeps_what_others_need(shop, rail, body):
    made = shop.post("/api/payment-methods", body).json()
    path = f"/api/payment-methods/{made['id']}"
    fresh = shop.post(f"{path}/approval", {"add_minor": 100, "commitments_minor": 50})
    assert (fresh.status_code, fresh.json()["amount_minor"], fresh.json()["kept_minor"]) == (200, 150, 50)


def test_a_removed_method_is_gone_for_good(shop, rail, body):
    rail.granted["w1"] = 9000
    path = f"/api/payment-methods/{shop.post('/api/payment-methods', body).json()['id']}"
    shop.post(f"{path}/confirm")
    for _ in range(2):
        assert shop.post(f"{path}/remove", {"reason": "asked by mail"}).json()["state"] == "removed"
    assert Event.objects.filter(type="payment_method.removed").count() == 1
    for verb, sent in (("confirm", {}), ("approval", {"add_minor": 1})):
        assert fault(shop.post(f"{path}/{verb}", sent)) == (409, "payment_method_removed", "payment_method")


def test_methods_are_listed_by_customer(shop, rail, body):
    mine = shop.post("/api/payment-methods", body).json()
    PaymentMethod.objects.create(
        id=uuid7(), customer_id=uuid7(), provider="scripted", currency="SOL",
        created_at=PaymentMethod.objects.get().created_at,
    )  # fmt: skip
    assert len(shop.get("/api/payment-methods").json()["data"]) == 2
    (found,) = shop.get(f"/api/payment-methods?customer={body['customer']}").json()["data"]
    assert found["id"] == mine["id"] and "approval" not in found
    assert fault(shop.get("/api/payment-methods?customer=pay_1")) == (400, "invalid", "customer")


def test_a_method_carries_metadata_of_the_callers_own(shop, rail, body):
    made = shop.post(
        "/api/payment-methods", {**body, "metadata": {"card": "home", "order": "A-17"}}, key="k"
    ).json()
    assert made["metadata"] == {"card": "home", "order": "A-17"}
    path = f"/api/payment-methods/{made['id']}"
    changed = shop.post(path, {"metadata": {"order": "", "shop": "7"}}, key="k2")
    assert (changed.status_code, changed.json()["metadata"]) == (200, {"card": "home", "shop": "7"})
    assert shop.get(path).json()["metadata"] == {"card": "home", "shop": "7"}
    (entry,) = Entry.objects.filter(verb="update_method")
    assert (entry.before, entry.after) == (
        {"metadata": {"card": "home", "order": "A-17"}}, {"metadata": {"card": "home", "shop": "7"}},
    )  # fmt: skip
    assert shop.post("/api/payment-methods", body).json()["metadata"] == {}
    (found,) = shop.get("/api/payment-methods?metadata[card]=home&metadata[shop]=7").json()["data"]
    assert found["id"] == made["id"]
    assert shop.get("/api/payment-methods?metadata[order]=A-17").json()["data"] == []
    many = {str(number): "x" for number in range(49)}
    assert fault(shop.post(path, {"metadata": many})) == (400, "metadata_invalid", "metadata")
    assert fault(shop.post(path, {"metadata": {"card": 1}})) == (400, "invalid", "metadata")
    assert fault(shop.post(path, {"wallet": "w2"})) == (400, "field_unknown", "wallet")
    assert PaymentMethod.objects.get(pk=entry.object_id).metadata == {"card": "home", "shop": "7"}


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"customer": "cus_0198c0de000070008000000000000001"}, "customer_unknown", "customer"),
        ({"customer": "sub_0198c0de000070008000000000000001"}, "invalid", "customer"),
        ({"add_minor": 0}, "min_value", "add_minor"),
        ({"add_minor": 1.5}, "invalid", "add_minor"),
        ({"add_minor": True}, "invalid", "add_minor"),
        ({"add_minor": 2**63}, "max_value", "add_minor"),
        ({"add_minor": 10**18 + 1}, "max_value", "add_minor"),
        ({"commitments_minor": 10**18 + 1}, "max_value", "commitments_minor"),
        ({"wallet": "w" * 65}, "max_length", "wallet"),
        ({"wallet": 7}, "invalid", "wallet"),
        ({"provider": "nobody"}, "provider_unknown", "provider"),
        ({"options": {"colour": 1}}, "field_unknown", "options.colour"),
        ({"options": []}, "invalid", "options"),
        ({"metadata": {"a": 1}}, "invalid", "metadata"),
        ({"metadata": []}, "invalid", "metadata"),
        ({"state": "active"}, "field_unknown", "state"),
    ],
)
def test_bad_methods_are_refused_with_nothing_written(shop, rail, body, changes, code, param):
    assert fault(shop.post("/api/payment-methods", {**body, **changes}, key="k")) == (400, code, param)
    assert not PaymentMethod.objects.exists() and not Answer.objects.exists() and rail.asked == []


def test_what_is_not_there_has_no_metadata_to_change(shop, rail):
    assert fault(shop.post(f"/api/payment-methods/{NOBODY}", {})) == (
        404, "payment_method_unknown", "payment_method",
    )  # fmt: skip
    assert fault(key("payment_methods:read").post(f"/api/payment-methods/{NOBODY}", {}))[0] == 403


@pytest.mark.parametrize("verb", ["", "/confirm", "/approval", "/remove"])
def test_who_may_not_and_what_is_not_there(shop, rail, verb):
    sent = {"add_minor": 5} if verb == "/approval" else {}

    def ask(caller, method_id):
        path = f"/api/payment-methods/{method_id}{verb}"
        return caller.post(path, sent) if verb else caller.get(path)

    for strange in ("pay_0198c0de000070008000000000000001", "pm_zz", "x" * 200):
        assert fault(ask(shop, strange))[0] == 404
    assert fault(ask(shop, NOBODY))[:2] == (404, "payment_method_unknown")
    assert fault(ask(key("payments:write"), NOBODY))[:2] == (403, "scope_missing")
    reader = ask(key("payment_methods:read"), NOBODY)
    assert fault(reader)[0] == (403 if verb else 404)


def test_the_list_is_empty_at_first(caller):
    assert caller.get("/api/payment-methods").json() == {
        "object": "list", "data": [], "has_more": False, "next_cursor": None, "next": None,
    }  # fmt: skip


def test_a_dry_run_of_a_confirmation_keeps_nothing(shop, rail, body):
    made = shop.post("/api/payment-methods", body, key="k1").json()
    path = f"/api/payment-methods/{made['id']}"
    before, events = PaymentMethod.objects.values().get(), Event.objects.count()
    refused = shop.post(f"{path}/confirm?dry_run=true", {}, key="k2")
    assert (fault(refused)[1], refused["Dry-Run"]) == ("delegate_revoked", "true")
    rail.granted["w1"] = 9000
    assert shop.post(f"{path}/confirm?dry_run=true", {}, key="k2").json()["state"] == "active"
    assert (PaymentMethod.objects.values().get(), Event.objects.count()) == (before, events)
