"""The sources' endpoints: exactly their paths, envelopes, keys and texts; golden JSON per endpoint."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.db import connection
from django_celery_beat.models import PeriodicTask
from pydantic import SecretStr

from billing.models import Creator, Customer, Subscription
from config import schedule
from engine.audit.models import Entry
from engine.core.actor import SYSTEM
from engine.rest import ids, keys
from engine.rest.models import Use
from ops import heartbeat, tasks, timetable
from ops.models import Job
from payments.models import Attempt, Payment
from tests.billing.world import rows_everywhere
from tests.ops.api import Caller, is_golden, plain
from tests.ops.world import fill, open_payment, settle, subscribe

INTERNAL = ("sk_internal_scheduler_key_new", "sk_internal_scheduler_key_old")
SCHEDULERS = ["/api/payments/process-due", "/api/payments/maintenance"]
GETS = [
    "/api/payments/scheduler/status", "/api/payments/scheduler/metrics", "/api/payments/scheduler/history",
    "/api/payments/metrics", "/api/scheduler/metrics", "/api/scheduler/history", "/api/jobs", "/api/jobs/stats",
    "/api/payments/upcoming/w",
]  # fmt: skip
POSTS = [
    *SCHEDULERS,
    "/api/payments/process",
    "/api/payments/scheduler/start",
    "/api/payments/scheduler/stop",
]


@pytest.fixture(autouse=True)
def _env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.ENV, "internal_scheduler_api_key", [SecretStr(key) for key in INTERNAL])


@pytest.fixture
def seeded(db: None) -> None:
    heartbeat.forget()
    timetable.sync(schedule.timetable())


def caller(*scopes: str) -> Caller:
    return Caller(keys.create("tests", scopes or ("admin:write",), by=SYSTEM).secret)


def due_again(world, scripted) -> Subscription:
    subscription = subscribe(world)
    world.bill()
    settle(scripted)
    world.later(days=31)
    return subscription


# --- the scheduler ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["process-due", "maintenance"])
def test_a_cycle_is_asked_for_and_the_answer_comes_before_it_is_done(seeded, name):
    asked = caller().post(f"/api/payments/{name}")
    is_golden(f"post_payments_{name}", asked)
    (job,) = Job.objects.all()
    assert asked.json()["data"]["jobId"] == ids.show("job", job.pk)
    assert (job.state, plain(job.asked_by)) == ("waiting", "key:<prefix> tests")
    again = caller().post(f"/api/payments/{name}")
    assert again.json()["data"]["jobId"] == asked.json()["data"]["jobId"]
    tasks.work_jobs()
    is_golden(f"get_jobs_{name}", caller("admin:read").get(f"/api/jobs/{asked.json()['data']['jobId']}"))


def test_status_says_when_it_ran_and_whether_it_lives(seeded):
    is_golden("get_scheduler_status_silent", caller("admin:read").get("/api/payments/scheduler/status"))
    tasks.beat_once()
    is_golden("get_scheduler_status", caller("admin:read").get("/api/payments/scheduler/status"))


def test_start_and_stop(seeded):
    tasks.beat_once()
    admin = caller()
    is_golden("post_scheduler_start_running", admin.post("/api/payments/scheduler/start"))
    is_golden("post_scheduler_stop", admin.post("/api/payments/scheduler/stop", {"reason": "a drill"}))
    assert not PeriodicTask.objects.get(name="due payments").enabled
    is_golden("post_scheduler_stop_stopped", admin.post("/api/payments/scheduler/stop"))
    is_golden("post_scheduler_start", admin.post("/api/payments/scheduler/start"))
    assert PeriodicTask.objects.get(name="due payments").enabled
    told = Entry.objects.filter(verb="stop_scheduler", reason="a drill")
    assert [plain(entry.actor) for entry in told] == ["key:<prefix> tests"] * 2


def test_metrics_and_history(world, scripted, seeded):
    fill(world, scripted)
    reader = caller("admin:read")
    is_golden("get_payments_metrics", reader.get("/api/payments/metrics"))
    is_golden("get_scheduler_metrics", reader.get("/api/payments/scheduler/metrics"))
    history = reader.get("/api/payments/scheduler/history")
    made = [each["createdAt"] for each in history.json()["data"]["recentPayments"]]
    assert made == sorted(made, reverse=True), "newest first"
    is_golden("get_scheduler_history", _dayless(history))
    assert reader.get("/api/scheduler/metrics").status_code == 200


def _dayless(response):
    """Golden files outlive the day, and the order among payments of one cycle, which is the planner's."""
    document = response.json()
    document["data"]["recentPayments"].sort(key=lambda payment: json.dumps(plain(payment)))
    for day in document["data"]["dailyStats"]:
        day["date"] = "<day>"
    response.json = lambda: document
    return response


