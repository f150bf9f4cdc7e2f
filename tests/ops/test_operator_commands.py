"""The operator's commands: tables for people, one JSON document for scripts, exit codes, dry runs that keep nothing."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class

from billing.models import DailyReport, Subscription
from config import schedule
from engine.audit.models import Entry
from engine.core import clock, crypt
from engine.rest import keys
from engine.rest.models import ApiKey
from ops import heartbeat, tasks, timetable
from payments.callbacks.keep import keep
from payments.callbacks.models import Callback
from payments.models import Attempt, KillSwitch, Payment, ProviderSwitch, Refund
from tests.billing.world import rows_everywhere
from tests.house import tree
from tests.ops.commands import read, refused, run
from tests.ops.world import fill, mark, open_payment, settle, subscribe

WHY = ("--reason", "a drill")
OURS = sorted(path.stem for path in (tree.ROOT / "ops/management/commands").glob("[!_]*.py"))


@pytest.fixture
def waiting(world) -> Payment:
    """A payment that waits for funds."""
    subscription = subscribe(world)
    world.bill()
    later = clock.machine_now() + timedelta(hours=1)
    Payment.objects.update(next_action_at=later, waiting="funds", failure_message="The balance is too small.")
    return Payment.objects.get(pk=open_payment(subscription))


@pytest.mark.parametrize("name", OURS)
def test_every_command_says_what_it_does(name, capsys):
    assert len(load_command_class(get_commands()[name], name).help) > 60
    with pytest.raises(SystemExit) as caught:
        call_command(name, "--help")
    assert caught.value.code == 0
    assert "--json" in capsys.readouterr().out


# --- keys -------------------------------------------------------------------------------------------


def test_a_key_is_made_and_shown_once(db):
    made = read("create_api_key", "shop", "--scope", "jobs:read", "--scope", "plans:write", "--days", "30")
    key = keys.find(made["secret"])
    assert key is not None
    assert (key.name, key.scopes) == ("shop", ["plans:write", "jobs:read"])
    assert key.expires_at - clock.machine_now() > timedelta(days=29)
    assert Entry.objects.get(verb="create_key").actor.startswith("shell:")
    shown = run("create_api_key", "reader")
    assert keys.find(next(word for word in shown.split() if word.startswith("cb_test_"))).scopes == [
        "admin:read"
    ]


def test_a_key_is_rotated_with_an_overlap(db):
    old = read("create_api_key", "shop")
    kept = read("rotate_keys", "--api-key", "shop", "--dry-run")
    assert (kept["dry_run"], ApiKey.objects.count()) == (True, 1)
    new = read("rotate_keys", "--api-key", old["id"], "--overlap-hours", "2")
    assert keys.find(old["secret"]) is not None
    assert keys.find(new["secret"]) is not None
    ends = ApiKey.objects.get(name="shop", rotated_from=None).expires_at - clock.machine_now()
    assert timedelta(minutes=119) < ends <= timedelta(hours=2)
    read("rotate_keys", "--api-key", new["secret"][:14], "--overlap-hours", "0")
    assert keys.find(new["secret"]) is None
    refused("rotate_keys", "--api-key", "nobody", match="no live key")


def test_columns_at_rest_move_to_the_newest_key(world, scripted, monkeypatch):
    fill(world, scripted)
    keep("scripted", b"a callback", {}, [])
    before = _sealed()
    fresh, old = Fernet.generate_key().decode(), settings.FIELD_KEYS[0]
    monkeypatch.setattr(settings, "FIELD_KEYS", [fresh, old])
    crypt._box.cache_clear()
    try:
        dry = read("rotate_keys", "--fields", "--dry-run")
        assert (dry["seen"], dry["rewrapped"]) == (len(before), len(before))
        assert read("rotate_keys", "--fields")["rewrapped"] == len(before)
        assert read("rotate_keys", "--fields")["rewrapped"] == 0
        monkeypatch.setattr(settings, "FIELD_KEYS", [fresh])
        crypt._box.cache_clear()
        assert _sealed() == before
        monkeypatch.setattr(settings, "FIELD_KEYS", [Fernet.generate_key().decode()])
        crypt._box.cache_clear()
        refused("rotate_keys", "--fields", match="put their key back")
    finally:
        crypt._box.cache_clear()


def _sealed():
    """What FIELD_KEYS encrypt, opened."""
    envelopes = {each.pk: crypt.unseal(each.envelope) for each in Attempt.objects.all()}
    return envelopes | {each.pk: crypt.unseal(each.body) for each in Callback.objects.all()}


# --- one payment ------------------------------------------------------------------------------------


def test_a_payment_is_told_in_time_order(world, scripted):
    payment = fill(world, scripted)["declined"]
    told = read("show_payment", str(payment))
    moments = [each["at"] for each in told["moments"]]
    assert (moments, told["state"]) == (sorted(moments), "failed")
    assert {"attempt", "evidence", "event"} <= {each["kind"] for each in told["moments"]}
    assert "allowance is too small" in told["sentence"]
    assert told["sentence"] in run("show_payment", str(payment))
    signature = Attempt.objects.get(payment_id=payment).identity
    assert read("show_payment", signature)["id"] == told["id"]
    refused("show_payment", "nobody", match="nothing is known")


def test_what_matches_several_payments_lists_them(world, scripted):
    payments = fill(world, scripted)
    key = Payment.objects.get(pk=payments["paid"]).queue_key
    first = Payment.objects.filter(queue_key=key).order_by("pk").first()
    assert first is not None
    Payment.objects.filter(pk=first.pk).update(
        source_id=Payment.objects.get(pk=payments["paid"]).source_id, no=9
    )
    listed = read("show_payment", str(Payment.objects.get(pk=payments["paid"]).source_id))
    assert len(listed["payments"]) == 2


def test_a_waiting_payment_is_let_go_and_a_dry_run_lets_nothing_go(waiting):
    before = Payment.objects.values().get()
    dry = read("retry_payment", str(waiting.pk), *WHY, "--dry-run")
    assert (dry["dry_run"], Payment.objects.values().get()) == (True, before)
    assert not Entry.objects.filter(verb="retry_now").exists()
    read("retry_payment", f"pay_{waiting.pk.hex}", *WHY)
    now = Payment.objects.get()
    assert (now.state, now.waiting, now.next_action_at <= clock.machine_now()) == ("scheduled", "", True)
    assert Entry.objects.get(verb="retry_now").reason == "a drill"
    refused("retry_payment", str(waiting.pk), *WHY, match="due already")


def test_one_in_flight_is_looked_up_and_never_sent_again(waiting):
    Payment.objects.update(next_action_at=clock.machine_now(), waiting="")
    mark()
    assert read("retry_payment", str(waiting.pk), *WHY)["verb"] == "verify_now"
    assert Attempt.objects.count() == 1


def test_a_retry_needs_a_reason_and_a_payment(waiting):
    with pytest.raises(CommandError, match="--reason"):
        run("retry_payment", str(waiting.pk))
    refused("retry_payment", "sub_1", *WHY, match="no payment id")
    refused("retry_payment", str(waiting.method_id), *WHY, match="no payment")


def test_what_can_not_go_on_is_ended_and_a_dry_run_says_what_would_come_of_it(world, scripted):
    one = fill(world, scripted)["differs"]
    before = rows_everywhere()
    dry = read("end_payment", str(one), *WHY, "--dry-run")
    assert (dry["dry_run"], dry["state"], rows_everywhere()) == (True, "canceled", before)
    done = read("end_payment", f"pay_{one.hex}", *WHY)
    assert (done["dry_run"], done["state"], Payment.objects.get(pk=one).state) == (
        False,
        "canceled",
        "canceled",
    )
    assert "What arrived is in suspense." in done["sentence"]
    assert Entry.objects.get(verb="end_payment").reason == "a drill"
    refused("end_payment", str(one), *WHY, match="nothing acts on it any more")
    with pytest.raises(CommandError, match="--reason"):
        run("end_payment", str(one))


# --- stopping ---------------------------------------------------------------------------------------


def test_everything_is_paused_and_resumed(world):
    run("pause", "--all", *WHY, "--dry-run")
    assert KillSwitch.objects.get().sending
    run("pause", "--all", *WHY)
    assert not KillSwitch.objects.get().sending
    run("resume", "--all", *WHY)
    assert KillSwitch.objects.get().sending
    assert list(Entry.objects.filter(object_kind="killswitch").values_list("verb", flat=True).order_by("pk")) == [
        "stop_sending", "start_sending",
    ]  # fmt: skip


def test_a_provider_is_paused_and_resumed(world):
    assert read("pause", "--provider", "scripted", *WHY)["paused"] == "scripted"
    assert ProviderSwitch.objects.get(provider="scripted").paused
    run("resume", "--provider", "scripted", *WHY, "--dry-run")
    assert ProviderSwitch.objects.get(provider="scripted").paused
    run("resume", "--provider", "scripted", *WHY)
    assert not ProviderSwitch.objects.get(provider="scripted").paused
    refused("pause", "--provider", "nobody", *WHY, match="no provider")


def test_a_subscription_is_paused_and_resumed(world, scripted):
    subscription = subscribe(world)
    world.bill()
    settle(scripted)
    before = rows_everywhere()
    dry = read("pause", "--subscription", str(subscription.pk), *WHY, "--dry-run")
    assert (dry["dry_run"], rows_everywhere()) == (True, before)
    assert Subscription.objects.get().state == "active"
    assert read("pause", "--subscription", f"sub_{subscription.pk.hex}", *WHY)["in_flight"] == []
    assert Subscription.objects.get().state == "paused"
    assert read("resume", "--subscription", str(subscription.pk), *WHY)["state"] == "active"
    refused("resume", "--subscription", str(subscription.pk), *WHY, match="not paused")


@pytest.mark.parametrize("words", [(), ("--all", "--provider", "scripted")])
def test_exactly_one_thing_is_paused(db, words):
    with pytest.raises(CommandError):
        run("pause", *words, *WHY)


# --- the scheduler, maintenance, the report ---------------------------------------------------------


@pytest.fixture
def seeded(db) -> None:
    heartbeat.forget()
    timetable.sync(schedule.timetable())


def test_the_scheduler_is_started_stopped_and_asked(seeded):
    refused("scheduler", "status", match="beat has not been heard")
    tasks.beat_once()
    assert read("scheduler", "status")["running"] is True
    refused("scheduler", "start", match="Payment scheduler is already running")
    assert read("scheduler", "stop", *WHY)["enabled"] is False
    refused("scheduler", "status", match="switched off")
    refused("scheduler", "stop", match="is not running")
    assert read("scheduler", "start")["running"] is True
    assert Entry.objects.filter(verb="stop_scheduler", reason="a drill").count() == 2


def test_maintenance_by_hand(world, scripted):
    fill(world, scripted)
    assert read("run_maintenance", "--dry-run") == {
        "dry_run": True,
        "expired": 0,
        "days": 1,
        "skipped": False,
    }
    assert not DailyReport.objects.exists()
    assert read("run_maintenance")["days"] == 1
    assert DailyReport.objects.exists()


def test_a_report_says_what_was_settled_failed_and_earned(world, scripted):
    fill(world, scripted)
    found = read("report")
    (line,) = found["lines"]
    assert (line["succeeded"], line["succeeded_minor"], line["failed"], line["currency"]) == (
        7,
        7000,
        1,
        "USDC",
    )
    assert line["fee_minor"] == 7 * 25
    (total,) = found["totals"]
    assert total == {**line, "day": None}
    (row,) = csv.DictReader(io.StringIO(run("report", "--csv")))
    assert (row["settled"], row["settled amount"], row["fees"]) == ("7", "0.007000", "0.000175")
    refused("report", "--from", "2026-02-02", "--to", "2026-02-01", match="the first one first")
    refused("report", "--to", "2199-01-01", match="not ahead of us")
    refused("report", "--csv", "--json", match="choose")


def test_a_report_computes_days_that_maintenance_missed(world, scripted):
    fill(world, scripted)
    yesterday = clock.machine_now() - timedelta(days=1)
    Payment.objects.filter(state="failed").update(ended_at=yesterday)
    day = f"{yesterday:%Y-%m-%d}"
    assert [line["failed"] for line in read("report", "--from", day, "--to", day)["lines"]] == [1]


def test_a_payment_is_given_back_and_a_dry_run_gives_nothing_back(world, scripted):
    paid = fill(world, scripted)["paid"]
    dry = read("refund_payment", str(paid), "--amount-minor", "400", *WHY, "--dry-run")
    assert (dry["state"], dry["amount_minor"], Refund.objects.count()) == ("by_hand", 400, 0)
    read("refund_payment", f"pay_{paid.hex}", "--amount-minor", "400", *WHY)
    assert "0.000600 USDC is to be given back: a person is asked to do it." in run(
        "refund_payment", str(paid), *WHY
    )
    assert Payment.objects.get(pk=paid).refunding_minor == 1000
    refused("refund_payment", str(paid), *WHY, match="0.000000 USDC is left")
