"""/api/disputes: what payers' banks took back, to be read."""

from __future__ import annotations

from engine.rest import ids
from payments.api import disputes, examples
from payments.models import Case
from tests.ops.admin_pages import client_of, url
from tests.payments.disputed import dispute_of
from tests.payments_api.conftest import key


def test_disputes_are_listed_and_shown(caller, payments):
    row = dispute_of(payments["paid"])
    dispute_of(payments["late"])
    of_it = caller.get(f"/api/disputes?payment={ids.show('payment', payments['paid'])}").json()["data"]
    assert [each["id"] for each in of_it] == [ids.show("dispute", row.pk)]
    assert (of_it[0]["state"], of_it[0]["dispute_ref"]) == ("open", row.dispute_ref)
    assert len(caller.get("/api/disputes?state=open").json()["data"]) == 2
    assert caller.get("/api/disputes?state=won").json()["data"] == []
    shown = caller.get(f"/api/disputes/{of_it[0]['id']}?expand=payment").json()
    assert shown["payment"]["id"] == ids.show("payment", payments["paid"])


def test_what_no_payment_bears_is_shown_as_that_and_so_is_its_case(caller, payments):
    row = dispute_of(None)
    Case.objects.create(
        id=row.case_id, kind="dispute_unplaced", payment=None, sentence="whose?", opened_at=row.opened_at
    )
    case, one = ids.show("case", row.case_id), ids.show("dispute", row.pk)
    for path in (f"/api/cases/{case}", "/api/cases", f"/api/disputes/{one}"):
        answer = caller.get(f"{path}?expand=payment")
        assert answer.status_code == 200
        assert '"payment":null' in answer.content.decode().replace(" ", "")
    boss = client_of()
    for table, pk in (("payments_case", row.case_id), ("payments_dispute", row.pk)):
        assert boss.get(url(table, pk, "change")).status_code == 200
        assert boss.get(url(table)).status_code == 200


def test_who_may_not_read_payments_sees_none(payments):
    assert key("refunds:write").get("/api/disputes").status_code == 403
    assert (
        key("payments:read").get(f"/api/disputes/{ids.show('dispute', payments['paid'])}").status_code == 404
    )


def test_the_example_has_the_fields_of_its_shape():
    assert examples.DISPUTE.keys() == disputes.DisputeShape().fields.keys()
