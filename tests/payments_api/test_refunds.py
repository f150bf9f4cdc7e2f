"""/api/refunds: asked for once, shown with who carries it out, called back, recorded; each by whom it is for."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from engine.rest import ids
from payments.api import examples, refund_shapes
from payments.models import Case, Payment, Refund
from tests.ops.world import fill
from tests.payments_api.conftest import key, row

ASKED = {"reason": "half of the month was lost", "amount_minor": 400, "metadata": {"ticket": "A-17"}}


@pytest.fixture
def paid_one(world, scripted) -> UUID:
    """Paid on the platform through a provider that gives back."""
    scripted.sheet = replace(scripted.sheet, settlement="platform", operations=("charge", "refund"))
    return fill(world, scripted)["paid"]


def body(payment_id: UUID, **changes: object) -> dict[str, object]:
    return ASKED | {"payment": ids.show("payment", payment_id)} | changes


def test_a_refund_is_asked_for_once_and_shown(caller, paid_one):
    first = caller.post("/api/refunds", body(paid_one), key="a")
    again = caller.post("/api/refunds", body(paid_one), key="a")
    assert (first.status_code, again.json()) == (201, first.json())
    assert Refund.objects.count() == 1
    shown = first.json()
    assert (shown["state"], shown["amount"], shown["fee_minor"], shown["no"]) == (
        "requested",
        "0.000400",
        10,
        1,
    )
    carrier = Payment.objects.get(operation="refund")
    assert shown["carried_out_by"] == ids.show("payment", carrier.pk)
    assert shown["metadata"] == ASKED["metadata"]
    assert caller.get(f"/api/refunds/{shown['id']}").json() == shown
    charge = caller.get(f"/api/payments/{shown['payment']}").json()
    assert (charge["refunding_minor"], charge["refunded_minor"]) == (400, 0)
    carried = caller.get(f"/api/payments?source={shown['id']}").json()["data"]
    assert [each["source"] for each in carried] == [{"object": "refund", "id": shown["id"]}]


def test_without_an_amount_all_that_is_left_is_given_back(caller, paid_one):
    sent = {name: value for name, value in body(paid_one).items() if name != "amount_minor"}
    assert caller.post("/api/refunds", sent, key="a").json()["amount_minor"] == 1000


def test_a_refund_needs_a_key_of_its_own(caller, paid_one):
    refused = caller.post("/api/refunds", body(paid_one))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "idempotency_key_missing")


def test_more_than_was_paid_is_refused_and_says_what_is_left(caller, paid_one):
    refused = caller.post("/api/refunds", body(paid_one, amount_minor=1001), key="a")
    error = refused.json()["error"]
    assert (error["code"], error["param"]) == ("refund_beyond", "amount_minor")
    assert "0.001000 USDC is left" in error["message"]
    assert not Refund.objects.exists()


@pytest.mark.parametrize("bad", [{"amount_minor": 0}, {"amount_minor": 1.5}, {"payment": "inv_1"}, {"reason": ""},
                                 {"to": "me"}])  # fmt: skip
def test_what_is_not_understood_is_refused(caller, paid_one, bad):
    refused = caller.post("/api/refunds", body(paid_one, **bad), key="a")
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, next(iter(bad)))


def test_a_dry_run_says_what_would_come_of_it(caller, paid_one):
    shown = caller.post("/api/refunds?dry_run=true", body(paid_one), key="a")
    assert (shown.status_code, shown.headers["Dry-Run"]) == (201, "true")
    assert (Refund.objects.count(), row(paid_one).refunding_minor) == (0, 0)


def test_scopes_are_of_their_own(paid_one):
    reads, writes, other = key("refunds:read"), key("refunds:write"), key("payments:write")
    assert reads.get("/api/refunds").status_code == 200
    assert reads.post("/api/refunds", body(paid_one), key="a").status_code == 403
    assert other.post("/api/refunds", body(paid_one), key="a").status_code == 403
    made = writes.post("/api/refunds", body(paid_one), key="a")
    assert made.status_code == 201
    where = f"/api/refunds/{made.json()['id']}"
    assert writes.get(f"{where}?expand=payment").json()["error"]["code"] == "scope_missing"
    record = writes.post(f"{where}/record", {"reference": "r", "reason": "r"}, key="b")
    assert record.status_code == 403


def test_lists_are_narrowed_by_payment_and_state(caller, paid_one):
    made = caller.post("/api/refunds", body(paid_one), key="a").json()
    for query, found in (
        ("", 1),
        (f"?payment={made['payment']}", 1),
        ("?state=requested", 1),
        ("?state=failed", 0),
    ):
        assert len(caller.get(f"/api/refunds{query}").json()["data"]) == found
    shown = caller.get("/api/refunds?expand=payment").json()["data"][0]
    assert shown["payment"]["id"] == made["payment"]


def test_a_refund_is_called_back(caller, paid_one):
    made = caller.post("/api/refunds", body(paid_one), key="a").json()
    gone = caller.post(f"/api/refunds/{made['id']}/cancel", {"reason": "they keep it"}).json()
    assert (gone["state"], gone["failure_message"]) == ("canceled", "they keep it")
    assert row(paid_one).refunding_minor == 0
    refused = caller.post(f"/api/refunds/{made['id']}/cancel", {"reason": "again"})
    assert refused.json()["error"]["code"] == "refund_ended"


def test_a_refund_by_hand_is_recorded(caller, payments):
    made = caller.post("/api/refunds", body(payments["paid"]), key="a").json()
    assert (made["state"], made["carried_out_by"]) == ("by_hand", None)
    assert made["case"] == ids.show("case", Case.objects.get(kind="refund_by_hand").pk)
    done = caller.post(f"/api/refunds/{made['id']}/record", {"reference": "SEPA 4711", "reason": "sent"},
                       key="b").json()  # fmt: skip
    assert (done["state"], done["reference"]) == ("succeeded", "SEPA 4711")
    charge = caller.get(f"/api/payments/{made['payment']}").json()
    invoice = caller.get(f"/api/invoices/{charge['source']['id']}").json()
    assert (invoice["state"], invoice["refunded_minor"], invoice["collected_minor"]) == ("paid", 400, 1000)


def test_what_is_not_there_is_a_404(caller, paid_one):
    assert caller.get("/api/refunds/ref_1").status_code == 404
    assert caller.get(f"/api/refunds/{ids.show('refund', paid_one)}").status_code == 404


def test_the_example_has_the_fields_of_its_shape():
    assert examples.REFUND.keys() == refund_shapes.RefundShape().fields.keys()