def test_there_is_no_one_revenue_of_two_currencies(world, scripted, seeded):
    fill(world, scripted)
    plan = world.another_plan(currency="SOL", price_minor=5)
    customer = world.customer()
    method = world.method(customer, provider="scripted", currency="SOL")
    world.subscription(plan=plan, customer_id=customer.id, method_id=method.id)
    world.bill()
    from engine.core import clock
    from tests.ops.world import mark, say
    from tests.payments.scripted import paid

    mark()
    (payment,) = Payment.objects.filter(currency="SOL")
    assert Attempt.objects.filter(payment=payment).exists(), clock
    say(payment.pk, paid(gross_minor=5, currency="SOL", fee_minor=0))
    data = caller("admin:read").get("/api/payments/metrics").json()["data"]
    assert data["totalRevenue"] is None
    assert [each["currency"] for each in data["revenueByCurrency"]] == ["SOL", "USDC"]


# --- jobs -------------------------------------------------------------------------------------------


def test_a_payment_is_triggered_followed_and_listed(world, scripted):
    subscription = due_again(world, scripted)
    api = caller()
    path = f"/api/subscriptions/{ids.show('subscription', subscription.pk)}/trigger-payment"
    queued = api.post(path)
    is_golden("post_trigger_payment", queued)
    job = f"/api/jobs/{queued.json()['data']['jobId']}"
    is_golden("get_job_waiting", api.get(job))
    is_golden("post_trigger_payment_again", api.post(path))
    settle(scripted)
    is_golden("get_job_completed", api.get(job))
    assert api.get(job.replace("job_", "pay_")).json() == api.get(job).json()
    listed = api.get(f"/api/jobs/subscription/{subscription.pk}")
    is_golden("get_jobs_of_subscription", listed)
    first, second = (each["jobId"] for each in listed.json()["data"])
    page = api.get(f"/api/jobs/subscription/{subscription.pk}?limit=1&before={first}").json()["data"]
    assert [each["jobId"] for each in page] == [second]


def test_what_failed_says_why(world, scripted):
    payments = fill(world, scripted)
    is_golden("get_job_failed", caller("jobs:read").get(f"/api/jobs/{payments['declined'].hex}"))
    is_golden("get_job_delayed", caller("jobs:read").get(f"/api/jobs/{payments['waiting']}"))


def test_all_jobs_and_their_counts(world, scripted, seeded):
    fill(world, scripted)
    api = caller("admin:read", "scheduler:write")
    api.post("/api/payments/maintenance")
    is_golden("get_jobs", api.get("/api/jobs?limit=4"))
    is_golden("get_jobs_failed", api.get("/api/jobs?status=failed"))
    is_golden("get_jobs_stats", api.get("/api/jobs/stats"))


def test_a_job_knows_its_task_in_flower(seeded, monkeypatch):
    api = caller()
    job = api.post("/api/payments/process-due").json()["data"]["jobId"]
    Job.objects.update(task_id="3a0e")
    assert api.get(f"/api/jobs/{job}").json()["data"]["flowerUrl"] is None
    monkeypatch.setattr(settings.ENV, "flower_url", "http://127.0.0.1:5555")
    assert api.get(f"/api/jobs/{job}").json()["data"]["flowerUrl"] == "http://127.0.0.1:5555/task/3a0e"


def test_a_payment_is_a_job_whose_task_sent_it_last(world, scripted, monkeypatch):
    payments = fill(world, scripted)
    Attempt.objects.filter(payment_id=payments["declined"]).update(task_id="7b1f")
    monkeypatch.setattr(settings.ENV, "flower_url", "https://flower.example/")
    api = caller("jobs:read")
    shown = api.get(f"/api/jobs/{payments['declined']}").json()["data"]
    assert shown["flowerUrl"] == "https://flower.example/task/7b1f"
    assert api.get(f"/api/jobs/{payments['waiting']}").json()["data"]["flowerUrl"] is None


