"""Keys: shown once, found by their digest alone, rotated with an overlap, never more than their maker holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from engine.audit.models import Entry
from engine.core import clock
from engine.core.actor import SYSTEM, Actor, NotAllowed, Role
from engine.core.errors import Refusal
from engine.rest import keys, scopes
from engine.rest.models import Answer, ApiKey
from tests.rest.conftest import fault

KEY = {"name": "shop", "scopes": ["plans:read"]}


def test_the_secret_is_shown_once_and_not_stored(api):
    made = api().post("/api/keys", KEY, key="k1").json()
    assert made["secret"].startswith("cb_test_")
    row = ApiKey.objects.get(name="shop")
    stored = "".join(str(value) for model in (ApiKey, Answer, Entry) for value in model.objects.values_list())
    assert made["secret"] not in stored
    assert made["secret"].startswith(row.prefix)
    again = api_of(made["secret"])
    assert (
        "secret" not in again.get(f"/api/keys/{made['id']}", Authorization=f"Bearer {made['secret']}").json()
    )


def api_of(secret: str):
    from tests.rest.conftest import Api

    return Api(secret)


def test_a_replay_does_not_show_it_again(api):
    caller = api()
    first = caller.post("/api/keys", KEY, key="k1")
    second = caller.post("/api/keys", KEY, key="k1")
    assert second["Idempotent-Replayed"] == "true"
    assert second.json() == {name: value for name, value in first.json().items() if name != "secret"}
    assert ApiKey.objects.filter(name="shop").count() == 1


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer a b", "Bearer " + "x" * 300])
def test_without_a_good_header_it_is_401(client, db, header):
    sent = {} if header is None else {"Authorization": header}
    response = client.get("/api/keys", headers=sent)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert fault(response)[1] in ("key_missing", "key_invalid")


@pytest.mark.parametrize("ended", ["expired", "revoked", "wrong"])
def test_a_key_that_ended_is_401(api, ended):
    made = keys.create("old", ["admin:read"], by=SYSTEM)
    assert api_of(made.secret).get("/api/keys").status_code == 200
    now = clock.machine_now()
    if ended == "expired":
        ApiKey.objects.filter(pk=made.key.pk).update(expires_at=now - timedelta(seconds=1))
    elif ended == "revoked":
        assert api().post(f"/api/keys/key_{made.key.pk.hex}/revoke").status_code == 200
    secret = made.secret[:-1] + "x" if ended == "wrong" else made.secret
    assert fault(api_of(secret).get("/api/keys")) == (401, "key_invalid", None)


def test_a_scope_that_is_not_held_is_403(api):
    assert fault(api("plans:write").get("/api/keys")) == (403, "scope_missing", None)
    assert fault(api("admin:read").post("/api/keys", KEY)) == (403, "scope_missing", None)
    assert api("admin:read").get("/api/keys").status_code == 200
    assert api("keys:write").get("/api/keys").status_code == 200


def test_nobody_hands_out_more_than_they_hold(api):
    caller = api("keys:write", "plans:read")
    assert caller.post("/api/keys", KEY).status_code == 201
    assert fault(caller.post("/api/keys", {**KEY, "scopes": ["plans:write"]})) == (
        403,
        "scope_beyond",
        "scopes",
    )
    other = keys.create("all", ["admin:write"], by=SYSTEM)
    assert fault(caller.post(f"/api/keys/{other.key.pk}/rotate"))[:2] == (403, "scope_beyond")


def test_nobody_ends_a_key_that_may_more_than_theirs(api):
    caller, strong = api("keys:write", "plans:read"), keys.create("all", ["admin:write"], by=SYSTEM)
    assert fault(caller.post(f"/api/keys/{strong.key.pk}/revoke"))[:2] == (403, "scope_beyond")
    assert keys.find(strong.secret) is not None
    like = keys.create("like", ["plans:read"], by=SYSTEM)
    assert caller.post(f"/api/keys/{like.key.pk}/revoke").status_code == 200


def test_wrong_keys_of_an_address_are_counted_and_then_refused(api, monkeypatch):
    """DRF throttles only whom it has let in. A right key from there goes on working."""
    monkeypatch.setattr(settings.ENV, "api_rate_limit", 3)
    wrong, right = api_of("cb_test_wrong"), api("admin:read")
    answers = [wrong.get("/api/keys") for _ in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]
    assert fault(answers[3])[1] == "too_many_wrong_keys"
    assert [each["RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert 0 < int(answers[3]["Retry-After"]) <= 60
    assert right.get("/api/keys").status_code == 200
    other = wrong.client.get("/api/keys", headers=wrong.headers, REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 401


def test_a_rotation_overlaps_and_keeps_the_owner(api):
    made = keys.create("shop", ["plans:read"], by=SYSTEM)
    new = api().post(f"/api/keys/key_{made.key.pk.hex}/rotate", {"overlap_seconds": 60}).json()
    assert keys.find(made.secret) is not None
    assert keys.find(new["secret"]).owner == made.key.owner
    made.key.refresh_from_db()
    assert timedelta(seconds=50) < made.key.expires_at - clock.machine_now() <= timedelta(seconds=60)
    at_once = keys.rotate(keys.find(new["secret"]).pk, overlap_seconds=0, by=SYSTEM)
    assert keys.find(new["secret"]) is None
    assert keys.find(at_once.secret) is not None


def test_last_use_is_noted_to_the_minute(db):
    made = keys.create("shop", ["plans:read"], by=SYSTEM)
    keys.find(made.secret)
    first = ApiKey.objects.get(pk=made.key.pk).last_used_at
    keys.find(made.secret)
    assert first is not None
    assert ApiKey.objects.get(pk=made.key.pk).last_used_at == first


def test_only_an_admin_makes_keys(db):
    with pytest.raises(NotAllowed):
        keys.create("shop", ["plans:read"], by=Actor("olga", "user", Role.OPERATOR))
    for bad in ([], ["plans:eat"]):
        with pytest.raises(Refusal):
            keys.create("shop", bad, by=SYSTEM)
    assert not ApiKey.objects.exists()


def test_scopes_include_what_they_should():
    assert scopes.allow({"plans:write"}, "plans:read")
    assert not scopes.allow({"plans:read"}, "plans:write")
    assert scopes.allow({"admin:read"}, "plans:read")
    assert not scopes.allow({"admin:read"}, "plans:write")
    assert scopes.allow({"admin:write"}, "plans:read")


@pytest.mark.parametrize(
    ("held", "resource", "role"),
    [
        ("plans:read", "plans", Role.VIEWER),
        ("plans:write", "plans", Role.OPERATOR),
        ("plans:write", "payments", Role.VIEWER),
        ("keys:write", "keys", Role.ADMIN),
        ("scheduler:write", "scheduler", Role.ADMIN),
        ("keys:write", "payments", Role.VIEWER),
        ("payments:write keys:write scheduler:write", "payments", Role.OPERATOR),
        ("admin:read", "keys", Role.VIEWER),
        ("admin:write", "payments", Role.ADMIN),
    ],
)
def test_who_hands_out_keys_is_no_approver_of_payments(held, resource, role):
    assert scopes.role(held.split(), resource) == role


def test_the_audit_tells_two_keys_of_one_name_apart(api):
    first, second = api(), api()
    for number, caller in enumerate((first, second)):
        assert caller.post("/api/keys", {**KEY, "name": f"shop {number}"}).status_code == 201
    told = Entry.objects.filter(verb="create_key", actor_kind="key").values_list("actor", flat=True)
    begun = [caller.headers["Authorization"].removeprefix("Bearer ")[:14] for caller in (first, second)]
    assert sorted(told) == sorted(f"key:{prefix} tests" for prefix in begun)
    made = ApiKey.objects.filter(name__startswith="shop ").values_list("created_by", flat=True)
    assert sorted(made) == sorted(told)
