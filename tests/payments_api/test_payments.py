"""Payments over REST: what they show, who may see it, which filters there are, and that no secret leaves."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice
from engine.core.ids import uuid7
from engine.rest import ids, pages
from payments.models import Attempt, Evidence, Payment
from tests.ops.world import say
from tests.payments.scripted import paid
from tests.payments_api.conftest import key, pay, row
from tests.rest.conftest import fault

NOBODY = "0198c0de000070008000000000000001"


@pytest.fixture
def payments(standing_payments):
    return standing_payments


def shown(caller, query: str = "") -> set[str]:
    return {payment["id"] for payment in caller.get(f"/api/payments?limit=100{query}").json()["data"]}


def of(*payments) -> set[str]:
    return {ids.show("payment", payment) for payment in payments}


def test_a_payment_tells_where_it_stands(caller, payments):
    told = caller.get(pay(payments["paid"])).json()
    assert (told["object"], told["livemode"], told["state"]) == ("payment", False, "succeeded")
    assert (told["amount_minor"], told["amount"], told["currency"]) == (1000, "0.001000", "USDC")
    assert (told["fee_minor"], told["fee"], told["settled_minor"], told["settled"]) == (
        25, "0.000025", 1000, "0.001000",
    )  # fmt: skip
    assert told["source"] == {"object": "invoice", "id": ids.show("invoice", row(payments["paid"]).source_id)}
    assert told["sentence"].startswith("Paid: 0.001000 USDC moved")
    (attempt,) = told["attempts"]
    assert (attempt["state"], attempt["payment"], attempt["no"]) == ("succeeded", told["id"], 1)
    assert told["created_at"].endswith("Z")


def test_a_method_is_expanded_for_who_may_read_methods_alone(api, payments):
    narrow, enough = api("payments:read"), api("payments:read", "payment_methods:read")
    for path in (pay(payments["paid"]), "/api/payments"):
        assert narrow.get(f"{path}?expand=attempts").status_code == 200
        assert fault(narrow.get(f"{path}?expand=payment_method")) == (403, "scope_missing", "expand")
        assert enough.get(f"{path}?expand=payment_method").status_code == 200


@pytest.mark.parametrize("name", ["paid", "declined", "pending", "waiting", "late", "differs"])
def test_every_kind_of_payment_is_shown_everywhere(caller, payments, name):
    path = pay(payments[name])
    told = caller.get(f"{path}?expand=payment_method").json()
    assert told["sentence"] and told["payment_method"]["object"] == "payment_method"
    listed = caller.get(f"{path}/attempts").json()["data"]
    assert listed == told["attempts"][::-1]
    timeline = caller.get(f"{path}/timeline").json()
    assert timeline["payment"] == told["id"]
    assert {moment["kind"] for moment in timeline["data"]} >= {"event"}
    assert [m["at"] for m in timeline["data"]] == sorted(m["at"] for m in timeline["data"])
    for attempt in listed:
        whole = caller.get(f"/api/attempts/{attempt['id']}").json()
        assert {name: whole[name] for name in attempt} == attempt
        assert whole["evidence"] and not whole["evidence_has_more"]
        evidence = caller.get(f"/api/attempts/{attempt['id']}/evidence").json()["data"]
        assert evidence == whole["evidence"][::-1]


def test_evidence_shows_its_amounts_in_their_currencies(caller, payments):
    attempt = Attempt.objects.get(payment_id=payments["paid"])
    (said,) = caller.get(f"/api/attempts/{ids.show('attempt', attempt.pk)}").json()["evidence"]
    assert (said["gross_minor"], said["gross"], said["fee"]) == (1000, "0.001000", "0.000025")
    assert (said["network_fee_minor"], said["network_fee"], said["network_currency"]) == (
        5000,
        "0.000005000",
        "SOL",
    )


def test_only_the_newest_evidence_comes_with_its_attempt(caller, payments):
    attempt = Attempt.objects.get(payment_id=payments["paid"])
    one = Evidence.objects.filter(attempt=attempt).values().get()
    Evidence.objects.bulk_create(Evidence(**(one | {"id": uuid7(), "message": str(n)})) for n in range(120))
    path = f"/api/attempts/{ids.show('attempt', attempt.pk)}"
    whole = caller.get(path).json()
    assert [said["message"] for said in whole["evidence"]] == [str(n) for n in range(20, 120)]
    assert whole["evidence_has_more"]
    page = caller.get(f"{path}/evidence?limit=100").json()
    assert page["has_more"]
    assert len(caller.client.get(page["next"], headers=caller.headers).json()["data"]) == 21


def test_what_was_signed_never_leaves(caller, payments):
    """Every answer is searched for secrets (see Careful); here for what is stored, too."""
    stored = [bytes(attempt.envelope) for attempt in Attempt.objects.all()]
    fences = {str(attempt.fence) for attempt in Attempt.objects.all()}
    for payment_id in payments.values():
        for rest in ("", "/attempts", "/timeline"):
            text = json.dumps(caller.get(pay(payment_id, rest)).json())
            assert "envelope" not in text and "fence" not in text
            assert not [blob for blob in stored if blob.decode("latin1") in text]
    names = set(caller.get(pay(payments["paid"])).json()["attempts"][0])
    assert not names & {"envelope", "fence", "data", "send_by"} and fences


def test_filters(caller, payments):
    everything = shown(caller)
    assert len(everything) == Payment.objects.count() == 12
    assert shown(caller, "&state=scheduled") == of(payments["waiting"])
    assert shown(caller, "&state=succeeded_late") == of(payments["late"])
    assert shown(caller, "&state=failed") == of(payments["declined"])
    assert shown(caller, "&parked=true") == of(payments["differs"])
    assert shown(caller, "&unknown=true") == of(payments["differs"])
    assert shown(caller, "&provider=scripted&state=failed") == of(payments["declined"])
    assert shown(caller, "&provider=other&state=failed") == set()
    assert shown(caller, "&currency=USDC&state=failed") == of(payments["declined"])
    assert shown(caller, "&currency=SOL&state=failed") == set()
    waiting = row(payments["waiting"])
    source, method = ids.show("invoice", waiting.source_id), ids.show("payment_method", waiting.method_id)
    assert shown(caller, f"&source={source}") == of(waiting.pk)
    assert shown(caller, f"&state=scheduled&payment_method={method}") == of(waiting.pk)
    assert shown(caller, f"&state=in_flight&payment_method={method}") == set()


@pytest.mark.parametrize("few", [pages.FEW, 0])
def test_they_are_found_by_who_owed_them(caller, payments, monkeypatch, few):
    """Few by the index of what they are for, many on the walk through the list: the same are found."""
    monkeypatch.setattr(pages, "FEW", few)
    invoice = Invoice.objects.get(pk=row(payments["declined"]).source_id)
    owed = Invoice.objects.filter(subscription_id=invoice.subscription_id).values("pk")
    every = of(*Payment.objects.filter(source_id__in=owed).values_list("pk", flat=True))
    assert len(every) == 2
    subscription, customer = (
        ids.show("subscription", invoice.subscription_id),
        ids.show("customer", invoice.customer_id),
    )
    assert shown(caller, f"&subscription={subscription}") == shown(caller, f"&customer={customer}") == every
    assert shown(caller, f"&subscription={subscription}&customer={customer}") == every
    assert shown(caller, f"&subscription={subscription}&state=failed") == of(payments["declined"])
    assert shown(caller, f"&customer={customer}&provider=scripted&currency=USDC") == every
    method = ids.show("payment_method", row(payments["declined"]).method_id)
    assert shown(caller, f"&customer={customer}&payment_method={method}") == every
    assert shown(caller, f"&customer={customer}&source={ids.show('invoice', invoice.pk)}") == of(
        payments["declined"]
    )
    assert shown(caller, f"&subscription=sub_{NOBODY}") == shown(caller, f"&customer=cus_{NOBODY}") == set()
    assert shown(caller, f"&subscription={subscription}&customer=cus_{NOBODY}") == set()
    newest = caller.get(f"/api/payments?customer={customer}&limit=1").json()
    assert (newest["data"][0]["id"], newest["has_more"]) == (max(every), True)
    assert {caller.get(newest["next"].removeprefix("http://testserver")).json()["data"][0]["id"]} == every - {
        max(every)
    }


def test_pages_go_on_where_they_ended(caller, payments):
    found, path = [], "/api/payments?limit=5"
    while path:
        page = caller.get(path).json()
        found += page["data"]
        path = page["next"] and page["next"].removeprefix("http://testserver")
    assert [one["id"] for one in found] == sorted((one["id"] for one in found), reverse=True)
    assert len(found) == 12 and found[0]["sentence"] is None and found[0]["attempts"] is None


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("state=done", "invalid_choice", "state"),
        ("parked=yes", "invalid_choice", "parked"),
        ("source=pay_" + NOBODY, "id_invalid", "source"),
        ("source=" + NOBODY, "id_invalid", "source"),
        ("source=inv_zz", "id_invalid", "source"),
        ("source=%00", "text_invalid", "source"),
        ("provider=scripted", "filter_too_wide", "provider"),
        ("provider=scripted&state=succeeded", "filter_too_wide", "provider"),
        ("currency=USDC", "filter_too_wide", "currency"),
        ("payment_method=pm_" + NOBODY, "filter_too_wide", "payment_method"),
        ("payment_method=cus_" + NOBODY, "invalid", "payment_method"),
        ("subscription=inv_" + NOBODY, "invalid", "subscription"),
        ("customer=" + NOBODY[:-1], "invalid", "customer"),
        ("expand=customer", "expand_unknown", "expand"),
        ("expand=sentence", "expand_unknown", "expand"),
        ("limit=1000000", "max_value", "limit"),
        ("colour=1", "field_unknown", "colour"),
    ],
)
def test_bad_queries_are_refused(caller, query, code, param):
    assert fault(caller.get(f"/api/payments?{query}")) == (400, code, param)


PATHS = (
    "/api/payments/pay_{}", "/api/payments/pay_{}/attempts", "/api/payments/pay_{}/timeline", "/api/attempts/att_{}",
    "/api/attempts/att_{}/evidence", "/api/cases/case_{}",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_what_is_not_there_is_404(caller, payments, path):
    assert fault(caller.get(path.format(NOBODY)))[0] == 404
    others = path.replace("pay_", "inv_").replace("att_", "pay_").replace("case_", "att_")
    attempt = Attempt.objects.first()
    for strange in (
        others.format(NOBODY),
        path.format("zz"),
        path.format("0" * 100),
        path.format(attempt.pk.hex),
    ):
        if strange != f"/api/attempts/att_{attempt.pk.hex}" and "evidence" not in strange:
            assert fault(caller.get(strange))[0] == 404, strange


@pytest.mark.parametrize("path", ["/api/payments", "/api/cases", *PATHS])
def test_who_may_not_is_403(db, path):
    assert fault(key("payment_methods:write", "events:read").get(path.format(NOBODY)))[:2] == (
        403,
        "scope_missing",
    )
    assert key("payments:read").get(path.format(NOBODY)).status_code in (200, 404)
    assert key("admin:read").get(path.format(NOBODY)).status_code in (200, 404)


@pytest.mark.parametrize(
    "query", ["", "?expand=attempts", "?expand=payment_method,attempts", "?unknown=true"]
)
def test_a_list_asks_the_same_number_of_times_at_any_length(caller, payments, query):
    caller.get("/api/payments")
    counts = []
    for limit in (1, 12):
        with CaptureQueriesContext(connection) as asked:
            caller.get(f"/api/payments{query}{'&' if query else '?'}limit={limit}")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 5 + query.count(",") + query.count("expand")


def test_a_payment_is_read_in_few_queries_however_many_attempts(caller, payments):
    one = payments["pending"]
    caller.get(pay(one))
    with CaptureQueriesContext(connection) as asked:
        caller.get(pay(one))
    assert (
        len(asked) <= 7
    )  # the key, its rate, the time, the payment, its attempts, the open one, and the time
    with CaptureQueriesContext(connection) as asked:
        caller.get(pay(one, "/timeline"))
    assert len(asked) <= 16
    say(one, paid(gross_minor=1000, currency="USDC", fee_minor=25))
    assert caller.get(pay(one)).json()["state"] == "succeeded"
