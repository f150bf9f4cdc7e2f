"""What is done to a subscription over REST: once per key, with its reason, refused where its state says no."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import Invoice, Subscription
from engine.audit.models import Entry
from payments.models import Payment
from tests.billing.world import START, invoices, payment_of, rows_everywhere
from tests.billing_api.conftest import of
from tests.billing_api.test_parties import NOBODY
from tests.rest.conftest import fault

VERBS = {
    "cancel": {}, "pause": {}, "resume": {}, "trigger": {}, "auto_pay": {"auto_pay": False},
    "payment_method": {"payment_method": f"pm_{NOBODY.replace('-', '')}"}, "release": {"reason": "why"},
    "skip": {"reason": "why"},
}  # fmt: skip
NEEDS_KEY = ("resume", "trigger", "auto_pay", "payment_method", "release")


@pytest.fixture
def subscription(world):
    """One whose first invoice has its scheduled payment."""
    made = world.subscription()
    world.bill()
    Subscription.objects.filter(pk=made.pk).update(state="active")
    return made


@pytest.fixture
def do(caller, subscription):
    """POST a verb of the subscription."""

    def post(verb, body=None, key="k"):
        return caller.post(
            f"/api/subscriptions/{of('subscription', subscription)}/{verb}", body or {}, key=key
        )

    return post


def test_pause_calls_back_and_resume_asks_again(do, subscription):
    (invoice,) = invoices(subscription)
    shown = do("pause", {"reason": "holiday"}).json()
    assert (shown["state"], shown["next_due_at"], shown["reason"]) == ("paused", None, "holiday")
    assert (shown["called_back"], shown["in_flight"]) == ([of("invoice", invoice)], [])
    assert payment_of(invoice.pk).state == "canceled"
    assert Entry.objects.get(verb="pause").reason == "holiday"
    shown = do("resume", key="r").json()
    assert (shown["state"], shown["next_due_at"]) == ("active", "2026-02-28T09:30:00Z")
    assert payment_of(invoice.pk).state == "scheduled"


def test_cancel_ends_it_and_tells_what_can_not_be_stopped(do, subscription):
    (invoice,) = invoices(subscription)
    Payment.objects.filter(source_id=invoice.pk).update(state="in_flight")
    shown = do("cancel").json()
    assert (shown["state"], shown["ended_at"]) == ("canceled", "2026-01-31T09:30:00Z")
    assert (shown["called_back"], shown["in_flight"]) == ([], [of("invoice", invoice)])
    assert fault(do("cancel", key="again")) == (409, "already_ended", "subscription")
    for verb in ("pause", "resume", "trigger", "auto_pay"):
        assert do(verb, VERBS[verb], key=verb).status_code == 409


def test_another_method_collects_what_is_open(do, world, subscription):
    method = world.method(world.made[0])
    shown = do("payment_method", {"payment_method": of("payment_method", method)}).json()
    (invoice,) = invoices(subscription)
    assert (shown["payment_method"], shown["called_back"]) == (
        of("payment_method", method),
        [of("invoice", invoice)],
    )
    assert payment_of(invoice.pk).method_id == method.pk


def test_another_method_must_be_theirs(do, world):
    stranger, pending = world.method(world.customer()), world.method(world.made[0], state="pending")
    before = rows_everywhere()
    sent = {"payment_method": of("payment_method", stranger)}
    assert fault(do("payment_method", sent)) == (400, "method_unknown", "payment_method")
    sent = {"payment_method": of("payment_method", pending)}
    assert fault(do("payment_method", sent)) == (409, "method_not_active", "payment_method")
    assert rows_everywhere() == before


def test_auto_pay_off_calls_back_and_on_asks_again(do, subscription):
    (invoice,) = invoices(subscription)
    shown = do("auto_pay", {"auto_pay": False, "reason": "by hand"}).json()
    assert (shown["auto_pay"], shown["called_back"]) == (False, [of("invoice", invoice)])
    assert payment_of(invoice.pk).state == "canceled"
    assert fault(do("auto_pay", {"auto_pay": False}, key="2")) == (409, "auto_pay_same", "subscription")
    shown = do("auto_pay", {"auto_pay": True}, key="3").json()
    assert (shown["auto_pay"], payment_of(invoice.pk).state) == (True, "scheduled")
    entries = Entry.objects.filter(verb="set_auto_pay").order_by("id")
    assert [entry.after["auto_pay"] for entry in entries] == [False, True]


@pytest.mark.parametrize("sent", [{}, {"auto_pay": None}, {"auto_pay": "off"}, {"auto_pay": 0}, {"on": True}])
def test_auto_pay_is_true_or_false(do, sent):
    assert do("auto_pay", sent).status_code == 400


def test_trigger_answers_with_the_jobs(do, world, subscription):
    do("auto_pay", {"auto_pay": False}, key="off")
    world.later(days=30)
    answer = do("trigger", {"reason": "now"})
    shown = answer.json()
    assert (answer.status_code, shown["object"]) == (202, "trigger")
    made = invoices(subscription)
    assert shown["invoices"] == [of("invoice", each) for each in made]
    assert shown["jobs"] == [f"job_{payment_of(each.pk).pk.hex}" for each in made]
    assert shown["without_payment"] == []
    again = do("trigger", {"reason": "now"})
    assert (again.status_code, again["Idempotent-Replayed"], again.json()) == (202, "true", shown)
    assert fault(do("trigger", key="other")) == (409, "payment_under_way", "subscription")


def test_trigger_says_why_nothing_is_collected(caller, world):
    subscription = world.subscription(method_id=None)
    answer = caller.post(f"/api/subscriptions/{of('subscription', subscription)}/trigger", key="k")
    (why,) = answer.json()["without_payment"]
    assert (answer.status_code, answer.json()["jobs"], why["code"]) == (202, [], "no_payment_method")
    assert why["invoice"] == of("invoice", invoices(subscription)[0])


def test_trigger_before_its_time_is_409(do, subscription):
    Invoice.objects.filter(subscription=subscription).update(state="paid", collecting_minor=0)
    before = rows_everywhere()
    assert fault(do("trigger")) == (409, "not_due_yet", "subscription")
    assert rows_everywhere() == before


def test_trigger_of_a_plan_that_is_not_sold_is_409(do, caller, world):
    caller.post(f"/api/plans/{of('plan', world.plan)}/deactivate")
    assert fault(do("trigger")) == (409, "plan_inactive", "plan")


@pytest.mark.parametrize(("verb", "due"), [("release", START), ("skip", START + timedelta(days=28))])
def test_a_held_one_is_let_go_by_an_approver(caller, api, do, subscription, verb, due):
    held = {"held_code": "catch_up", "held_reason": "Too many.", "next_due_at": None, "period_no": 0}
    Subscription.objects.filter(pk=subscription.pk).update(**held)
    path = f"/api/subscriptions/{of('subscription', subscription)}/{verb}"
    for scopes in (["subscriptions:write"], ["subscriptions:write", "keys:write", "scheduler:write"]):
        refused = api(*scopes).post(path, {"reason": "r"}, key="k")
        assert fault(refused) == (403, "not_allowed", None)
    assert fault(do(verb)) == (400, "field_missing", "reason")
    assert fault(do(verb, {"reason": " "})) == (400, "field_blank", "reason")
    shown = do(verb, {"reason": "looked at"}).json()
    assert (shown["held_code"], shown["next_due_at"]) == ("", due.isoformat().replace("+00:00", "Z"))
    assert fault(do(verb, {"reason": "r"}, key="2")) == (409, "not_held", "subscription")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_strict(caller, api, do, verb):
    reader = api("subscriptions:read")
    before = rows_everywhere()
    missing = f"/api/subscriptions/sub_{NOBODY.replace('-', '')}/{verb}"
    assert fault(caller.post(missing, VERBS[verb], key="k")) == (404, "subscription_unknown", "subscription")
    assert caller.post(f"/api/subscriptions/pay_{NOBODY}/{verb}", VERBS[verb], key="k").status_code == 404
    assert fault(do(verb, {**VERBS[verb], "colour": 1})) == (400, "field_unknown", "colour")
    assert fault(do(verb, {**VERBS[verb], "reason": "x" * 2001})) == (400, "max_length", "reason")
    assert fault(do(verb, {**VERBS[verb], "reason": "a\x00"})) == (400, "text_invalid", "reason")
    assert fault(reader.post(missing, {}, key="k")) == (403, "scope_missing", None)
    if verb in NEEDS_KEY:
        assert fault(do(verb, VERBS[verb], key="")) == (400, "idempotency_key_missing", "Idempotency-Key")
    assert caller.get(missing).status_code == 405
    assert rows_everywhere() == before
