"""What is sent: read strictly, once per key, so often and no more; every refusal in the one shape."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection, connections

from engine.core.actor import SYSTEM
from engine.core.errors import Refusal
from engine.rest import errors, keys, once
from engine.rest.models import Answer, ApiKey, Use
from tests.rest.conftest import Api, fault

KEY = {"name": "shop", "scopes": ["plans:read"]}


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "body_malformed"),
        (b"[]", 400, "body_malformed"),
        (b"\xff\xfe", 400, "body_malformed"),
        (b'{"name": NaN}', 400, "body_malformed"),
        (b'{"name": "a", "name": "b"}', 400, "body_malformed"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400, "body_malformed"),
        (b'{"name": "a\\u0000b", "scopes": ["plans:read"]}', 400, "text_invalid"),
        (b'{"name": "\\ud800", "scopes": ["plans:read"]}', 400, "text_invalid"),
        (b'{"name": 5, "scopes": ["plans:read"]}', 400, "invalid"),
        (b'{"name": "a", "scopes": ["plans:read"], "colour": 1}', 400, "field_unknown"),
        (b'{"scopes": ["plans:read"]}', 400, "field_missing"),
        (b'{"name": " ' + b"x" * 100 + b'", "scopes": ["plans:read"]}', 400, "max_length"),
        (b'{"name": "' + b"x" * 10_000_000 + b'"}', 413, "body_too_large"),
    ],
)
def test_bad_bodies_are_refused_with_nothing_written(api, raw, status, code):
    response = api().post("/api/keys", raw=raw, key="k")
    assert fault(response)[:2] == (status, code)
    assert ApiKey.objects.count() == 1
    assert not Answer.objects.exists()


def test_the_field_is_named(api):
    response = api().post("/api/keys", {"name": "", "scopes": ["plans:eat"], "colour": 1})
    assert fault(response) == (400, "field_unknown", "colour")
    response = api().post("/api/keys", {"name": "x" * 101, "scopes": ["plans:eat"]})
    said = {error["param"]: error["code"] for error in response.json()["error"]["errors"]}
    assert said == {"name": "max_length", "scopes[0]": "invalid_choice"}


@pytest.mark.parametrize("path", ["/api/keys", "/api/keys/{}/rotate", "/api/keys/{}/revoke"])
def test_a_body_without_a_length_is_refused_and_not_taken_for_none(api, path):
    """DRF reads a chunked body as an empty one: a rotation would keep the old key for a day more."""
    caller, made = api(), keys.create("old", ["plans:read"], by=SYSTEM)
    sent = caller.client.generic(
        "POST", path.format(made.key.pk), b'{"overlap_seconds": 0}', content_type="application/json",
        headers={**caller.headers, "Transfer-Encoding": "chunked"}, CONTENT_LENGTH="",
    )  # fmt: skip
    assert fault(sent) == (411, "length_required", None)
    assert ApiKey.objects.count() == 2
    assert keys.find(made.secret) is not None


def test_another_media_type_is_refused(api):
    caller = api()
    response = caller.client.generic("POST", "/api/keys", b"a=1", content_type="application/x-www-form-urlencoded",
                                     headers=caller.headers)  # fmt: skip
    assert fault(response)[:2] == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("limit=0", "min_value", "limit"),
        ("limit=101", "max_value", "limit"),
        ("limit=" + "9" * 400, "max_value", "limit"),
        ("limit=1&limit=2", "parameter_repeated", "limit"),
        ("after=%00", "text_invalid", "after"),
        ("after=zzz", "cursor_invalid", "after"),
        ("after=AAAAAAAAAAAAAAAAAAAAAA!!!!", "cursor_invalid", "after"),
        ("after=AAAAAAAAAAAAAAAAAAAAAB", "cursor_invalid", "after"),
        ("after=" + "x" * 81, "max_length", "after"),
        ("colour=1", "field_unknown", "colour"),
        ("ordering=name", "invalid_choice", "ordering"),
        ("expand=owner", "expand_unknown", "expand"),
    ],
)
def test_bad_queries_are_refused(api, query, code, param):
    assert fault(api().get(f"/api/keys?{query}")) == (400, code, param)


def test_what_is_not_there_is_404(api):
    for path in ("/api/nothing", "/api/keys/key_zz", "/api/keys/pay_0198c0de000070008000000000000001"):
        assert api().get(path).status_code == 404
    assert fault(api().get("/api/keys/key_0198c0de000070008000000000000001"))[:2] == (404, "key_unknown")
    assert fault(api().get("/api/nothing"))[:2] == (404, "not_found")
    assert fault(Api("x").client.delete("/api/keys", headers=api().headers))[:2] == (
        405,
        "method_not_allowed",
    )


def test_pages_are_stable_while_rows_are_added(api, settled):
    for number in range(5):
        keys.create(f"k{number}", ["plans:read"], by=SYSTEM)
    caller = api()
    first = caller.get("/api/keys?limit=3").json()
    keys.create("later", ["plans:read"], by=SYSTEM)
    assert first["has_more"]
    second = caller.get("/api/keys?limit=3&after=" + first["next_cursor"]).json()
    names = [key["name"] for page in (first, second) for key in page["data"]]
    assert names == ["tests", "k4", "k3", "k2", "k1", "k0"]
    assert (second["has_more"], second["next"]) == (False, None)
    assert caller.client.get(first["next"], headers=caller.headers).json()["data"] == second["data"]
    oldest = caller.get("/api/keys?ordering=created&limit=2").json()
    assert [key["name"] for key in oldest["data"]] == ["k0", "k1"]


def test_behind_a_proxy_with_tls_the_next_page_is_https(api, settings):
    caller, sent = api(), {"X-Forwarded-Proto": "https"}
    caller.post("/api/keys", KEY)
    assert caller.get("/api/keys?limit=1", **sent).json()["next"].startswith("http://")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert caller.get("/api/keys?limit=1", **sent).json()["next"].startswith("https://")


def test_a_key_with_another_body_or_path_is_409(api):
    caller = api()
    assert caller.post("/api/keys", KEY, key="one").status_code == 201
    assert fault(caller.post("/api/keys", {**KEY, "name": "else"}, key="one")) == (
        409, "idempotency_key_reused", "name",
    )  # fmt: skip
    made = ApiKey.objects.get(name="shop")
    assert fault(caller.post(f"/api/keys/{made.pk}/revoke", key="one"))[1] == "idempotency_key_reused"


def test_a_key_of_another_api_key_is_409_and_shows_nothing(api):
    """A service that fails over to another key repeats its requests: they must not be done twice."""
    made = api().post("/api/keys", KEY, key="one").json()
    for answer in (api().post("/api/keys", KEY, key="one"), api().get("/api/requests/one")):
        assert fault(answer) == (409, "idempotency_key_reused", "Idempotency-Key")
        assert made["id"] not in answer.content.decode()
    assert ApiKey.objects.filter(name="shop").count() == 1


def test_a_word_stays_with_the_line_of_rotations(api):
    old = keys.create("shop", ["keys:write", "plans:read"], by=SYSTEM)
    made = Api(old.secret).post("/api/keys", KEY, key="one").json()
    new = Api(keys.rotate(old.key.pk, overlap_seconds=60, by=SYSTEM).secret)
    assert new.post("/api/keys", KEY, key="one").json()["id"] == made["id"]


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "ä"])
def test_a_key_that_is_no_word_is_refused(api, key):
    caller = api()
    response = caller.post("/api/keys", KEY, **{"Idempotency-Key": key})
    assert fault(response) == (400, "idempotency_key_invalid", "Idempotency-Key")


def test_what_was_refused_leaves_the_key_free(api):
    caller = api()
    assert caller.post("/api/keys", {"name": "x"}, key="one").status_code == 400
    assert caller.post("/api/keys", KEY, key="one").status_code == 201


def test_a_lost_answer_can_be_asked_for(api):
    caller = api()
    assert caller.get("/api/requests/one").json()["state"] == "never_seen"
    made = caller.post("/api/keys", KEY, key="one").json()
    told = caller.get("/api/requests/one").json()
    assert (told["state"], told["status"], told["request"]) == ("finished", 201, "POST /api/keys")
    assert told["answer"] == {name: value for name, value in made.items() if name != "secret"}
    assert told["object_id"] == made["id"]
    caller.post(f"/api/keys/{made['id']}/revoke", key="two")
    assert caller.get("/api/requests/two").json()["object_id"] == made["id"]


def in_one_window(act: Callable[[Any], Any], make: Callable[[], Any]) -> Any:
    """What `act` says of a new caller when it began and ended in one minute, as the limit counts them."""
    while True:
        began = int(time.time()) // 60
        found = act(make())
        if int(time.time()) // 60 == began:
            return found


def test_a_limit_is_told_and_kept(api, settings, monkeypatch):
    monkeypatch.setattr(settings.ENV, "api_rate_limit", 3)
    *within, over = in_one_window(lambda caller: [caller.get("/api/keys") for _ in range(4)], api)
    assert [each["RateLimit-Remaining"] for each in within] == ["2", "1", "0"]
    assert fault(over)[:2] == (429, "too_many_requests")
    assert int(over["Retry-After"]) == int(over["RateLimit-Reset"]) <= 60
    assert over["RateLimit-Limit"] == "3"
    assert "X-RateLimit-Limit" not in over
    assert api().get("/api/keys").status_code == 200
    assert Use.objects.filter(calls=4).count() == 1


def test_what_a_scope_refuses_is_counted_too(api, settings, monkeypatch):
    monkeypatch.setattr(settings.ENV, "api_rate_limit", 2)
    answers = in_one_window(
        lambda caller: [caller.get("/api/keys") for _ in range(3)], lambda: api("plans:read")
    )
    assert [each.status_code for each in answers] == [403, 403, 429]
    assert [each["RateLimit-Remaining"] for each in answers] == ["1", "0", "0"]


def test_the_request_id_is_the_callers_if_it_is_a_word(api):
    caller = api()
    assert caller.get("/api/keys", **{"X-Request-ID": "trace-12345"})["Request-Id"] == "trace-12345"
    assert caller.get("/api/keys", **{"X-Request-ID": "bad id\n"})["Request-Id"].startswith("req_")


def test_a_bug_is_a_500_in_the_same_shape(api, monkeypatch):
    caller = api()
    monkeypatch.setattr("engine.rest.keys.create", lambda *a, **k: 1 / 0)
    response = caller.post("/api/keys", KEY, key="one")
    assert fault(response)[:2] == (500, "internal")
    assert response.json()["error"]["money_moved"] == "unknown"
    assert not Answer.objects.exists()


def test_what_arrived_already_is_told_as_moved():
    told = errors.of(Refusal("money_arrived", "money arrived under one of its attempts", param="payment"))
    assert (told.error["money_moved"], told.error["retry"]) == ("yes", "never")


def test_what_failed_after_its_writes_leaves_nothing(api, monkeypatch):
    caller = api()
    made = keys.create

    def broken(*args: Any, **kwargs: Any) -> None:
        made(*args, **kwargs)
        raise ZeroDivisionError

    monkeypatch.setattr("engine.rest.keys.create", broken)
    assert fault(caller.post("/api/keys", KEY, key="one"))[:2] == (500, "internal")
    assert fault(caller.post("/api/keys", KEY))[:2] == (500, "internal")
    assert not ApiKey.objects.filter(name="shop").exists()


def test_the_answer_and_the_effect_are_one_commit(api, monkeypatch):
    """Where the answer can't be stored nothing was done: a second request would do it again."""
    caller = api()
    monkeypatch.setattr(Answer.objects, "create", lambda **_: 1 / 0)
    assert fault(caller.post("/api/keys", KEY, key="one"))[:2] == (500, "internal")
    assert not ApiKey.objects.filter(name="shop").exists()
    monkeypatch.undo()
    assert caller.post("/api/keys", KEY, key="one").status_code == 201
    assert ApiKey.objects.filter(name="shop").count() == 1


