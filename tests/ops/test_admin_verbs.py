"""The admin's verbs: first a preview that changes nothing, then a reason; the verb itself says who may."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.core.management import call_command
from django.test import Client
from django_celery_beat.models import PeriodicTask

from billing.models import Invoice, Plan, Subscription
from engine.audit.models import Entry
from engine.core import sql
from engine.outbox.models import Event
from payments import look
from payments.models import Case, KillSwitch, Payment, ProviderSwitch
from tests.ops.admin_pages import act, client_of, preview, url
from tests.ops.world import rows, settle, subscribe


@pytest.fixture
def world(standing_world):
    return standing_world


@pytest.fixture
def payments(standing_payments):
    return standing_payments


@pytest.fixture
def boss(payments) -> Client:
    return client_of()


def test_a_preview_says_what_would_happen_and_changes_nothing(boss, payments):
    waiting, paid = payments["waiting"], payments["paid"]
    before, one = rows(), Payment.objects.filter(pk=waiting).values().get()
    page = preview(boss, "payments_payment", "park", waiting, paid)
    assert [each.key for each in page.context["going"]] == [str(waiting)]
    assert ("parked reason", "nothing", "(your reason)") in page.context["going"][0].changes
    assert [(each.key, each.refused) for each in page.context["excluded"]] == [
        (str(paid), "it is succeeded: nothing acts on it any more")
    ]
    assert page.context["sums"] == ["0.001000 USDC"]
    assert rows() == before
    assert Payment.objects.filter(pk=waiting).values().get() == one


def test_the_selection_is_frozen_in_the_form(boss, payments):
    page = preview(boss, "payments_payment", "park", payments["waiting"], select_across="1").content.decode()
    chosen = {str(key) for key in Payment.objects.filter(state__in=("scheduled", "in_flight"), parked_at=None)
              .values_list("pk", flat=True)}  # fmt: skip
    assert {key for key in map(str, payments.values()) if f'value="{key}"' in page} == chosen


def test_what_waits_for_a_provider_is_done_to_ten_at_once_and_no_more(boss, payments, monkeypatch):
    asked = []
    monkeypatch.setattr(look, "ask", lambda pk: asked.append(pk))
    monkeypatch.setattr(look, "keep", lambda found, **by: None)
    chosen = [UUID(int=each) for each in range(1, 13)]
    page = preview(boss, "payments_attempt", "look_up", *chosen)
    assert page.context["too_many"]
    assert len(page.context["excluded"]) == page.context["most"] == 10
    monkeypatch.setattr(sql, "outside_transaction", lambda: True)  # but for the test's own
    act(boss, "payments_attempt", "look_up", *chosen)
    assert asked == chosen[:10]


def test_an_unknown_row_or_a_nonsense_key_is_left_out(boss, payments):
    page = preview(boss, "payments_payment", "park", payments["waiting"], UUID(int=1))
    assert [each.refused for each in page.context["excluded"]] == ["it is not there"]
    assert len(page.context["going"]) == 1


def test_the_verbs_need_a_reason_and_are_in_the_audit(boss, payments):
    one = payments["waiting"]
    assert "say why" in act(boss, "payments_payment", "park", one, reason=" ")
    assert Payment.objects.get(pk=one).parked_at is None
    act(boss, "payments_payment", "park", one)
    assert Payment.objects.get(pk=one).parked_reason == "a drill"
    entry = Entry.objects.get(verb="park")
    assert (entry.actor, entry.actor_kind, entry.object_id) == ("boss", "user", str(one))
    assert entry.after["parked_reason"] == "a drill"
    said = act(boss, "payments_payment", "unpark", one, payments["differs"])
    assert "case of it is open" in said
    assert "Unpark: " in said
    assert Payment.objects.get(pk=one).parked_at is None


def test_a_viewer_sees_everything_and_no_button(payments):
    viewer = client_of("viewer")
    page = viewer.get(url("payments_payment", payments["waiting"], "change"))
    assert page.status_code == 200
    assert page.context["buttons"] == []
    assert viewer.get(url("payments_payment")).context["action_form"] is None


@pytest.mark.parametrize(
    ("role", "table", "verb"),
    [
        ("viewer", "payments_payment", "park"),
        ("viewer", "payments_killswitch", "stop_all_sending"),
        ("viewer", "billing_subscription", "cancel"),
        ("viewer", "billing_subscription", "trigger"),
        ("viewer", "billing_plan", "deactivate"),
        ("operator", "payments_killswitch", "start_sending"),
        ("operator", "payments_providerswitch", "resume"),
        ("operator", "billing_subscription", "release_and_bill_what_was_missed"),
        ("operator", "billing_invoice", "release_draft"),
    ],
)
def test_who_posts_a_verb_by_hand_without_the_role_is_refused_by_the_verb(role, table, verb, payments):
    keys = {"payments_payment": payments["waiting"], "payments_killswitch": 1, "payments_providerswitch": "scripted",
            "billing_subscription": Subscription.objects.first().pk, "billing_plan": Plan.objects.first().pk,
            "billing_invoice": Invoice.objects.first().pk}  # fmt: skip
    before, entries = rows(), Entry.objects.count()
    states = list(Payment.objects.order_by("pk").values()) + list(
        Subscription.objects.order_by("pk").values()
    )
    said = act(client_of(role), table, verb, keys[table])
    assert f"needs the role {'approver' if role == 'operator' else 'operator'}; the_{role} is {role}" in said
    assert Entry.objects.count() == entries
    now = list(Payment.objects.order_by("pk").values()) + list(Subscription.objects.order_by("pk").values())
    assert now == states
    assert {table: count for table, count in rows().items() if before[table] != count}.keys() <= {
        "auth_user", "auth_user_groups", "django_session",
    }  # fmt: skip


def test_each_role_has_the_buttons_of_its_verbs(payments):
    page = url("billing_subscription", Subscription.objects.first().pk, "change")
    names = {role: {name for name, _ in client_of(role).get(page).context["buttons"]}
             for role in ("operator", "approver")}  # fmt: skip
    assert names["operator"] == {
        "trigger", "pause", "resume", "cancel", "automatic_payment_off", "automatic_payment_on",
    }  # fmt: skip
    assert names["approver"] - names["operator"] == {
        "release_and_bill_what_was_missed", "release_and_skip_what_was_missed",
    }  # fmt: skip


def test_sending_is_stopped_and_started_from_the_admin(boss):
    act(boss, "payments_providerswitch", "pause", "scripted")
    assert ProviderSwitch.objects.get().paused
    act(boss, "payments_providerswitch", "resume", "scripted")
    assert not ProviderSwitch.objects.get().paused
    assert "say why" in act(boss, "payments_killswitch", "stop_all_sending", 1, reason=" ")
    act(boss, "payments_killswitch", "stop_all_sending", 1)
    assert not KillSwitch.objects.get().sending
    act(boss, "payments_killswitch", "start_sending", 1)
    assert KillSwitch.objects.get().sending


def test_a_subscription_is_paused_resumed_triggered_and_canceled(boss, world, scripted):
    one = subscribe(world)
    world.bill()
    settle(scripted)
    act(boss, "billing_subscription", "pause", one.pk)
    assert Subscription.objects.get(pk=one.pk).state == "paused"
    act(boss, "billing_subscription", "resume", one.pk)
    assert Subscription.objects.get(pk=one.pk).state == "active"
    assert "not due yet" in act(boss, "billing_subscription", "trigger", one.pk)
    act(boss, "billing_subscription", "cancel", one.pk)
    assert Subscription.objects.get(pk=one.pk).state == "canceled"
    acts = Entry.objects.filter(object_kind="subscription", object_id=str(one.pk), actor="boss").order_by(
        "pk"
    )
    assert list(acts.values_list("verb", flat=True)) == ["pause", "resume", "cancel"]
    page = boss.get(url("billing_subscription", one.pk, "change")).content.decode()
    assert "Canceled since" in page
    assert "boss (user): cancel" in page


def test_what_is_held_is_released_with_a_reason(boss, world):
    one, other = subscribe(world), subscribe(world)
    held = {"next_due_at": None, "held_code": "catch_up", "held_reason": "a drill"}
    Subscription.objects.filter(pk__in=[one.pk, other.pk]).update(**held)
    bill, skip = "release_and_bill_what_was_missed", "release_and_skip_what_was_missed"
    assert "say why" in act(boss, "billing_subscription", bill, one.pk, reason=" ")
    assert Subscription.objects.filter(held_code="catch_up").count() == 2
    act(boss, "billing_subscription", bill, one.pk)
    act(boss, "billing_subscription", skip, other.pk)
    assert not Subscription.objects.filter(held_code="catch_up").exists()
    assert Subscription.objects.filter(pk__in=[one.pk, other.pk], next_due_at__isnull=False).count() == 2
    told = Event.objects.filter(type="subscription.released", object_id__in=[one.pk, other.pk])
    assert {event.payload["why"] for event in told} == {"a drill"}
    assert "not held" in act(boss, "billing_subscription", skip, one.pk)


def test_a_held_draft_is_released_with_a_reason(boss, world):
    draft = Invoice.objects.get(subscription=subscribe(world))
    Invoice.objects.filter(pk=draft.pk).update(next_action_at=None, held_reason="no price")
    assert "say why" in act(boss, "billing_invoice", "release_draft", draft.pk, reason="")
    assert Invoice.objects.get(pk=draft.pk).held_reason == "no price"
    act(boss, "billing_invoice", "release_draft", draft.pk)
    world.bill()
    assert Invoice.objects.get(pk=draft.pk).state == "open"
    assert Event.objects.get(type="invoice.released").payload["why"] == "a drill"
    assert "no held draft" in act(boss, "billing_invoice", "release_draft", draft.pk)


def test_the_scheduler_is_stopped_and_started_by_admins_alone(payments):
    call_command("sync_schedule")
    due = PeriodicTask.objects.get(name="due payments")
    other = PeriodicTask.objects.get(name="sweep")
    boss, table = client_of("admin"), "django_celery_beat_periodictask"
    page = preview(boss, table, "stop_the_scheduler", due.pk, other.pk)
    assert [each.key for each in page.context["going"]] == [str(due.pk)]
    assert PeriodicTask.objects.get(pk=due.pk).enabled
    assert "needs the role admin" in act(client_of("approver"), table, "stop_the_scheduler", due.pk)
    act(boss, table, "stop_the_scheduler", due.pk)
    assert not PeriodicTask.objects.get(pk=due.pk).enabled
    assert "The scheduler is switched off" in " ".join(boss.get("/admin/").context["troubles"])
    assert boss.get(url(table, due.pk, "change")).context["buttons"]
    act(boss, table, "start_the_scheduler", due.pk)
    assert PeriodicTask.objects.get(pk=due.pk).enabled
    assert Entry.objects.filter(verb="stop_scheduler", actor="the_admin").exists()


def test_a_verb_is_pressed_on_the_row_s_own_page_and_goes_back_there(boss, payments):
    one = payments["waiting"]
    there = url("payments_payment", one, "change")
    assert f'value="{one}"' in boss.get(there).content.decode()
    assert preview(boss, "payments_payment", "park", one, next=there).context["next"] == there
    assert (
        preview(boss, "payments_payment", "park", one, next="https://elsewhere.example/").context["next"]
        == ""
    )
    form = {"action": "park", "_selected_action": one, "reason": "a drill", "confirmed": "yes", "next": there}
    assert boss.post(url("payments_payment"), form).headers["Location"] == there


def test_a_case_is_closed_by_an_approver_with_what_came_of_it(payments):
    case = Case.objects.get(payment_id=payments["late"], closed_at=None)
    assert "needs the role approver" in act(client_of("operator"), "payments_case", "close", case.pk)
    act(client_of("approver"), "payments_case", "close", case.pk, reason="sent back")
    assert Case.objects.get(pk=case.pk).resolution == "sent back"
