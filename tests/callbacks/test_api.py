"""What operators see of callbacks: lists, one, its story, its page; never what could be used to pay or to sign."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from engine.rest import ids
from payments import story
from payments.callbacks import shown, work
from payments.callbacks.api import shapes
from payments.callbacks.models import Callback
from tests.callbacks.conftest import identity, is_due, the_one
from tests.ops.admin_pages import act, client_of, listed, url
from tests.rest.conftest import api, fault  # noqa: F401

SHOWN = {shapes.CallbackShape: shapes.CALLBACK, shapes.CallbackWholeShape: shapes.WHOLE}


@pytest.mark.parametrize("shape", SHOWN, ids=lambda shape: shape.__name__)
def test_examples_have_the_fields_of_their_shape(shape):
    assert SHOWN[shape].keys() == shape().fields.keys()


def _events(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [each["event"] for each in answer.json()["data"]]


def test_lists_and_their_filters(tell, open_payment, api):  # noqa: F811
    tell(identity=identity(open_payment))
    tell(event_id="e-2", identity="somebody's")
    tell(event_id="e-3", path="/api/webhooks/ipaymu")
    tell(event_id="forged", signature="0")
    work.work()
    caller = api("webhooks:read")
    assert _events(caller.get("/api/webhooks"))[1:] == ["e-3", "e-2", "e-1"]
    assert _events(caller.get("/api/webhooks?provider=ipaymu")) == ["e-3"]
    assert _events(caller.get("/api/webhooks?state=unknown")) == ["e-2"]
    assert _events(caller.get("/api/webhooks?state=done&provider=scripted")) == ["e-1"]
    assert _events(caller.get(f"/api/webhooks?payment={ids.show('payment', open_payment)}")) == ["e-1"]
    page = caller.get("/api/webhooks?limit=2").json()
    rest_of = caller.get(f"/api/webhooks?limit=2&after={page['next_cursor']}").json()
    assert [each["event"] for each in rest_of["data"]] == ["e-2", "e-1"]
    assert fault(caller.get("/api/webhooks?colour=1"))[:2] == (400, "field_unknown")
    assert fault(api("payments:read").get("/api/webhooks"))[:2] == (403, "scope_missing")


def test_one_callback_without_its_body_or_secrets(tell, open_payment, api):  # noqa: F811
    tell(identity=identity(open_payment), headers={"Authorization": "Bearer abc123def"})
    work.work()
    caller = api("webhooks:read")
    found = caller.get(f"/api/webhooks/{ids.show('callback', the_one().pk)}")
    document = found.json()
    assert document["payment"] == ids.show("payment", open_payment)
    assert (document["state"], document["headers"]["authorization"]) == ("done", "[redacted]")
    assert "body" not in document and "abc123def" not in found.content.decode()
    assert fault(caller.get("/api/webhooks/cbk_" + "0" * 32))[:2] == (404, "callback_unknown")


def test_working_again_is_an_operators(tell, gateway, api):  # noqa: F811
    tell(identity="somebody's")
    work.work()
    path = f"/api/webhooks/{ids.show('callback', the_one().pk)}/work"
    assert fault(api("webhooks:read").post(path, {"reason": "a drill"}))[:2] == (403, "scope_missing")
    answer = api("webhooks:write").post(path, {"reason": "a drill"}, key="once")
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert the_one().state == "waiting"


def test_the_door_takes_no_key_for_a_signature(tell, gateway, api):  # noqa: F811
    caller = api()
    assert fault(caller.post("/api/webhooks/scripted", {"event_id": "e-1", "kind": "x"}))[:2] == (
        400,
        "signature_wrong",
    )
    assert fault(Client().get("/api/webhooks/scripted"))[0] == 401
    assert fault(caller.get("/api/webhooks/scripted"))[0] == 404


def test_a_payments_story_tells_of_its_callbacks(tell, open_payment):
    tell(kind="charge.success", identity=identity(open_payment))
    work.work()
    (line,) = [each for each in story.timeline(open_payment) if each.kind == "callback"]
    assert line.title == "scripted called back: charge.success"
    assert line.detail == "its attempt (pending) is looked up now"


def test_its_page_shows_what_a_person_may_see(tell, open_payment):
    raw = {"event_id": "e-1", "kind": "paid", "identity": identity(open_payment)}
    tell(json.dumps(raw).encode())
    client = client_of("viewer")
    assert listed(client, "payments_callbacks_callback") == [the_one().pk]
    for term in ("e-1", the_one().pk):
        assert listed(client, "payments_callbacks_callback", term) == [the_one().pk]
    page = client.get(url("payments_callbacks_callback", the_one().pk, "change")).content.decode()
    assert identity(open_payment) in page


def test_its_page_works_it_again(tell, open_payment):
    tell(identity=identity(open_payment))
    work.work()
    assert listed(client_of("viewer"), "payments_callbacks_callback", open_payment) == [the_one().pk]
    Callback.objects.update(said="old")
    act(client_of("operator"), "payments_callbacks_callback", "work_again", the_one().pk)
    assert the_one().state == "waiting"
    work.work()
    assert is_due(open_payment)


@pytest.mark.parametrize(("body", "seen", "gone"), [
    (b'{"data": {"authorization": {"authorization_code": "AUTH_x1", "last4": "4081"}}}', "4081", "AUTH_x1"),
    (b"trx_id=184854&signature=abcdef&status=berhasil", "184854", "abcdef"),
    (b'{"card": "4084084084084081", "key": "sk_test_abcdefghij12345"}', "card", "4084084084084081"),
    (b'{"key": "sk_test_abcdefghij12345"}', "key", "sk_test_abc"),
    (b"\xff\xfe plain", "plain", "nothing"),
])  # fmt: skip
def test_what_could_be_used_to_pay_is_not_shown(body, seen, gone):
    from engine.core import crypt

    text = shown.shown(crypt.seal(body))
    assert seen in text and gone not in text


def test_a_body_that_no_key_opens_is_said_so():
    assert shown.shown(b"not sealed") == "no key of FIELD_KEYS opens it"
