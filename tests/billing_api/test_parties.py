"""Customers and creators: made, found, changed; every bad word is refused by its field, with nothing written."""

from __future__ import annotations

import pytest

from billing.models import Creator, Customer
from engine.audit.models import Entry
from engine.core import clock
from engine.ledger import accounts, posting
from engine.ledger.chart import Kind
from engine.rest.models import Answer
from tests.billing_api.conftest import of
from tests.rest.conftest import fault

NOBODY = "0198c0de-0000-7000-8000-000000000001"
ADA = {
    "name": "Ada",
    "email": "ada@example.com",
    "wallet": "w-ada",
    "zone": "Africa/Lagos",
    "metadata": {"a": "1"},
}


def test_a_customer_is_made_and_shown(caller):
    made = caller.post("/api/customers", ADA, key="k")
    assert made.status_code == 201
    shown = made.json()
    assert {name: shown[name] for name in ADA} == ADA
    assert (shown["object"], shown["livemode"]) == ("customer", False)
    assert shown["id"].startswith("cus_") and shown["created_at"].endswith("Z")
    assert caller.get(f"/api/customers/{shown['id']}").json() == shown
    assert caller.get("/api/customers?email=ada@example.com").json()["data"] == [shown]
    assert caller.get("/api/customers?wallet=w-ada").json()["data"] == [shown]
    assert caller.get("/api/customers?wallet=w-ad").json()["data"] == []
    assert caller.get("/api/requests/k").json()["object_id"] == shown["id"]


def test_a_creator_is_made_and_shown(caller):
    made = caller.post("/api/creators", {"name": "Bo", "wallet": "w-bo", "fee_bps": 250})
    assert made.status_code == 201
    shown = made.json()
    assert (shown["fee_bps"], shown["wallet"], shown["metadata"]) == (250, "w-bo", {})
    assert caller.get(f"/api/creators/{shown['id']}").json() == shown
    assert caller.get("/api/creators?wallet=w-bo").json()["data"] == [shown]


def test_what_is_not_sent_stays(caller):
    path = "/api/customers/" + caller.post("/api/customers", ADA).json()["id"]
    changed = caller.post(path, {"email": "", "metadata": {"a": "", "b": "2"}})
    assert changed.status_code == 200
    assert (changed.json()["email"], changed.json()["metadata"]) == ("", {"b": "2"})
    assert changed.json()["name"] == "Ada"
    assert caller.post(path, {"name": "Ada O."}).json()["metadata"] == {"b": "2"}
    entry = Entry.objects.filter(verb="update_customer").order_by("id").first()
    assert (entry.before["email"], entry.after["email"], entry.actor[-6:]) == (
        "ada@example.com",
        "",
        " tests",
    )


def test_a_creator_changes_but_for_the_wallet(caller):
    path = "/api/creators/" + caller.post("/api/creators", {"name": "Bo"}).json()["id"]
    assert caller.post(path, {"name": "Bea", "metadata": {"x": "y"}}).json()["name"] == "Bea"
    assert fault(caller.post(path, {"wallet": "w"})) == (400, "field_unknown", "wallet")


def test_metadata_has_fifty_names_and_no_more(caller):
    full = {f"n{number}": "v" for number in range(50)}
    path = "/api/customers/" + caller.post("/api/customers", {"name": "A", "metadata": full}).json()["id"]
    assert fault(caller.post(path, {"metadata": {"one more": "v"}})) == (400, "metadata_invalid", "metadata")
    assert caller.post(path, {"metadata": {"n0": "", "one more": "v"}}).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"name": None}, "field_null", "name"),
        ({"name": ""}, "field_blank", "name"),
        ({"name": "x" * 201}, "max_length", "name"),
        ({"name": 5}, "invalid", "name"),
        ({"name": "a\x00b"}, "text_invalid", "name"),
        ({"email": "ada"}, "email_invalid", "email"),
        ({"email": True}, "invalid", "email"),
        ({"wallet": "w" * 65}, "max_length", "wallet"),
        ({"zone": "Africa/Nowhere"}, "zone_unknown", "zone"),
        ({"zone": "../../etc/passwd"}, "zone_unknown", "zone"),
        ({"metadata": []}, "invalid", "metadata"),
        ({"metadata": {"a": 1}}, "invalid", "metadata"),
        ({"metadata": {"a": "v" * 501}}, "invalid", "metadata"),
        ({"metadata": {str(n): "" for n in range(51)}}, "invalid", "metadata"),
        ({"clock_id": 1}, "field_unknown", "clock_id"),
    ],
)
def test_bad_customers_are_refused_with_nothing_written(caller, changes, code, param):
    assert fault(caller.post("/api/customers", {**ADA, **changes}, key="k")) == (400, code, param)
    assert not Customer.objects.exists() and not Answer.objects.exists()
    assert not Entry.objects.filter(verb="create_customer").exists()


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"fee_bps": 10_001}, "max_value", "fee_bps"),
        ({"fee_bps": -1}, "min_value", "fee_bps"),
        ({"fee_bps": 2.5}, "invalid", "fee_bps"),
        ({"fee_bps": "250"}, "invalid", "fee_bps"),
        ({"fee_bps": True}, "invalid", "fee_bps"),
        ({"email": "a@b.com"}, "field_unknown", "email"),
    ],
)
def test_bad_creators_are_refused_with_nothing_written(caller, changes, code, param):
    before = Creator.objects.count()
    assert fault(caller.post("/api/creators", {"name": "Bo", **changes})) == (400, code, param)
    assert Creator.objects.count() == before


