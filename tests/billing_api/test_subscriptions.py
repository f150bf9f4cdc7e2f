"""Subscriptions over REST: who may join what, how they are found, and what a second try finds."""

from __future__ import annotations

import pytest

from billing.models import Invoice, Subscription
from tests.billing.world import rows_everywhere
from tests.billing_api.conftest import of
from tests.billing_api.test_parties import NOBODY
from tests.rest.conftest import fault

HEX = NOBODY.replace("-", "")


@pytest.fixture
def body(world):
    customer = world.customer()
    return {"customer": of("customer", customer), "plan": of("plan", world.plan),
            "payment_method": of("payment_method", world.method(customer))}  # fmt: skip


def test_a_subscription_is_made_and_shown(caller, body):
    sent = {
        **body,
        "service_name": "Letter",
        "metadata": {"seat": "1"},
        "ends_at": "2027-01-31T10:30:00+01:00",
    }
    made = caller.post("/api/subscriptions", sent, key="k")
    assert made.status_code == 201
    shown = made.json()
    assert {name: shown[name] for name in body} == body
    assert (shown["object"], shown["state"], shown["auto_pay"]) == ("subscription", "incomplete", True)
    assert (shown["price_minor"], shown["price"], shown["currency"]) == (1000, "0.001000", "USDC")
    assert (shown["anchor_at"], shown["ends_at"]) == ("2026-01-31T09:30:00Z", "2027-01-31T09:30:00Z")
    assert (shown["period_no"], shown["next_due_at"]) == (1, "2026-02-28T09:30:00Z")
    assert (shown["service_name"], shown["metadata"]) == ("Letter", {"seat": "1"})
    assert caller.get(f"/api/subscriptions/{shown['id']}").json() == shown
    assert Invoice.objects.count() == 1


def test_a_replay_subscribes_nobody_again(caller, body):
    first, second = (caller.post("/api/subscriptions", body, key="k") for _ in range(2))
    assert (second.status_code, second["Idempotent-Replayed"], second.json()) == (201, "true", first.json())
    assert (Subscription.objects.count(), Invoice.objects.count()) == (1, 1)
    other = caller.post("/api/subscriptions", {**body, "auto_pay": False}, key="k")
    assert fault(other) == (409, "idempotency_key_reused", "auto_pay")


def test_a_key_is_needed_where_money_follows(caller, body):
    assert fault(caller.post("/api/subscriptions", body)) == (
        400,
        "idempotency_key_missing",
        "Idempotency-Key",
    )
    for bad in ("a b", "x" * 256):
        answer = caller.post("/api/subscriptions", body, **{"Idempotency-Key": bad})
        assert fault(answer) == (400, "idempotency_key_invalid", "Idempotency-Key")
    assert not Subscription.objects.exists()


def test_a_second_live_one_is_409(caller, body):
    caller.post("/api/subscriptions", body, key="a")
    before = rows_everywhere()
    assert fault(caller.post("/api/subscriptions", body, key="b")) == (409, "already_subscribed", "plan")
    assert rows_everywhere() == before