def test_auto_pay_off_is_refused_and_by_hand_it_goes(world, scripted):
    subscription = due_again(world, scripted)
    Subscription.objects.filter(pk=subscription.pk).update(auto_pay=False)
    api = caller("subscriptions:write", "payments:write")
    before = rows_everywhere()
    is_golden("post_trigger_payment_off", api.post(f"/api/subscriptions/{subscription.pk}/trigger-payment"))
    assert rows_everywhere() == before
    named = {
        "subscriber": Customer.objects.get(pk=subscription.customer_id).wallet,
        "creator": Creator.objects.get(pk=subscription.creator_id).wallet, "planId": 1,
    }  # fmt: skip
    is_golden("post_payments_process", api.post("/api/payments/process", named))
    assert open_payment(subscription)
    is_golden("post_payments_process_unknown", api.post("/api/payments/process", {**named, "planId": 7}))
    assert api.post("/api/payments/process", {**named, "subscriber": "nobody"}).status_code == 404
    unknown = api.post("/api/payments/process", {**named, "amount": 5})
    assert (unknown.status_code, unknown.json()["error_detail"]["param"]) == (400, "amount")


def test_a_payment_that_is_not_due_is_refused_in_the_sources_words(world, scripted):
    subscription = subscribe(world)
    world.bill()
    settle(scripted)
    refused = caller().post(f"/api/subscriptions/{subscription.pk}/trigger-payment")
    assert (refused.status_code, refused.json()["error"]) == (409, "Payment is not due yet")


def test_upcoming_payments_of_a_wallet(world, scripted):
    subscription = subscribe(world)
    wallet = Customer.objects.get(pk=subscription.customer_id).wallet
    api = caller("payments:read")
    is_golden("get_upcoming", api.get(f"/api/payments/upcoming/{wallet}"))
    assert api.get("/api/payments/upcoming/nobody").json() == {"success": True, "data": []}


def test_one_idempotency_key_is_one_job(world, scripted):
    subscription = due_again(world, scripted)
    api, path = caller(), f"/api/subscriptions/{subscription.pk}/trigger-payment"
    first = api.post(path, **{"Idempotency-Key": "k1"})
    again = api.post(path, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.json(), again["Idempotent-Replayed"]) == (202, first.json(), "true")
    assert Payment.objects.filter(method_id=subscription.method_id).count() == 2


def test_a_request_publishes_nothing(world, scripted, seeded, monkeypatch):
    """A frozen Redis can't hold a trigger up: the rows are committed, the tick takes them."""

    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError("a web request never publishes")

    for path in ("celery.app.base.Celery.send_task", "engine.core.wake.wake", "engine.core.wake.publish",
                 "redis.connection.AbstractConnection.connect"):  # fmt: skip
        monkeypatch.setattr(path, forbidden)
    subscription = due_again(world, scripted)
    api = caller()
    answers = [
        api.post(path) for path in (*SCHEDULERS, f"/api/subscriptions/{subscription.pk}/trigger-payment")
    ]
    answers.append(api.post("/api/payments/scheduler/stop"))
    assert [each.status_code for each in answers] == [202, 202, 202, 200]
    assert {api.get(path).status_code for path in GETS} == {200}


# --- keys, limits, bad input ------------------------------------------------------------------------


@pytest.mark.parametrize("path", SCHEDULERS)
@pytest.mark.parametrize("secret", INTERNAL)
def test_both_secrets_of_the_environment_may_ask_and_are_audited_as_scheduler(db, path, secret):
    assert Caller(secret).post(path).status_code == 202
    assert Entry.objects.get(verb__startswith="ask_").actor == "scheduler"
    assert Job.objects.get().asked_by == "scheduler"


@pytest.mark.parametrize("secret", INTERNAL)
def test_they_are_refused_everywhere_else(world, secret):
    own = Caller(secret)
    elsewhere = [own.get(path) for path in (*GETS, "/api/keys", f"/api/jobs/{world.plan.pk}")]
    elsewhere += [own.post(path) for path in POSTS if path not in SCHEDULERS]
    elsewhere.append(own.post(f"/api/subscriptions/{world.plan.pk}/trigger-payment"))
    assert {response.status_code for response in elsewhere} == {401}