@pytest.mark.parametrize(
    ("method", "key", "moved", "retry"),
    [("get", "", "no", "safe"), ("post", "one", "unknown", "same_key"), ("post", "", "unknown", "never")],
)
def test_a_failure_says_what_may_have_moved_and_what_to_do(api, monkeypatch, method, key, moved, retry):
    caller = api()
    gone = OperationalError("server closed the connection unexpectedly")
    for broken, status in ((gone, 503), (ZeroDivisionError(), 500)):
        monkeypatch.setattr("engine.rest.views.RestView.scope", Mock(side_effect=broken))
        answer = caller.get("/api/keys") if method == "get" else caller.post("/api/keys", KEY, key=key)
        error = answer.json()["error"]
        assert (answer.status_code, error["money_moved"], error["retry"]) == (status, moved, retry)
        assert ("look first" in error["message"]) == (retry == "never")


def test_a_second_request_while_the_first_is_at_work_is_409(db, django_db_blocker):
    """The first holds the key's lock in a session of its own."""
    owner = keys.create("shop", ["keys:write"], by=SYSTEM).key.owner
    asked = once.under(owner, "one", "POST /api/keys", {})
    held, over = threading.Event(), threading.Event()

    def first() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", ["answer:one"])
            held.set()
            over.wait(10)
            cursor.execute("ROLLBACK")
        connections.close_all()

    with django_db_blocker.unblock():
        other = threading.Thread(target=first)
        other.start()
        assert held.wait(10)
        assert once.state_of(owner, "one") == ("running", None)
        assert once.state_of(owner, "two") == ("never_seen", None)
        with pytest.raises(once.Fault) as refused:
            once.run(asked, lambda: once.Done({}))
        over.set()
        other.join()
    assert (refused.value.status, refused.value.error["code"], refused.value.error["retry"]) == (
        409, "request_in_progress", "same_key",
    )  # fmt: skip
    assert refused.value.headers == {"Retry-After": "1"}
    assert json.dumps(refused.value.error)
    assert connection.in_atomic_block


def test_the_doc_url_leads_to_a_page_that_explains_the_code(api):
    error = api().get("/api/keys?limit=0").json()["error"]
    page, _, anchor = error["doc_url"].partition("#")
    shown = api().client.get(page)
    assert shown.status_code == 200
    assert f'<dt id="{anchor}">' in shown.content.decode()
