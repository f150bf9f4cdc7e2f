"""?dry_run=true: the answer that the POST would have had, and nothing of it kept."""

from __future__ import annotations

import json
import re

import pytest

from billing import trigger
from billing.models import Subscription
from engine.rest.models import Answer
from tests.billing.world import rows_everywhere
from tests.billing_api.conftest import of
from tests.rest.conftest import fault

DRY = "?dry_run=true"
_MADE = re.compile(r"(pay|job|sub)_[0-9a-f]{32}")


@pytest.fixture
def subscription(world):
    """One whose first invoice has its scheduled payment."""
    made = world.subscription()
    world.bill()
    Subscription.objects.filter(pk=made.pk).update(state="active")
    return made


def path_of(subscription) -> str:
    return f"/api/subscriptions/{of('subscription', subscription)}"


def told(answer) -> str:
    """The answer without the ids of what it made."""
    return _MADE.sub(r"\1", json.dumps(answer.json()))


@pytest.mark.parametrize(
    ("verbs", "body"),
    [
        (["cancel"], {}), (["pause"], {"reason": "holiday"}), (["pause", "resume"], {}),
        (["auto_pay"], {"auto_pay": False}), (["auto_pay", "auto_pay"], {"auto_pay": True}),
    ],
)  # fmt: skip
def test_it_answers_what_the_verb_answers_and_keeps_nothing(caller, subscription, verbs, body):
    *first, verb = verbs
    for number, each in enumerate(first):
        said = {"auto_pay": False} if each == "auto_pay" else {}
        assert caller.post(f"{path_of(subscription)}/{each}", said, key=f"first{number}").status_code == 200
    path, before, answers = f"{path_of(subscription)}/{verb}", rows_everywhere(), Answer.objects.count()
    dry = caller.post(path + DRY, body, key="k")
    assert dry["Dry-Run"] == "true"
    assert (rows_everywhere(), Answer.objects.count()) == (before, answers)
    real = caller.post(path, body, key="k")
    assert (real.status_code, told(real)) == (dry.status_code, told(dry))
    assert "Dry-Run" not in real and "Idempotent-Replayed" not in real
    assert rows_everywhere() != before


def test_a_trigger_says_what_it_would_bill_and_bills_nothing(caller, world):
    path = f"{path_of(world.subscription())}/trigger"
    before = rows_everywhere()
    dry = caller.post(path + DRY, {}, key="k")
    assert (dry.status_code, dry["Dry-Run"], rows_everywhere()) == (202, "true", before)
    real = caller.post(path, {}, key="k").json()
    assert [len(real[name]) for name in ("jobs", "invoices", "without_payment")] == [
        len(dry.json()[name]) for name in ("jobs", "invoices", "without_payment")
    ]
    assert len(real["invoices"]) == 1


def test_a_subscription_that_would_be_made_is_not_there(caller, world):
    customer, plan = of("customer", world.customer()), of("plan", world.plan)
    before = rows_everywhere()
    dry = caller.post(f"/api/subscriptions{DRY}", {"customer": customer, "plan": plan}, key="k")
    assert (dry.status_code, dry.json()["customer"]) == (201, customer)
    assert rows_everywhere() == before
    assert caller.get(f"/api/subscriptions/{dry.json()['id']}").status_code == 404
    assert caller.get("/api/requests/k").json()["state"] == "never_seen"


def test_a_refusal_is_the_one_that_the_verb_gives(caller, subscription):
    caller.post(f"{path_of(subscription)}/cancel", {}, key="a")
    refused = caller.post(f"{path_of(subscription)}/pause{DRY}", {}, key="b")
    assert fault(refused) == (409, "not_active", "subscription")
    assert refused["Dry-Run"] == "true"
    unsaid = caller.post(f"{path_of(subscription)}/trigger{DRY}", {})
    assert fault(unsaid) == (400, "idempotency_key_missing", "Idempotency-Key")


def test_under_a_key_that_was_used_it_is_what_a_repetition_would_be(caller, subscription):
    path = f"{path_of(subscription)}/cancel"
    real = caller.post(path, {}, key="k")
    again = caller.post(path + DRY, {}, key="k")
    assert (again["Idempotent-Replayed"], again["Dry-Run"], again.json()) == ("true", "true", real.json())
    other = caller.post(path + DRY, {"reason": "another"}, key="k")
    assert fault(other) == (409, "idempotency_key_reused", "reason")


def test_what_fails_in_a_dry_run_moved_nothing(caller, subscription, monkeypatch):
    monkeypatch.setattr(trigger, "trigger", lambda *_, **__: 1 / 0)
    failed = caller.post(f"{path_of(subscription)}/trigger{DRY}", {}, key="k")
    assert fault(failed)[0] == 500
    error = failed.json()["error"]
    assert (error["money_moved"], error["retry"]) == ("no", "safe")


def test_other_words_are_refused_and_move_nothing(caller, subscription):
    path, before = f"{path_of(subscription)}/trigger", rows_everywhere()
    for query, code, param in (
        ("dry_run=yes", "invalid_choice", "dry_run"), ("dry_run=", "invalid_choice", "dry_run"),
        ("dry_run=true&dry_run=false", "parameter_repeated", "dry_run"), ("dryrun=true", "field_unknown", "dryrun"),
        ("dry_run=true&limit=1", "field_unknown", "limit"),
    ):  # fmt: skip
        assert fault(caller.post(f"{path}?{query}", {}, key="k")) == (400, code, param)
    assert rows_everywhere() == before
    assert fault(caller.post(f"/api/keys{DRY}", {"name": "a", "scopes": ["plans:read"]})) == (
        400, "field_unknown", "dry_run",
    )  # fmt: skip
    theirs = caller.post(f"{path}-payment{DRY}", {}, key="k")
    assert (theirs.status_code, theirs.json()["error_detail"]["param"]) == (400, "dry_run")
    kept = caller.post(f"{path_of(subscription)}/pause?dry_run=false", {}, key="k")
    assert (kept.status_code, "Dry-Run" in kept) == (200, False)
    assert rows_everywhere() != before
