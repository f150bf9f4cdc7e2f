"""What a person does to a payment over REST: answered 202, told once per key, refused with the reason, audited."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.audit.models import Entry
from engine.core import clock, sql, wake
from engine.core.ids import uuid7
from engine.providers import registry
from engine.providers.base import Finding, Outcome, ProviderUnavailable
from engine.rest import ids
from payments.models import Attempt, Case, Evidence, Payment
from tests.billing.world import rows_everywhere
from tests.payments_api.conftest import key, pay, row
from tests.rest.conftest import fault

WHY = {"reason": "a drill"}


@pytest.fixture
def payments(standing_payments):
    return standing_payments


@pytest.fixture(autouse=True)
def _nothing_is_published(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a web request published")

    monkeypatch.setattr(wake, "wake", refuse)
    monkeypatch.setattr("celery.app.base.Celery.send_task", refuse)


@pytest.mark.parametrize(
    ("verb", "name", "audited"),
    [("retry", "waiting", "retry_now"), ("verify", "pending", "verify_now"), ("park", "waiting", "park")],
)
def test_an_act_is_accepted_and_done_once_per_key(caller, payments, verb, name, audited):
    one = payments[name]
    later = clock.machine_now().replace(year=2030)
    Payment.objects.filter(pk=one).update(next_action_at=later)
    done = caller.post(pay(one, f"/{verb}"), WHY, key="k")
    assert done.status_code == 202
    told = done.json()
    assert (told["id"], told["job"]) == (ids.show("payment", one), ids.show("job", one))
    assert told["sentence"] and row(one).next_action_at != later
    again = caller.post(pay(one, f"/{verb}"), WHY, key="k")
    assert (again["Idempotent-Replayed"], again.status_code, again.json()) == ("true", 202, told)
    entry = Entry.objects.get(verb=audited)
    assert (entry.actor_kind, entry.reason, entry.object_id) == ("key", "a drill", str(one))


def test_a_parked_payment_goes_on(caller, payments):
    one = payments["waiting"]
    parked = caller.post(pay(one, "/park"), WHY).json()
    assert (parked["parked_reason"], parked["next_action_at"]) == ("a drill", None)
    assert "Parked" in parked["sentence"]
    assert fault(caller.post(pay(one, "/park"), WHY)) == (409, "parked_already", "payment")
    going = caller.post(pay(one, "/unpark"), WHY, key="u")
    assert (going.status_code, going.json()["parked_at"]) == (202, None)


@pytest.mark.parametrize(
    ("verb", "name"), [("retry", "waiting"), ("verify", "pending"), ("park", "waiting"), ("end", "differs")]
)
def test_a_dry_run_says_what_would_come_of_it(caller, payments, verb, name):
    path, before = pay(payments[name], f"/{verb}"), rows_everywhere()
    dry = caller.post(f"{path}?dry_run=true", WHY, key="k")
    assert (dry["Dry-Run"], rows_everywhere()) == ("true", before)
    real = caller.post(path, WHY, key="k")
    moments = ("sentence", "next_action_at", "parked_at", "ended_at", "attempts")
    assert {**real.json(), **dict.fromkeys(moments)} == {**dry.json(), **dict.fromkeys(moments)}
    assert dry.status_code == real.status_code


@pytest.mark.parametrize(
    ("verb", "name", "code"),
    [
        ("retry", "paid", "not_scheduled"),
        ("verify", "waiting", "not_in_flight"),
        ("park", "declined", "payment_ended"),
        ("unpark", "waiting", "not_parked"),
        ("unpark", "differs", "case_open"),
        ("end", "waiting", "not_parked"),
        ("end", "late", "payment_ended"),
    ],
)
def test_what_makes_no_sense_is_409_and_changes_nothing(caller, payments, verb, name, code):
    before = list(Payment.objects.order_by("pk").values())
    assert fault(caller.post(pay(payments[name], f"/{verb}"), WHY, key="k")) == (409, code, "payment")
    assert list(Payment.objects.order_by("pk").values()) == before
    assert not Entry.objects.filter(actor_kind="key").exists()


def test_an_approver_ends_what_can_not_go_on(caller, payments):
    path, open_case = pay(payments["differs"], "/end"), Case.objects.get(payment_id=payments["differs"])
    assert fault(key("payments:write").post(path, WHY, key="a"))[:2] == (403, "not_allowed")
    ended = caller.post(path, WHY, key="a")
    assert (ended.status_code, ended.json()["state"], ended.json()["settled_minor"]) == (200, "canceled", 0)
    assert "What arrived is in suspense." in ended.json()["sentence"]
    again = caller.post(path, WHY, key="a")
    assert (again["Idempotent-Replayed"], again.json()) == ("true", ended.json())
    assert fault(caller.post(path, WHY, key="b")) == (409, "payment_ended", "payment")
    entry = Entry.objects.get(verb="end_payment")
    assert (entry.actor_kind, entry.reason, entry.object_id) == ("key", "a drill", str(payments["differs"]))
    assert Case.objects.get(pk=open_case.pk).closed_at is None


@pytest.mark.parametrize("verb", ["retry", "verify", "park", "unpark", "end"])
def test_bad_requests(caller, payments, verb):
    path = pay(payments["waiting"], f"/{verb}")
    assert fault(caller.post(path, {}, key="a")) == (400, "field_missing", "reason")
    assert fault(caller.post(path, {"reason": " "}, key="b")) == (400, "field_blank", "reason")
    assert fault(caller.post(path, {"reason": "x" * 2001}, key="c")) == (400, "max_length", "reason")
    assert fault(caller.post(path, {**WHY, "force": True}, key="d")) == (400, "field_unknown", "force")
    nobody = f"/api/payments/pay_0198c0de000070008000000000000001/{verb}"
    assert fault(caller.post(nobody, WHY, key="e")) == (404, "payment_unknown", "payment")
    assert fault(key("admin:read").post(path, WHY, key="f"))[:2] == (403, "scope_missing")
    assert fault(key("payment_methods:write").post(path, WHY, key="g"))[:2] == (403, "scope_missing")
    if verb in ("retry", "unpark", "end"):
        assert fault(caller.post(path, WHY)) == (400, "idempotency_key_missing", "Idempotency-Key")


def test_an_approver_says_that_what_nobody_knows_never_took_effect(caller, payments, monkeypatch):
    one, provider = payments["pending"], registry.get("scripted")
    path, past = pay(one, "/declare_absent"), clock.machine_now() - timedelta(days=2)
    assert fault(caller.post(path, WHY)) == (400, "idempotency_key_missing", "Idempotency-Key")
    assert fault(caller.post(path, WHY, key="a")) == (409, "not_parked", "payment")
    assert caller.post(pay(one, "/park"), WHY).status_code == 202
    Attempt.objects.filter(payment_id=one).update(state="unknown", send_by=past)
    monkeypatch.setattr(sql, "outside_transaction", lambda: True)
    assert fault(caller.post(path, WHY, key="b")) == (409, "it_is_seen", "payment")
    provider.looks[one] = [Finding(Outcome.ABSENT, code="expired")]
    assert fault(key("payments:write").post(path, WHY, key="c"))[:2] == (403, "not_allowed")
    before = rows_everywhere()
    assert (
        caller.post(f"{path}?dry_run=true", WHY, key="d").status_code == 202 and rows_everywhere() == before
    )
    done = caller.post(path, WHY, key="d")
    assert (done.status_code, done.json()["parked_at"]) == (202, None)
    assert caller.post(path, WHY, key="d").json() == done.json()
    word = Evidence.objects.get(source="operator")
    assert (word.payment_id, word.outcome, word.message) == (one, "absent", WHY["reason"])


def test_cases_are_listed_and_shown(caller, payments):
    late = Case.objects.get(payment_id=payments["late"])
    path = f"/api/cases/{ids.show('case', late.pk)}"
    told = caller.get(path).json()
    assert (told["object"], told["kind"], told["payment"]) == (
        "case", "paid_after_close", ids.show("payment", payments["late"]),
    )  # fmt: skip
    assert {case["kind"] for case in caller.get("/api/cases").json()["data"]} == {
        "paid_after_close",
        "amount_differs",
    }
    (found,) = caller.get(f"/api/cases?payment={told['payment']}&expand=payment").json()["data"]
    assert found["payment"]["state"] == "succeeded_late"
    assert caller.get("/api/cases?state=closed").json()["data"] == []
    assert fault(caller.get("/api/cases?state=done")) == (400, "invalid_choice", "state")


def test_a_case_is_closed_by_an_approver_once(caller, payments):
    late = Case.objects.get(payment_id=payments["late"])
    path = f"/api/cases/{ids.show('case', late.pk)}/close"
    said = {"resolution": "sent back to the payer", "reason": "the bank confirmed it"}
    assert fault(caller.post(path, said)) == (400, "idempotency_key_missing", "Idempotency-Key")
    assert fault(caller.post(path, {"reason": "why"}, key="a")) == (400, "field_missing", "resolution")
    for scopes in (
        ["payments:write"],
        ["payments:write", "keys:write"],
        ["payments:write", "scheduler:write"],
    ):
        assert fault(key(*scopes).post(path, said, key="a"))[:2] == (403, "not_allowed")
    closed = caller.post(path, said, key="b")
    assert (closed.status_code, closed.json()["resolution"], closed.json()["closed_by"][-6:]) == (
        200, "sent back to the payer", " tests",
    )  # fmt: skip
    assert caller.post(path, said, key="b").json() == closed.json()
    assert fault(caller.post(path, said, key="c")) == (409, "case_closed", "case")
    assert Entry.objects.filter(verb="close_case").count() == 1
    assert caller.get("/api/cases?state=closed").json()["data"] == [closed.json()]


@pytest.mark.parametrize(("verb", "did", "state"), [
    ("apply", "applied", "succeeded"), ("return", "returned", "canceled"),
])  # fmt: skip
def test_an_approver_says_whose_money_in_suspense_is(caller, payments, verb, did, state):
    case = Case.objects.get(payment_id=payments["differs"])
    path = f"/api/cases/{ids.show('case', case.pk)}/{verb}"
    assert fault(caller.post(path, WHY)) == (400, "idempotency_key_missing", "Idempotency-Key")
    assert fault(key("payments:write").post(path, WHY, key="a"))[:2] == (403, "not_allowed")
    before = rows_everywhere()
    dry = caller.post(f"{path}?dry_run=true", WHY, key="b")
    assert (dry["Dry-Run"], rows_everywhere()) == ("true", before)
    done = caller.post(path, WHY, key="b")
    assert (done.status_code, done.json()["resolution"]) == (200, f"0.000900 USDC {did}: a drill")
    assert {**dry.json(), "closed_at": ""} == {**done.json(), "closed_at": ""}
    again = caller.post(path, WHY, key="b")
    assert (again["Idempotent-Replayed"], again.json()) == ("true", done.json())
    assert fault(caller.post(path, WHY, key="c")) == (409, "case_closed", "case")
    assert Entry.objects.get(verb=f"{verb}_money").actor_kind == "key"
    assert row(payments["differs"]).state == state
    empty = Case.objects.create(
        id=uuid7(),
        kind="seen_after_end",
        payment_id=payments["declined"],
        sentence="seen",
        opened_at=clock.machine_now(),
    )
    refused = caller.post(f"/api/cases/{ids.show('case', empty.pk)}/{verb}", WHY, key="d")
    assert fault(refused) == (409, "nothing_in_suspense", "case")


@pytest.mark.parametrize("verb", ["left_once", "left_twice"])
def test_an_approver_says_how_often_money_left(caller, payments, verb):
    """Of what was given back by hand and taken back since, alone; the answers are tests/ops/test_left_twice.py's."""
    late = Case.objects.get(payment_id=payments["late"])
    path = f"/api/cases/{ids.show('case', late.pk)}/{verb}"
    assert fault(key("payments:write").post(path, WHY, key="a"))[:2] == (403, "not_allowed")
    assert fault(caller.post(path, WHY, key="b")) == (409, "nothing_taken_back", "case")