@pytest.mark.parametrize("kind", ["customer", "creator"])
def test_what_is_not_there_is_404(caller, world, kind):
    path = f"/api/{kind}s"
    for given in (NOBODY, f"{kind[:3]}_{NOBODY.replace('-', '')}"):
        assert fault(caller.get(f"{path}/{given}")) == (404, f"{kind}_unknown", kind)
        assert fault(caller.post(f"{path}/{given}", {"name": "x"})) == (404, f"{kind}_unknown", kind)
    other = of("plan", world.plan)
    assert caller.get(f"{path}/{other}").status_code == 404
    assert caller.get(f"{path}/%00").status_code == 404


@pytest.mark.parametrize("query", ["wallet=", "wallet=" + "w" * 65, "email=%00", "colour=1", "expand=plan"])
def test_bad_filters_are_refused(caller, query):
    assert caller.get(f"/api/customers?{query}").status_code == 400


def test_a_replay_makes_no_second_one(caller):
    first, second = (caller.post("/api/customers", ADA, key="k") for _ in range(2))
    assert (second.status_code, second["Idempotent-Replayed"], second.json()) == (201, "true", first.json())
    assert Customer.objects.filter(name="Ada").count() == 1
    other = caller.post("/api/customers", {**ADA, "name": "Eve"}, key="k")
    assert fault(other) == (409, "idempotency_key_reused", "name")


@pytest.mark.parametrize("path", ["customers", "creators"])
def test_each_list_is_few_queries(caller, path, django_assert_max_num_queries):
    for number in range(5):
        caller.post(f"/api/{path}", {"name": f"n{number}"})
    with django_assert_max_num_queries(4):  # the clock, the key, the rate limit, the list
        assert len(caller.get(f"/api/{path}").json()["data"]) >= 5


def test_scopes_are_asked_for(caller, api):
    assert fault(api("customers:read").post("/api/customers", ADA)) == (403, "scope_missing", None)
    assert api("customers:read").get("/api/customers").status_code == 200
    assert api("customers:write").post("/api/customers", ADA).status_code == 201
    assert fault(api("customers:write").get("/api/creators")) == (403, "scope_missing", None)


def test_a_creators_figures_come_from_the_ledger(caller, world):
    """Two subscribers billed; money that was sent to the creator in one step stands in their account."""
    one, _ = world.subscription(), world.subscription()
    world.bill()
    key = accounts.Key(Kind.SETTLED_DIRECT, "USDC", world.creator.pk)
    suspense = accounts.Key(Kind.SUSPENSE, "USDC")
    found = accounts.ensure([key, suspense])
    now = clock.machine_now()
    leg = posting.Leg("payment.refused", one.pk, 0, found[key], found[suspense], "USDC", 975, now)
    posting.post([leg], machine_at=now)
    shown = caller.get(f"/api/creators/{of('creator', world.creator)}/stats").json()
    assert shown == {
        "creator": of("creator", world.creator), "plans": 1, "subscriptions": 2,
        "got": [{"currency": "USDC", "sent_minor": 975, "sent": "0.000975", "held_minor": 0, "held": "0.000000"}],
    }  # fmt: skip
    assert caller.get(f"/api/creators/cre_{NOBODY.replace('-', '')}/stats").status_code == 404
