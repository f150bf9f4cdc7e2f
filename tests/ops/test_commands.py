"""The commands as an operator and a script see them: tables, one JSON document, exit codes."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from billing.models import Invoice, Subscription
from engine.core.actor import SYSTEM
from engine.core.dry_run import kept_unless
from engine.providers.base import ProviderUnavailable
from ops import books
from payments import switches
from payments.models import Payment
from tests.ops.world import fill, mark, subscribe
from tests.payments.scripted import declined


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def read(*words: str) -> dict[str, Any]:
    """The one JSON document on stdout."""
    return json.loads(run(*words, "--json"))


def process(world, *words: str) -> dict[str, Any]:
    return read("process_due_payments", "--clock", str(world.clock_id), "--seconds", "20", *words)


def test_a_run_bills_sends_looks_and_books(committed, scripted, monkeypatch):
    monkeypatch.setattr(settings.ENV, "send_window_seconds", 10.0)  # a busy machine lets none of them miss it
    good, bad = subscribe(committed), subscribe(committed)
    committed.bill()
    unlucky = Payment.objects.get(method_id=bad.method_id).pk
    scripted.looks[unlucky] = [declined()]
    committed.later(days=29)
    done = process(committed)
    # The second period of the unlucky one waits behind nothing: its first payment has ended.
    assert (done["claimed"], done["finalized"], done["payments"]) == (2, 2, 2)
    assert (done["sent"], done["idle"], done["stopped"]) == (4, True, [])
    assert {(row["outcome"], row["currency"], row["payments"]) for row in done["outcomes"]} == {
        ("settled", "USDC", 3), ("failed", "USDC", 1),
    }  # fmt: skip
    assert Invoice.objects.filter(subscription=good, state="paid").count() == 2
    assert books.check_books().broken == []
    again = process(committed)
    assert (again["claimed"], again["sent"], again["outcomes"]) == (0, 0, [])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("process_due_payments", "--seconds", "20"), " billed, sent:"),
        (("process_due_payments", "--dry-run"), "planning"),
        (("verify_payments", "--seconds", "1"), "looking up"),
        (("sweep",), "sweeping"),
        (("check_books",), "checking"),
    ],
)
def test_long_work_shows_on_a_terminal_that_it_goes_on(committed, scripted, monkeypatch, words, shown):
    monkeypatch.setenv("TERM", "xterm")
    for stderr, seen in ((io.StringIO(), False), (Terminal(), True)):
        subscribe(committed)
        clock = ("--clock", str(committed.clock_id)) if words[0] == "process_due_payments" else ()
        monkeypatch.setattr(sys, "stderr", stderr)
        out = run(*words, *clock)
        assert (shown in stderr.getvalue()) is seen
        assert shown not in out, "stdout is the answer alone"


def test_a_run_takes_back_what_was_told_to_stop(committed, scripted):
    """Without workers too: it is canceled, its invoice is asked for again, and that is sent in the same run."""
    subscription = subscribe(committed)
    committed.bill()
    Payment.objects.update(stop_code="method_changed", stop_reason="The payment method was changed.")
    done = process(committed)
    assert (done["recalled"], done["sent"], done["idle"]) == (1, 1, True)
    assert list(Payment.objects.order_by("no").values_list("state", flat=True)) == ["canceled", "succeeded"]
    assert Invoice.objects.get(subscription=subscription).state == "paid"


def test_a_look_takes_back_what_did_not_leave_after_it_was_stopped(committed, scripted):
    subscribe(committed)
    committed.bill()
    Payment.objects.update(stop_code="subscription_paused", stop_reason="The subscription was paused.")
    assert read("verify_payments")["recalled"] == 1


def test_a_run_says_who_is_stopped(committed):
    subscribe(committed)
    switches.pause("scripted", reason="a drill", by=SYSTEM)
    done = process(committed)
    assert (done["payments"], done["sent"], done["stopped"], done["idle"]) == (1, 0, ["scripted"], True)
    assert "scripted is stopped" in run("process_due_payments", "--clock", str(committed.clock_id))


def test_an_unknown_clock_is_an_error(committed):
    for words in ((), ("--dry-run",)):
        with pytest.raises(CommandError, match="no clock 999"):
            run("process_due_payments", "--clock", "999", *words)


def test_open_outcomes_are_listed_then_looked_up(committed, scripted):
    subscribe(committed)
    committed.bill()
    mark()
    Payment.objects.update(next_action_at="2026-01-01T00:00:00Z")
    listed = read("verify_payments", "--dry-run")
    (due,) = listed["due"]
    assert (due["provider"], due["attempt_state"], due["payments"], due["amount_minor"]) == (
        "scripted", "sent", 1, 1000,
    )  # fmt: skip
    assert Payment.objects.get().state == "in_flight"
    done = read("verify_payments", "--provider", "scripted")
    assert (done["looked_up"], done["applied"]) == (1, 1)
    assert [row["outcome"] for row in done["outcomes"]] == ["settled"]
    assert scripted.sent == []


@pytest.mark.parametrize("command", ["process_due_payments", "verify_payments"])
def test_a_dead_chain_fails_the_command(command, committed, scripted):
    """Issue 5: a non-zero exit on failure; nothing that nobody answered counts as looked up."""
    subscribe(committed)
    committed.bill()
    if command == "verify_payments":
        mark()
        Payment.objects.update(next_action_at="2026-01-01T00:00:00Z")
    scripted.down = ProviderUnavailable("node_unavailable", "connection refused")
    words = (command, "--seconds", "1", "--json")
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"scripted did not answer: connection refused\.") as caught:
        call_command(*words, stdout=out)
    assert caught.value.returncode == 1
    said = json.loads(out.getvalue())
    assert (said["looked_up"], said["silent"]) == (0, {"scripted": "connection refused"})
    assert said["unanswered"] >= 1
    scripted.down = None
    Payment.objects.update(next_action_at="2026-01-01T00:00:00Z")
    assert json.loads(run(*words))["silent"] == {}


@pytest.mark.parametrize("command", ["process_due_payments", "verify_payments"])
def test_on_another_network_a_command_sends_nothing(command, committed, scripted, monkeypatch):
    subscribe(committed)
    committed.bill()
    before = Payment.objects.values().get()
    committed.later(days=31)
    monkeypatch.setattr(scripted, "wrong_network", lambda: "a node is of mainnet", raising=False)
    with pytest.raises(CommandError, match="a node is of mainnet") as caught:
        run(command)
    assert caught.value.returncode == 1
    assert (scripted.sent, Payment.objects.values().get()) == ([], before)
    run(command, "--dry-run")
    monkeypatch.setattr(scripted, "wrong_network", lambda: "")
    run(command)


def test_an_unknown_provider_is_an_error(committed):
    with pytest.raises(CommandError, match="no provider 'nobody'"):
        run("verify_payments", "--provider", "nobody")


def test_a_sweep_says_what_it_mended(committed):
    subscribe(committed)
    committed.bill()
    Payment.objects.update(next_action_at=None)
    Subscription.objects.update(next_due_at=None)
    assert read("sweep") == {
        "mended": {
            "scheduled": 1,
            "in_flight": 0,
            "drafts": 0,
            "subscriptions": 1,
            "subscriptions_held": 0,
            "plans_active_again": 0,
            "asked_again": 0,
        }
    }
    assert "Nothing was missed." in run("sweep")


def test_sound_books_exit_zero(committed, scripted):
    fill(committed, scripted)
    found = read("check_books")
    assert found["ok"] is True
    assert {"name", "sentence", "violation", "count", "examples", "broken"} == set(found["checks"][0])
    assert "rules hold" in run("check_books")


def test_wrong_books_exit_one_and_say_which_rule(committed, scripted):
    payments = fill(committed, scripted)
    Payment.objects.filter(pk=payments["waiting"]).update(next_action_at=None)
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("check_books", "--json", stdout=out)
    assert caught.value.returncode == 1
    assert "next_actions" in str(caught.value)
    found = json.loads(out.getvalue())
    assert found["ok"] is False
    (broken,) = (check for check in found["checks"] if check["broken"])
    assert (broken["name"], broken["count"]) == ("next_actions", 1)
    assert broken["examples"][0]["payment_id"] == str(payments["waiting"])


def test_a_limit_is_for_plans_alone():
    with pytest.raises(CommandError, match="is for --dry-run"):
        run("process_due_payments", "--limit", "5")
    with pytest.raises(CommandError, match="1 or more"):
        run("process_due_payments", "--dry-run", "--limit", "0")


@pytest.mark.parametrize(
    "value", ["0", "-1", "inf", "-inf", "nan", "1e300", "1000001", "9" * 400, "many", ""]
)
@pytest.mark.parametrize(("command", "option"), [
    ("check_books", "--suspense-hours"), ("check_books", "--evidence-minutes"), ("check_books", "--seconds"),
    ("process_due_payments", "--seconds"), ("verify_payments", "--seconds"), ("create_api_key", "--days"),
])  # fmt: skip
def test_a_span_is_a_number_above_zero_that_time_can_hold(command, option, value):
    name = ["x"] if command == "create_api_key" else []
    with pytest.raises(CommandError, match="must be"):
        run(command, *name, f"{option}={value}")


@pytest.mark.parametrize("words", [
    ("report", "--to=0001-01-01"), ("report", "--from=1999-12-31"), ("report", "--from=x"), ("report", "--to=9"),
    ("rotate_keys", "--api-key=x", "--overlap-hours=inf"), ("rotate_keys", "--api-key=x", "--overlap-hours=-1"),
    ("rotate_keys", "--api-key=x", "--overlap-hours=nan"), ("process_due_payments", "--dry-run", "--limit=1.5"),
    ("process_due_payments", "--dry-run", "--limit=inf"), ("process_due_payments", "--clock=-1"),
    ("process_due_payments", "--clock=" + "9" * 30), ("process_due_payments", "--clock=1e3x"),
])  # fmt: skip
def test_what_is_no_number_or_day_is_refused_with_what_is_one(words):
    with pytest.raises(CommandError, match="must"):
        run(*words)


def test_the_first_and_the_last_day_there_are_give_no_traceback(world):
    for words in (
        ("--to", "2000-01-01"),
        ("--from", "2000-01-01", "--to", "9999-12-31"),
        ("--to", "9999-12-31"),
    ):
        try:
            run("report", *words)
        except CommandError as refused:
            assert "days" in str(refused)  # noqa: PT017 (either is right)


def test_suspense_that_is_old_is_wrong_by_the_limit_that_is_given(committed, scripted):
    fill(committed, scripted)
    assert read("check_books")["ok"]
    with pytest.raises(CommandError, match="suspense_old"):
        run("check_books", "--suspense-hours", "0.0000001")


def test_the_timetable_is_a_table_or_one_document(world):
    assert "due payments" in run("sync_schedule")
    done = read("sync_schedule")
    assert {"name", "schedule", "result"} == set(done["entries"][0])
    assert {entry["result"] for entry in done["entries"]} == {"unchanged"}
    assert done["switches_made"] == 0


def test_an_unknown_entry_is_not_restored(world):
    with pytest.raises(CommandError, match="no entry 'tock'; there are: due payments, tick, "):
        run("sync_schedule", "--restore", "tick", "tock", "--reason", "a drill")
    assert not PeriodicTask.objects.filter(name="tick").exists()


@pytest.mark.filterwarnings("ignore:No directory at")
def test_an_edit_in_the_admin_is_kept_said_and_taken_back(world, admin_client):
    run("sync_schedule")
    seeded = _tick().description
    page = f"/admin/django_celery_beat/periodictask/{_tick().pk}/change/"
    form = admin_client.get(page).context["adminform"].form
    given = {
        name: value
        for name in form.fields
        if (value := form[name].value()) not in (None, [None, None], False)
    }
    nine, _ = IntervalSchedule.objects.get_or_create(every=9, period="seconds")
    assert admin_client.post(page, given | {"interval": nine.pk}).status_code == 302
    for _ in range(2):
        done = {entry["name"]: entry["result"] for entry in read("sync_schedule")["entries"]}
        assert done.pop("tick") == "edited by an operator, kept"
        assert set(done.values()) == {"unchanged"}
        assert (_tick().interval, _tick().description) == (nine, f"edited by an operator, kept; {seeded}")
    assert "edited by an operator" in admin_client.get(page).content.decode()
    with pytest.raises(CommandError, match="needs a --reason"):
        run("sync_schedule", "--restore", "tick")
    assert "restored" in run("sync_schedule", "--restore", "tick", "--reason", "a drill")
    assert (_tick().interval != nine, _tick().description) == (True, seeded)


def test_an_edit_that_was_undone_by_hand_is_none(world):
    run("sync_schedule")
    seeded = _tick().description
    for enabled, said in ((False, "edited by an operator, kept; "), (True, "")):
        PeriodicTask.objects.filter(name="tick").update(enabled=enabled)
        run("sync_schedule")
        assert _tick().description == said + seeded


def _tick():
    return PeriodicTask.objects.get(name="tick")


def test_a_key_does_not_last_for_ages(world):
    for days in ("99999999999", "3651", "nan", "inf"):
        with pytest.raises(CommandError, match="must be"):
            run("create_api_key", "a script", "--days", days)
    ends = read("create_api_key", "a script", "--days", "3650")["expires_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", ends), "RFC 3339"


def test_a_dry_run_is_marked_as_one_for_the_log(world):
    bound = {}
    with kept_unless(True):
        bound.update(structlog.contextvars.get_contextvars())
    assert bound["preview"] is True
    with kept_unless(False):
        assert "preview" not in structlog.contextvars.get_contextvars()


def test_a_dry_run_refuses_what_the_commit_would(world):
    with pytest.raises(IntegrityError), kept_unless(True):
        User.groups.through.objects.create(user_id=2**30, group_id=2**30)
