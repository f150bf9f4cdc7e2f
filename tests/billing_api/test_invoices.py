"""Invoices over REST: amounts twice, lines and payments where asked for, found by what people know of them."""

from __future__ import annotations

import pytest

from billing import numbering
from billing.models import Invoice
from tests.billing.world import invoices, payment_of
from tests.billing_api.conftest import of
from tests.billing_api.test_parties import NOBODY
from tests.rest.conftest import fault

HEX = NOBODY.replace("-", "")


@pytest.fixture
def invoice(world):
    made = world.subscription()
    world.bill()
    numbering.number_invoices()
    return invoices(made)[0]


def test_an_invoice_is_shown_with_its_lines_and_payments(caller, invoice):
    shown = caller.get(f"/api/invoices/{of('invoice', invoice)}").json()
    assert (shown["object"], shown["state"], shown["number"]) == ("invoice", "open", f"{invoice.series}1")
    assert (shown["due_minor"], shown["due"], shown["collecting"]) == (1000, "0.001000", "0.001000")
    assert (shown["collected_minor"], shown["currency"]) == (0, "USDC")
    assert shown["lines"] == [{"no": 1, "description": "Pro, 2026-01-31 to 2026-02-28", "quantity": 1,
                               "unit_minor": 1000, "amount_minor": 1000, "amount": "0.001000"}]  # fmt: skip
    assert shown["payments"] == [of("payment", payment_of(invoice.pk))]
    assert shown["subscription"] == of("subscription", invoice.subscription_id)
    (listed,) = caller.get("/api/invoices").json()["data"]
    assert listed == {**shown, "lines": None, "payments": None}
    (whole,) = caller.get("/api/invoices?expand=lines,payments").json()["data"]
    assert whole == shown


def test_they_are_found_by_every_filter(caller, world, invoice):
    other = world.subscription()
    world.bill()
    second = invoices(other)[0]

    def found(query: str) -> list[str]:
        return [each["id"] for each in caller.get(f"/api/invoices?{query}").json()["data"]]

    here, there = of("invoice", invoice), of("invoice", second)
    customer = of("customer", invoice.customer_id)
    assert found("") == [there, here]
    assert found(f"subscription={of('subscription', other)}") == [there]
    assert found(f"customer={customer}") == found(f"customer={customer}&currency=USDC&state=open") == [here]
    assert found(f"customer={customer}&currency=SOL") == []
    creator = of("creator", invoice.creator_id)
    assert found(f"customer={customer}&creator={creator}") == [here]
    assert found(f"customer={customer}&creator=cre_{HEX}") == []
    assert found("state=open&ordering=created") == [here, there]
    assert found("state=paid") == []
    assert found(f"number={invoice.series}1") == [here]
    assert found("number=INV-1") == []


@pytest.mark.parametrize(("query", "code", "param"), [
    ("number=17", "number_invalid", "number"),
    ("number=INV-99999999999999999999", "number_invalid", "number"),
    ("number=INV-9999999999999999999", "number_invalid", "number"),
    ("number=INV-१", "number_invalid", "number"),
    ("number=%00", "text_invalid", "number"),
    ("currency=USDC", "filter_too_wide", "currency"),
    ("currency=USDC&state=open", "filter_too_wide", "currency"),
    ("creator=cre_" + HEX, "filter_too_wide", "creator"),
    ("creator=cus_" + HEX, "invalid", "creator"),
    ("state=held", "invalid_choice", "state"),
    ("customer=inv_1", "invalid", "customer"),
    ("expand=creator", "expand_unknown", "expand"),
])  # fmt: skip
def test_bad_filters_are_refused(caller, query, code, param):
    assert fault(caller.get(f"/api/invoices?{query}")) == (400, code, param)


@pytest.mark.parametrize(("expand", "more"), [
    ("", 0), ("customer", 1), ("subscription", 1), ("lines", 1), ("payments", 1),
    ("subscription,customer,lines,payments", 4),
])  # fmt: skip
def test_each_expansion_is_one_query_however_many_rows(
    caller, world, expand, more, django_assert_num_queries
):
    for _ in range(3):
        world.subscription()
    world.bill()
    caller.get("/api/invoices")  # the key's last use is written once a minute
    with django_assert_num_queries(3 + more):
        shown = caller.get(f"/api/invoices{expand and '?expand=' + expand}").json()["data"]
    assert len(shown) == 3
    for name in filter(None, expand.split(",")):
        assert all(each[name] and not isinstance(each[name], str) for each in shown)


def test_a_detail_is_few_queries(caller, invoice, django_assert_num_queries):
    path = f"/api/invoices/{of('invoice', invoice)}"
    caller.get(path)
    with django_assert_num_queries(5):  # key, limit, invoice, lines, payments
        caller.get(path)
    assert caller.get(f"{path}?expand=customer").json()["customer"]["object"] == "customer"
    assert fault(caller.get(f"{path}?expand=creator")) == (400, "expand_unknown", "expand")
    assert fault(caller.get(f"/api/invoices/inv_{HEX}")) == (404, "invoice_unknown", "invoice")


def test_a_held_draft_is_released_by_an_approver(caller, api, world):
    invoice = invoices(world.subscription())[0]
    path = f"/api/invoices/{of('invoice', invoice)}/release"
    assert fault(caller.post(path, {"reason": "r"}, key="a")) == (409, "not_held", "invoice")
    Invoice.objects.filter(pk=invoice.pk).update(held_reason="Bad data.", next_action_at=None)
    assert fault(api("invoices:write").post(path, {"reason": "r"}, key="b")) == (403, "not_allowed", None)
    assert fault(caller.post(path, {"reason": "r"})) == (400, "idempotency_key_missing", "Idempotency-Key")
    assert fault(caller.post(path, {}, key="c")) == (400, "field_missing", "reason")
    shown = caller.post(path, {"reason": "mended"}, key="d").json()
    assert (shown["held_reason"], shown["state"], shown["lines"]) == ("", "draft", [])
    missing = f"/api/invoices/inv_{HEX}/release"
    assert fault(caller.post(missing, {"reason": "r"}, key="e")) == (404, "invoice_unknown", "invoice")


def test_an_invoice_gives_its_own_parts_to_who_may_read_it_and_others_objects_to_who_may_read_those(
    api, world
):
    world.subscription()
    narrow = api("invoices:read")
    (shown,) = narrow.get("/api/invoices?expand=lines,payments").json()["data"]
    path = f"/api/invoices/{shown['id']}"
    assert narrow.get(path).status_code == 200
    for name in ("customer", "subscription"):
        for asked in (path, "/api/invoices"):
            assert fault(narrow.get(f"{asked}?expand={name}")) == (403, "scope_missing", "expand")
            assert api("invoices:read", f"{name}s:read").get(f"{asked}?expand={name}").status_code == 200