@pytest.mark.parametrize(("changes", "status", "code", "param"), [
    ({"customer": f"cus_{HEX}"}, 400, "customer_unknown", "customer"),
    ({"customer": f"plan_{HEX}"}, 400, "invalid", "customer"),
    ({"customer": "x" * 5000}, 400, "invalid", "customer"),
    ({"customer": {"id": 1}}, 400, "invalid", "customer"),
    ({"plan": f"plan_{HEX}"}, 400, "plan_unknown", "plan"),
    ({"plan": None}, 400, "field_null", "plan"),
    ({"payment_method": f"pm_{HEX}"}, 400, "method_unknown", "payment_method"),
    ({"payment_method": 17}, 400, "invalid", "payment_method"),
    ({"anchor_at": "2026-01-01T00:00:00Z"}, 400, "anchor_in_past", "anchor_at"),
    ({"anchor_at": "9999-12-31T23:59:59Z"}, 400, "anchor_too_far", "anchor_at"),
    ({"anchor_at": "2026-03-01"}, 400, "invalid", "anchor_at"),
    ({"anchor_at": "2026-03-01T00:00:00"}, 400, "invalid", "anchor_at"),
    ({"anchor_at": 1767225600}, 400, "invalid", "anchor_at"),
    ({"ends_at": "2026-01-30T00:00:00Z"}, 400, "ends_before_start", "ends_at"),
    ({"auto_pay": "yes"}, 400, "invalid", "auto_pay"),
    ({"auto_pay": None}, 400, "field_null", "auto_pay"),
    ({"service_name": "x" * 201}, 400, "max_length", "service_name"),
    ({"service_name": "a\x00b"}, 400, "text_invalid", "service_name"),
    ({"metadata": {"a": None}}, 400, "invalid", "metadata"),
    ({"price_minor": 1}, 400, "field_unknown", "price_minor"),
])  # fmt: skip
def test_bad_subscriptions_are_refused_with_nothing_written(caller, body, changes, status, code, param):
    before = rows_everywhere()
    assert fault(caller.post("/api/subscriptions", {**body, **changes}, key="k")) == (status, code, param)
    assert rows_everywhere() == before
    assert caller.get("/api/requests/k").json()["state"] == "never_seen"


def test_the_method_must_be_theirs_active_and_of_the_currency(caller, body, world):
    stranger, me = world.customer(), world.made[0]
    for method, status, code in (
        (world.method(stranger), 400, "method_unknown"),
        (world.method(me, state="pending"), 409, "method_not_active"),
        (world.method(me, state="removed"), 409, "method_not_active"),
        (world.method(me, currency="SOL"), 400, "currency_mismatch"),
    ):
        sent = {**body, "payment_method": of("payment_method", method)}
        assert fault(caller.post("/api/subscriptions", sent, key="k")) == (status, code, "payment_method")
    assert not Subscription.objects.exists()


def test_a_plan_that_is_not_sold_is_409(caller, body, world):
    caller.post(f"/api/plans/{of('plan', world.plan)}/deactivate")
    assert fault(caller.post("/api/subscriptions", body, key="k")) == (409, "plan_inactive", "plan")


def test_without_a_method_invoices_stay_open(caller, body):
    made = caller.post("/api/subscriptions", {**body, "payment_method": None}, key="k").json()
    assert made["payment_method"] is None


def test_they_are_found_by_every_filter(caller, world, settled):
    here, ended = world.subscription(), world.subscription()
    caller.post(f"/api/subscriptions/{of('subscription', ended)}/cancel")
    other_plan = world.another_plan()
    there = world.subscription(plan=other_plan)

    def found(query: str) -> list[str]:
        return [each["id"] for each in caller.get(f"/api/subscriptions?{query}").json()["data"]]

    first, second, third = (of("subscription", each) for each in (here, ended, there))
    assert found("") == [third, second, first]
    assert found("ordering=created") == [first, second, third]
    assert found(f"customer={of('customer', here.customer_id)}") == [first]
    assert found(f"customer={of('customer', ended.customer_id)}&state=canceled") == [second]
    assert found(f"customer={of('customer', ended.customer_id)}&state=active") == []
    assert found(f"plan={of('plan', world.plan)}") == [second, first]
    creator = of("creator", world.creator)
    assert found(f"creator={creator}") == [third, second, first]
    assert found(f"creator={creator}&ordering=created&limit=2") == [first, second]
    assert found(f"creator={creator}&state=canceled") == [second]
    assert found(f"creator={creator}&state=active") == []
    assert found(f"creator_wallet=ada-wallet&plan_number={other_plan.number}") == [third]
    assert found(f"customer_wallet={here.customer.wallet}") == [first]
    assert found(f"customer_wallet={here.customer.wallet}&creator_wallet=ada-wallet&plan_number=1") == [first]
    assert found(f"customer_wallet={here.customer.wallet}&customer={of('customer', there.customer_id)}") == []
    assert found("creator_wallet=nobody") == found("customer_wallet=nobody") == found("held=true") == []
    assert found(f"plan=plan_{HEX}") == found(f"customer=cus_{HEX}") == found(f"creator=cre_{HEX}") == []


