"""Events over REST: the feed by cursor, filters, one event; bad words are refused by their names."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engine.core.actor import SYSTEM
from engine.core.ids import uuid7
from engine.outbox.models import Event
from engine.rest import ids, keys
from tests.outbox.conftest import tell_and_wait as tell
from tests.rest.conftest import Api, fault


def types(page) -> list[str]:
    return [event["type"] for event in page["data"]]


def test_the_feed_is_read_on_by_its_cursor(caller):
    tell(count=3)
    first = caller.get("/api/events?limit=2").json()
    assert (len(first["data"]), first["has_more"]) == (2, True)
    assert caller.client.get(first["next"], headers=caller.headers).json()["data"][0]["data"] == {"n": 2}
    second = caller.get(f"/api/events?after={first['next_cursor']}").json()
    assert (second["has_more"], second["next"]) == (False, None)
    tell(type="payment.parked")
    third = caller.get(f"/api/events?after={second['next_cursor']}").json()
    assert types(third) == ["payment.parked"]
    last = caller.get(f"/api/events?after={third['next_cursor']}").json()
    assert (last["data"], last["next_cursor"]) == ([], third["next_cursor"])
    newest = caller.get("/api/events?ordering=-created&limit=1").json()
    assert types(newest) == ["payment.parked"]
    assert caller.get(f"/api/events?after={newest['data'][0]['id']}").json()["data"] == []


def test_an_event_shows_its_facts_with_ids_as_the_api_writes_them(caller):
    payment, invoice = uuid7(), uuid7()
    tell(
        payment,
        4,
        payload={"payment_id": payment, "source": ["invoice", invoice], "amount_minor": 5, "x_id": "y"},
    )
    (shown,) = caller.get("/api/events").json()["data"]
    assert shown["data"] == {
        "payment_id": f"pay_{payment.hex}", "source": ["invoice", f"inv_{invoice.hex}"], "amount_minor": 5, "x_id": "y",
    }  # fmt: skip
    assert shown["about"] == {"object": "payment", "id": f"pay_{payment.hex}"}
    assert (shown["object"], shown["livemode"], shown["sequence"]) == ("event", False, 4)
    assert caller.get(f"/api/events/{shown['id']}").json() == shown


def test_an_empty_feed_has_no_cursor_yet(caller):
    assert caller.get("/api/events").json() == {
        "object": "list", "data": [], "has_more": False, "next_cursor": None, "next": None,
    }  # fmt: skip


def test_filters(caller):
    one = uuid7()
    tell(one, 1)
    tell(one, 2, type="payment.succeeded")
    tell(one, 1, type="invoice.paid", kind="invoice")
    assert types(caller.get("/api/events?type=payment.*").json()) == ["payment.sent", "payment.succeeded"]
    assert types(caller.get("/api/events?type=invoice.paid").json()) == ["invoice.paid"]
    about = ids.show("payment", one)
    assert types(caller.get(f"/api/events?about={about}").json()) == ["payment.sent", "payment.succeeded"]
    assert types(caller.get(f"/api/events?about={about}&type=payment.sent").json()) == ["payment.sent"]
    assert types(caller.get(f"/api/events?about=inv_{one.hex}").json()) == ["invoice.paid"]
    tell(one, 1, type="plan.changed", kind="plan")
    assert types(caller.get(f"/api/events?about=plan_{one.hex}").json()) == ["plan.changed"]


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("after=zzz", "invalid", "after"),
        ("after=pay_0198c0de000070008000000000000001", "invalid", "after"),
        ("after=evt_0198c0de000070008000000000000001", "cursor_invalid", "after"),
        ("after=%00", "text_invalid", "after"),
        ("type=payment", "invalid", "type"),
        ("type=*", "invalid", "type"),
        ("type=payment.%25", "invalid", "type"),
        ("about=cus_0198c0de000070008000000000000001", "id_invalid", "about"),
        ("about=pay_zz", "id_invalid", "about"),
        ("about=0198c0de000070008000000000000001", "id_invalid", "about"),
        ("limit=101", "max_value", "limit"),
        ("ordering=id", "invalid_choice", "ordering"),
        ("colour=1", "field_unknown", "colour"),
    ],
)
def test_bad_queries_are_refused(caller, query, code, param):
    assert fault(caller.get(f"/api/events?{query}")) == (400, code, param)


def test_what_is_not_there_is_404_and_what_is_not_theirs_403(caller):
    assert fault(caller.get("/api/events/evt_0198c0de000070008000000000000001"))[:2] == (404, "event_unknown")
    assert fault(caller.get("/api/events/pay_0198c0de000070008000000000000001"))[0] == 404
    other = Api(keys.create("other", ["payments:read"], by=SYSTEM).secret)
    for path in ("/api/events", "/api/events/evt_0198c0de000070008000000000000001"):
        assert fault(other.get(path))[:2] == (403, "scope_missing")
    assert fault(caller.post("/api/events"))[0] == 403


def queries(caller) -> list[int]:
    """What each way to read a page asks of the database."""
    counts = []
    for query in ("", "?type=payment.*", "?ordering=-created", "?type=payment.sent&limit=100"):
        with CaptureQueriesContext(connection) as asked:
            assert caller.get(f"/api/events{query}").json()["data"]
        counts.append(len(asked))
    return counts


def test_a_page_of_the_feed_costs_the_same_at_any_length(caller):
    tell(count=5)
    caller.get("/api/events")
    few = queries(caller)
    tell(count=90)
    assert queries(caller) == few
    assert max(few) <= 5  # the key, the time, its rate, the look for a type, the page
    assert Event.objects.count() == 95
