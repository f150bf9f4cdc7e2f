"""Plans over REST: terms are whole minor units of a known currency, and a change never touches who is on them."""

from __future__ import annotations

import pytest

from billing.models import Plan, PlanVersion, Subscription
from engine.core.money import HIGHEST_PRICE_MINOR, MAX_MINOR
from tests.billing_api.conftest import of
from tests.billing_api.test_parties import NOBODY
from tests.rest.conftest import fault

TERMS = {"price_minor": 12_500_000, "currency": "USDC", "interval_unit": "month", "interval_count": 1}
BAD_TERMS = [
    ({"price_minor": 0}, "min_value", "price_minor"),
    ({"price_minor": -1}, "min_value", "price_minor"),
    ({"price_minor": 12.5}, "invalid", "price_minor"),
    ({"price_minor": 1.0}, "invalid", "price_minor"),
    ({"price_minor": "1500"}, "invalid", "price_minor"),
    ({"price_minor": True}, "invalid", "price_minor"),
    ({"price_minor": None}, "field_null", "price_minor"),
    ({"price_minor": HIGHEST_PRICE_MINOR + 1}, "max_value", "price_minor"),
    ({"price_minor": MAX_MINOR}, "max_value", "price_minor"),
    ({"price_minor": MAX_MINOR + 1}, "max_value", "price_minor"),
    ({"price_minor": 10**400}, "max_value", "price_minor"),
    ({"currency": "usdc"}, "currency_invalid", "currency"),
    ({"currency": "XXX"}, "currency_invalid", "currency"),
    ({"currency": ["USDC"]}, "invalid", "currency"),
    ({"interval_unit": "fortnight"}, "invalid_choice", "interval_unit"),
    ({"interval_unit": ["month"]}, "invalid_choice", "interval_unit"),
    ({"interval_count": 0}, "min_value", "interval_count"),
    ({"interval_count": 121}, "interval_out_of_range", "interval_count"),
    ({"colour": 1}, "field_unknown", "colour"),
]


@pytest.fixture
def body(world):
    return {"creator": of("creator", world.creator), "number": 7, "name": "Pro", **TERMS}


def test_a_plan_is_made_and_shown(caller, body):
    made = caller.post("/api/plans", {**body, "metadata": {"tier": "1"}}, key="k")
    assert made.status_code == 201
    shown = made.json()
    assert {name: shown[name] for name in body} == body
    assert (shown["object"], shown["price"], shown["version"], shown["active"]) == (
        "plan",
        "12.500000",
        1,
        True,
    )
    assert caller.get(f"/api/plans/{shown['id']}").json() == shown
    assert caller.get(f"/api/plans?creator={body['creator']}&number=7&active=true").json()["data"] == [shown]
    assert caller.get("/api/plans?number=8").json()["data"] == []


def test_the_largest_price_is_taken(caller, body):
    made = caller.post("/api/plans", {**body, "price_minor": HIGHEST_PRICE_MINOR, "currency": "SOL"})
    assert (made.status_code, made.json()["price"]) == (201, "1000000.000000000")


@pytest.mark.parametrize(("changes", "code", "param"), [
    *BAD_TERMS,
    ({"number": -1}, "min_value", "number"),
    ({"number": 2**31}, "max_value", "number"),
    ({"number": "7"}, "invalid", "number"),
    ({"name": " "}, "field_blank", "name"),
    ({"creator": f"cre_{NOBODY.replace('-', '')}"}, "creator_unknown", "creator"),
    ({"creator": f"cus_{NOBODY.replace('-', '')}"}, "invalid", "creator"),
    ({"creator": 5}, "invalid", "creator"),
    ({"creator": None}, "field_null", "creator"),
])  # fmt: skip
def test_bad_plans_are_refused_with_nothing_written(caller, body, changes, code, param):
    before = (Plan.objects.count(), PlanVersion.objects.count())
    assert fault(caller.post("/api/plans", {**body, **changes}, key="k")) == (400, code, param)
    assert (Plan.objects.count(), PlanVersion.objects.count()) == before
    assert caller.get("/api/requests/k").json()["state"] == "never_seen"


def test_a_number_that_is_taken_is_409(caller, body):
    assert fault(caller.post("/api/plans", {**body, "number": 1})) == (409, "number_taken", "number")
    assert Plan.objects.count() == 1