def test_pages_of_a_creator_follow_each_other(caller, world):
    plans = [world.plan, world.another_plan(), world.another_plan()]
    made = [of("subscription", world.subscription(plan=plans[n % 3])) for n in range(7)]
    path = f"/api/subscriptions?creator={of('creator', world.creator)}&limit=3"
    seen: list[str] = []
    while path:
        page = caller.client.get(path, headers=caller.headers).json()
        seen += [each["id"] for each in page["data"]]
        assert page["has_more"] == (page["next"] is not None)
        path = page["next"]
    assert seen == made[::-1]


@pytest.mark.parametrize(("query", "code", "param"), [
    ("customer=sub_x", "invalid", "customer"),
    ("state=gone", "invalid_choice", "state"),
    ("plan_number=1", "filter_too_wide", "plan_number"),
    ("creator_wallet=", "field_blank", "creator_wallet"),
    ("held=false", "invalid_choice", "held"),
    ("expand=plan.customer", "expand_unknown", "expand"),
    ("expand=plan.creator.plan", "expand_unknown", "expand"),
])  # fmt: skip
def test_bad_filters_are_refused(caller, query, code, param):
    assert fault(caller.get(f"/api/subscriptions?{query}")) == (400, code, param)


@pytest.mark.parametrize(("expand", "more"), [
    ("", 0), ("customer", 1), ("plan", 1), ("creator", 1), ("plan.creator", 2), ("plan,plan.creator", 2),
    ("payment_method", 1), ("customer,creator,plan.creator,payment_method", 5),
])  # fmt: skip
def test_each_expansion_is_one_query_however_many_rows(
    caller, world, expand, more, django_assert_num_queries
):
    for _ in range(3):
        world.subscription()
    caller.get("/api/subscriptions")  # the key's last use is written once a minute
    with django_assert_num_queries(3 + more):
        shown = caller.get(f"/api/subscriptions{expand and '?expand=' + expand}").json()["data"]
    assert len(shown) == 3
    for name in filter(None, expand.split(",")):
        top, _, deep = name.partition(".")
        assert all(each[top]["object"] == top for each in shown)
        assert not deep or all(each[top][deep]["name"] == "Ada" for each in shown)


@pytest.mark.parametrize(("expand", "needed"), [
    ("customer", {"customers:read"}), ("creator", {"creators:read"}), ("plan", {"plans:read"}),
    ("plan.creator", {"plans:read", "creators:read"}), ("payment_method", {"payment_methods:read"}),
])  # fmt: skip
@pytest.mark.parametrize("one", [False, True], ids=["list", "single"])
def test_what_a_key_may_not_read_it_does_not_get_by_expanding(api, world, expand, needed, one):
    subscription = world.subscription()
    path = f"/api/subscriptions/{of('subscription', subscription)}" if one else "/api/subscriptions"
    enough = api("subscriptions:read", *needed)
    assert enough.get(f"{path}?expand={expand}").status_code == 200
    for missing in needed:
        narrow = api("subscriptions:read", *(needed - {missing}))
        refused = narrow.get(f"{path}?expand={expand}")
        assert fault(refused) == (403, "scope_missing", "expand")
        assert missing in refused.json()["error"]["message"]
        assert narrow.get(path).status_code == 200


def test_what_callers_say_of_it_changes(caller, world):
    subscription = world.subscription()
    path = f"/api/subscriptions/{of('subscription', subscription)}"
    shown = caller.post(path, {"service_name": "Letter", "metadata": {"a": "b"}}).json()
    assert (shown["service_name"], shown["metadata"]) == ("Letter", {"a": "b"})
    assert caller.post(path, {"metadata": {"a": ""}}).json()["metadata"] == {}
    assert fault(caller.post(path, {"state": "active"})) == (400, "field_unknown", "state")
    missing = f"/api/subscriptions/sub_{HEX}"
    assert fault(caller.post(missing, {})) == (404, "subscription_unknown", "subscription")
    assert fault(caller.get(missing)) == (404, "subscription_unknown", "subscription")