@pytest.mark.parametrize("path", SCHEDULERS)
def test_the_sources_401_texts(db, path):
    is_golden("401_missing", Caller().post(path))
    is_golden("401_wrong", Caller("sk_internal_scheduler_key_gone").post(path))
    for scheme in ("Basic abc", f"Basic {INTERNAL[0]}", f"Digest {INTERNAL[1]}", f" {INTERNAL[0]}"):
        other = Caller().post(path, Authorization=scheme)
        assert (other.status_code, other.json()["error"]) == (401, "Unauthorized"), scheme
    assert not Job.objects.exists()


def test_without_secrets_in_the_environment_none_is_right(db, monkeypatch):
    monkeypatch.setattr(settings.ENV, "internal_scheduler_api_key", [])
    for secret in ("", "None", INTERNAL[0]):
        refused = Caller().post(SCHEDULERS[0], Authorization=f"Bearer {secret}")
        assert refused.status_code == 401


@pytest.mark.parametrize("path", GETS)
def test_reading_needs_a_scope_of_reading(seeded, path):
    assert Caller().get(path).status_code == 401
    refused = caller("plans:write").get(path)
    assert (refused.status_code, refused.json()["error_detail"]["code"]) == (403, "scope_missing")
    assert caller("admin:read").get(path).status_code == 200


@pytest.mark.parametrize("path", POSTS)
def test_writing_needs_a_scope_of_writing(db, path):
    refused = caller("admin:read", "plans:write").post(path)
    assert (refused.status_code, refused.json()["error_detail"]["code"]) == (403, "scope_missing")
    assert not Job.objects.exists()


def test_the_schedulers_rate_is_100_a_minute(db):
    own = Caller(INTERNAL[0])
    ends = int(own.post(SCHEDULERS[0])["RateLimit-Reset"])
    with connection.cursor() as cursor:  # all in one window: it has just begun
        cursor.execute(
            "CREATE OR REPLACE FUNCTION machine_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
            f"$$ SELECT clock_timestamp() + interval '{ends} seconds' $$"
        )
    Use.objects.all().delete()
    answers = [own.post(SCHEDULERS[0]) for _ in range(101)]
    assert {each.status_code for each in answers[:100]} == {202}
    assert (answers[0]["RateLimit-Limit"], answers[0]["RateLimit-Remaining"]) == ("100", "99")
    assert not [name for name in answers[0].headers if name.lower().startswith("x-ratelimit")]
    is_golden("429", answers[100])
    assert 1 <= int(answers[100]["Retry-After"]) <= 60
    assert Caller(INTERNAL[1]).post(SCHEDULERS[1]).status_code == 429, "both are the scheduler"
    assert caller().post(SCHEDULERS[1]).status_code == 202, "others have their own"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/jobs/nothing", 404),
        ("/api/jobs/0198c0de000070008000000000000001", 404),
        ("/api/jobs/sub_0198c0de000070008000000000000001", 404),
        ("/api/jobs/subscription/0198c0de000070008000000000000001", 404),
        ("/api/jobs?limit=0", 400),
        ("/api/jobs?limit=1000000", 400),
        ("/api/jobs?before=x", 400),
        ("/api/jobs?status=gone", 400),
        ("/api/jobs?stat=failed", 400),
        ("/api/jobs?status=failed&status=active", 400),
        ("/api/payments/upcoming/%00", 400),
        ("/api/payments/upcoming/" + "9" * 3000, 200),
    ],
)
def test_bad_input_is_a_4xx_in_the_sources_envelope(db, path, status):
    refused = caller("admin:read").get(path)
    assert refused.status_code == status
    if status >= 400:
        document = refused.json()
        assert (document["success"], document["error"]) == (False, document["error_detail"]["message"])


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'{"planId": NaN}', b'{"planId": 1, "planId": 2}', b"\xff", b'"\\u0000"']
)
def test_a_malformed_body_is_a_400(db, raw):
    own = caller()
    refused = own.client.generic(
        "POST", "/api/payments/process", raw, content_type="application/json", headers=own.headers
    )
    assert (refused.status_code, refused.json()["success"]) == (400, False)


@pytest.mark.parametrize("name", ["subscriber", "creator", "planId"])
@pytest.mark.parametrize("value", [None, "", -1, 1.5, True, [], {}, "x" * 70, "\x00"])
def test_wrong_values_name_their_field(db, name, value):
    good = {"subscriber": "w", "creator": "c", "planId": 1}
    refused = caller().post("/api/payments/process", {**good, name: value})
    assert (refused.status_code, refused.json()["error_detail"]["param"]) == (400, name)