def test_a_closed_attempt_is_looked_up(caller, payments, monkeypatch):
    attempt = Attempt.objects.get(payment_id=payments["declined"])
    path = f"/api/attempts/{ids.show('attempt', attempt.pk)}/look_up"
    monkeypatch.setattr(sql, "outside_transaction", lambda: True)  # but for the test's own
    assert caller.post(path, WHY, key="l").status_code == 202
    assert caller.post(path, WHY, key="l")["Idempotent-Replayed"] == "true"
    assert Evidence.objects.filter(attempt=attempt, applied_at=None).count() == 1
    still_open = Attempt.objects.get(payment_id=payments["pending"])
    refused = caller.post(f"/api/attempts/{ids.show('attempt', still_open.pk)}/look_up", WHY)
    assert fault(refused) == (409, "attempt_not_closed", "attempt")


@pytest.mark.parametrize(
    "silent", [{}, ProviderUnavailable("node_unavailable", "nobody answers")], ids=["no word", "away"]
)
def test_a_look_that_nobody_answers_is_503_and_may_be_asked_again(caller, payments, monkeypatch, silent):
    attempt = Attempt.objects.get(payment_id=payments["declined"])
    path = f"/api/attempts/{ids.show('attempt', attempt.pk)}/look_up"
    provider, before = registry.get(attempt.provider), Evidence.objects.count()

    def lookup(asked):
        if isinstance(silent, Exception):
            raise silent
        return silent

    with monkeypatch.context() as patch:
        patch.setattr(sql, "outside_transaction", lambda: True)  # but for the test's own
        patch.setattr(provider, "lookup", lookup)
        refused = caller.post(path, WHY, key="l")
        assert fault(refused) == (503, "provider_unavailable", "provider")
        assert (refused.json()["error"]["retry"], refused["Retry-After"]) == ("safe", "5")
    assert Evidence.objects.count() == before
    monkeypatch.setattr(sql, "outside_transaction", lambda: True)
    assert caller.post(path, WHY, key="l").status_code == 202
