"""The door: kept before it is answered, once an event, believed as far as its signature goes, and bounded."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engine.core import crypt, wake
from payments.callbacks import receive, tally, work
from payments.callbacks.models import Callback, TurnedAway
from tests.callbacks.conftest import identity, is_due, the_one
from tests.rest.conftest import fault


def test_a_callback_is_kept_raw_and_nothing_is_done_yet(tell, open_payment, monkeypatch):
    monkeypatch.setattr(wake, "wake", lambda *_, **__: pytest.fail("a web request published"))
    raw = json.dumps(
        {"event_id": "e-1", "kind": "paid", "identity": identity(open_payment)}, indent=3
    ).encode()
    secrets = {
        "Authorization": "Bearer abc123",
        "Cookie": "a=b",
        "verif-hash": "our own hash",
        "X-Request-Id": "r-1",
    }
    answer = tell(raw, headers=secrets)
    assert (answer.status_code, answer.json()) == (200, {"received": True, "again": False})
    one = the_one()
    assert (one.provider, one.event_id, one.kind, one.state) == ("scripted", "e-1", "paid", "waiting")
    assert crypt.unseal(one.body) == raw and one.size_bytes == len(raw)
    assert raw not in bytes(one.body)
    assert [one.headers[name] for name in ("authorization", "cookie", "verif-hash")] == ["[redacted]"] * 3
    assert one.headers["x-request-id"] == "r-1"
    assert one.correlation_id is not None
    assert not is_due(open_payment)


def test_one_statement_keeps_it(tell):
    tell()
    with CaptureQueriesContext(connection) as queries:
        assert tell(event_id="e-2", provider_ref="r").status_code == 200
    assert len(queries) == 1


def test_what_comes_again_is_counted_and_worked_once(tell, open_payment):
    first = tell(identity=identity(open_payment))
    assert work.work().counts == {"done": 1}
    again = [tell(identity=identity(open_payment)) for _ in range(2)]
    assert [each.json()["again"] for each in (first, *again)] == [False, True, True]
    assert (the_one().deliveries, the_one().state) == (3, "done")
    assert work.work().counts == {}


def test_what_is_forged_moves_no_look(tell, open_payment):
    answer = tell(identity=identity(open_payment), signature="0" * 64)
    assert fault(answer)[:2] == (400, "signature_wrong")
    assert (the_one().state, the_one().refusal) == ("refused", "signature_wrong")
    assert work.work().counts == {}
    assert not is_due(open_payment)


def test_a_forged_one_does_not_take_the_place_of_the_true_one(tell, open_payment):
    tell(event_id="", identity=identity(open_payment), signature="0" * 64)
    assert tell(event_id="", identity=identity(open_payment)).json() == {"received": True, "again": False}
    assert work.work().counts == {"done": 1}
    assert is_due(open_payment)


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_is_counted_and_not_kept(tell, monkeypatch, chunked):
    monkeypatch.setattr(settings.ENV, "callback_bytes_max", 2000)
    body = b" " * 2001
    if chunked:
        answer = _chunked(body)
    else:
        answer = tell(body)
    assert fault(answer)[:2] == (413, "callback_too_large")
    assert not Callback.objects.exists()
    counted = TurnedAway.objects.get()
    assert (counted.provider, counted.why, counted.count) == ("scripted", "callback_too_large", 1)


def test_a_body_without_a_length_is_read_all_the_same(gateway, tell):
    body = json.dumps({"event_id": "e-1", "kind": "paid"}).encode()
    assert _chunked(body, HTTP_X_SIGNATURE=gateway.signature(body)).status_code == 200
    assert crypt.unseal(the_one().body) == body


def _chunked(body: bytes, **headers: str) -> Any:
    """As gunicorn gives on what came in chunks: no length, and a stream that ends."""
    sent: dict[str, Any] = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "",
        "wsgi.input": BytesIO(body),
    }
    return Client().generic(
        "POST", "/api/webhooks/scripted", body, content_type="application/json", **sent, **headers
    )


@pytest.mark.parametrize("name", ["nobody", "mute", "a%00b"])
def test_nobody_of_that_name_calls_back(tell, monkeypatch, name):
    monkeypatch.setitem(settings.PROVIDERS, "mute", "tests.payments.scripted.Scripted")
    assert fault(tell(path=f"/api/webhooks/{name}"))[:2] == (404, "not_found")
    assert not Callback.objects.exists() and not TurnedAway.objects.exists()


def test_an_event_of_real_money_is_refused_by_a_test_deployment_and_kept(tell, open_payment):
    assert fault(tell(identity=identity(open_payment), live=True))[:2] == (400, "callback_mode_wrong")
    assert (the_one().state, the_one().refusal) == ("refused", "callback_mode_wrong")
    assert work.work().counts == {} and not is_due(open_payment)
    assert tell(event_id="e-2", identity=identity(open_payment), live=False).status_code == 200


def test_an_event_of_test_money_is_refused_by_a_live_deployment(tell, monkeypatch):
    monkeypatch.setattr(settings.ENV, "livemode", True)
    assert fault(tell(live=False))[:2] == (400, "callback_mode_wrong")
    assert tell(event_id="e-2").status_code == 200


@pytest.mark.parametrize(("raw", "status", "why"), [
    (b'"unreadable"', 400, "callback_unreadable"), (b'{"broken": 1}', 500, "check_failed"),
])  # fmt: skip
def test_what_can_t_be_read_is_kept_for_a_person(tell, raw, status, why):
    assert tell(raw).status_code == status
    assert (the_one().state, the_one().refusal) == ("refused", why)
    assert crypt.unseal(the_one().body) == raw


def test_a_flood_is_counted_and_takes_no_room(tell, monkeypatch):
    monkeypatch.setattr(settings.ENV, "callback_refused_per_minute", 3)
    tell(event_id="warm", signature="0")
    with CaptureQueriesContext(connection) as queries:
        for n in range(50):
            assert tell(event_id=f"e-{n}", signature="0").status_code == 400
    assert Callback.objects.count() == 3
    assert len(queries) < 10
    tally.flush()
    assert sum(TurnedAway.objects.values_list("count", flat=True)) == 51
    assert tell(event_id="true").status_code == 200  # the true ones still come through


def test_of_what_is_refused_the_beginning_is_kept(tell):
    tell(b" " * 100_000 + b"1", signature="0")
    assert the_one().size_bytes == 100_001
    assert len(crypt.unseal(the_one().body)) == 8192


def test_the_address_of_row_4_17_is_ipaymus(tell):
    assert tell(path="/api/billing/webhook").status_code == 200
    assert the_one().provider == "ipaymu"
    assert fault(Client().get("/api/billing/webhook"))[:2] == (405, "method_not_allowed")


def test_while_the_database_is_away_it_is_to_be_sent_again(tell, monkeypatch):
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(receive, "keep", away)
    answer = tell()
    assert fault(answer)[:2] == (503, "database_away")
    assert answer["Retry-After"]


def test_several_events_of_one_body_are_rows_of_their_own(tell):
    told = [
        {"event_id": "e-1", "kind": "paid"},
        {"event_id": "e-1", "kind": "paid"},
        {"event_id": "e-2", "kind": "x"},
    ]
    assert tell(json.dumps(told).encode()).json()["again"] is False
    assert sorted(Callback.objects.values_list("event_id", flat=True)) == ["e-1", "e-1#1", "e-2"]
    assert tell(json.dumps(told).encode()).json()["again"] is True
    assert Callback.objects.count() == 3


def test_what_the_database_can_t_hold_keeps_nothing_from_being_kept(tell):
    assert (
        tell(event_id="e\x00-1" + "x" * 500, kind="k" * 500, provider_ref="\ud800" + "r" * 500).status_code
        == 200
    )
    one = the_one()
    assert one.event_id.startswith("sha256-") and len(one.kind) == 80 and len(one.provider_ref) == 120


def test_an_event_without_an_id_is_known_by_its_bytes(tell):
    assert [tell(event_id="", kind=kind).json()["again"] for kind in ("a", "b", "a")] == [False, False, True]


def test_ids_that_look_like_card_numbers_stay_two_events_and_are_kept_nowhere(tell):
    ids = ["4242424200184242", "4242424200264242"]
    assert [tell(event_id=each).json()["again"] for each in (*ids, ids[0])] == [False, False, True]
    kept = list(Callback.objects.values_list("event_id", flat=True))
    assert len(kept) == 2 and not any(each in " ".join(kept) for each in ids)