def test_new_terms_are_a_new_version(caller, world):
    path = f"/api/plans/{of('plan', world.plan)}"
    subscription = world.subscription()
    made = caller.post(f"{path}/versions", {**TERMS, "price_minor": 2000, "reason": "dearer"}, key="k")
    assert (made.status_code, made.json()["version"], made.json()["price"]) == (201, 2, "0.002000")
    assert (caller.get(path).json()["price_minor"], caller.get(path).json()["version"]) == (2000, 2)
    assert [v["version"] for v in caller.get(f"{path}/versions").json()["data"]] == [2, 1]
    on_it = caller.get(f"/api/subscriptions/{of('subscription', subscription)}").json()
    assert (on_it["price_minor"], on_it["plan_version"]) == (1000, 1)
    assert caller.post(f"{path}/versions", {**TERMS, "price_minor": 2000, "reason": "dearer"}, key="k")[
        "Idempotent-Replayed"
    ]
    assert PlanVersion.objects.filter(plan=world.plan).count() == 2


@pytest.mark.parametrize(("changes", "code", "param"), BAD_TERMS)
def test_bad_terms_are_refused_with_nothing_written(caller, world, changes, code, param):
    path = f"/api/plans/{of('plan', world.plan)}/versions"
    assert fault(caller.post(path, {**TERMS, **changes})) == (400, code, param)
    assert PlanVersion.objects.count() == 1


def test_a_plan_is_switched_off_and_on(caller, world):
    path = f"/api/plans/{of('plan', world.plan)}"
    assert caller.post(f"{path}/deactivate", {"reason": "sold out"}).json()["active"] is False
    assert [plan["id"] for plan in caller.get("/api/plans?active=false").json()["data"]] == [
        of("plan", world.plan)
    ]
    assert caller.post(f"{path}/activate").json()["active"] is True


def test_what_was_held_for_its_plan_goes_on_with_it(caller, world):
    """In the request's one transaction, so in the order of their ids."""
    path = f"/api/plans/{of('plan', world.plan)}"
    held = [world.subscription() for _ in range(2)]
    caller.post(f"{path}/deactivate")
    world.later(days=40)
    world.bill()
    assert len(caller.get("/api/subscriptions?held=true").json()["data"]) == 2
    assert caller.post(f"{path}/activate", key="k").status_code == 200
    assert not Subscription.objects.exclude(held_code="").exists()
    assert (
        Subscription.objects.filter(pk__in=[each.pk for each in held], next_due_at__isnull=False).count() == 2
    )


def test_a_name_and_metadata_change(caller, world):
    path = f"/api/plans/{of('plan', world.plan)}"
    shown = caller.post(path, {"name": "Pro plus", "metadata": {"a": "b"}}).json()
    assert (shown["name"], shown["metadata"], shown["price_minor"]) == ("Pro plus", {"a": "b"}, 1000)
    assert fault(caller.post(path, {"price_minor": 1})) == (400, "field_unknown", "price_minor")


def test_what_is_not_there_is_404(caller):
    path = f"/api/plans/plan_{NOBODY.replace('-', '')}"
    assert fault(caller.get(path)) == (404, "plan_unknown", "plan")
    assert fault(caller.get(f"{path}/versions")) == (404, "plan_unknown", "plan")
    for verb, sent in (("", {}), ("/activate", {}), ("/deactivate", {}), ("/versions", TERMS)):
        assert fault(caller.post(path + verb, sent)) == (404, "plan_unknown", "plan")


@pytest.mark.parametrize(
    "query", ["creator=plan_x", "number=-1", "number=x", "active=1", "number=" + "9" * 30]
)
def test_bad_filters_are_refused(caller, query):
    assert caller.get(f"/api/plans?{query}").status_code == 400


def test_a_list_is_few_queries_and_expansion_one_more(caller, world, django_assert_max_num_queries):
    for _ in range(5):
        world.another_plan()
    caller.get("/api/plans")  # the key's last use is written once a minute
    with django_assert_max_num_queries(4):
        assert len(caller.get("/api/plans").json()["data"]) == 6
    with django_assert_max_num_queries(5):
        shown = caller.get("/api/plans?expand=creator").json()["data"]
    assert {plan["creator"]["name"] for plan in shown} == {"Ada"}


def test_a_plans_creator_is_shown_whole_to_who_may_read_creators(api, world):
    path = f"/api/plans/{of('plan', world.plan)}"
    for asked in (path, "/api/plans"):
        assert fault(api("plans:read").get(f"{asked}?expand=creator")) == (403, "scope_missing", "expand")
        assert api("plans:read", "creators:read").get(f"{asked}?expand=creator").status_code == 200
