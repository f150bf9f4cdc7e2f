"""Subscriptions, and the verbs that an operator has over them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.contrib import admin
from django.db.models import Q

from billing import find, hold, operate, resume, stop, story, trigger
from billing.admin.found import Found, lists_of
from billing.models import Subscription
from engine.audit.preview import Operated, action
from engine.core import columns
from engine.core.actor import Role
from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import page_of
from engine.core.timeline import Moment


def _subscription_states() -> Iterable[Choice]:
    found: list[Choice] = [(value, str(label), Q(state=value)) for value, label in Subscription.State.choices]
    return [("held", "Held", hold.WAITS), *found]


def _due() -> Iterable[Choice]:
    return [(str(hours), label, partial(find.due_within, hours)) for hours, label in _SPANS]


_SPANS = ((0, "now or overdue"), (24, "in 24 hours"), (168, "in 7 days"))


@admin.register(Subscription)
class SubscriptionAdmin(Found, Operated):
    list_display = ("id", "customer", "plan", "state", "next_due_at", "paid", "failed", "why")
    list_filter = (one_of("state", "state", _subscription_states), one_of("due", "due", _due), ByDay)
    list_select_related = ("customer", "plan")
    search_help_text = "id of a subscription, customer or invoice; wallet, e-mail, invoice number"
    finder = staticmethod(find.subscriptions)
    actions = (
        action("Trigger", trigger.trigger, "The period that is due is billed now, and what is open is asked for."),
        action("Pause", stop.pause, "Nothing is billed until somebody resumes; what was not sent is called back."),
        action("Resume", resume.resume, "Billed again from the next date; what the pause covered is skipped."),
        action("Automatic payment off", lambda pk, **said: stop.set_auto_pay(pk, on=False, **said),
               "Billed as before; nothing is collected until somebody triggers it or turns it on."),
        action("Automatic payment on", lambda pk, **said: stop.set_auto_pay(pk, on=True, **said),
               "Collected by itself again, what is open included."),
        action("Cancel", stop.cancel, "Ends now; what was not sent is called back, what is owed stays visible."),
        action("Release and bill what was missed", operate.release_held,
               "Each held one goes on, and every period it missed is billed; of a canceled one, as a debt.",
               role=Role.APPROVER),
        action("Release and skip what was missed", operate.skip_missed,
               "Each held one goes on from its next date; what it missed is never billed.", role=Role.APPROVER),
    )  # fmt: skip

    @admin.display(description="paid")
    def paid(self, subscription: Subscription) -> int:
        return subscription.payments_made

    @admin.display(description="failed")
    def failed(self, subscription: Subscription) -> int:
        return subscription.payments_failed

    @admin.display(description="why")
    def why(self, subscription: Subscription) -> str:
        return columns.cut(subscription.held_reason or subscription.reason)

    def links(self, row: Subscription) -> list[tuple[str, str]]:
        customer = ("customer", page_of("billing_customer", row.customer_id))
        plan = ("plan", page_of("billing_plan", row.plan_id))
        found = lists_of(row.pk, "billing_invoice", "payments_payment")
        return [customer, plan, *found, self.audit(row.pk)]

    def worth(self, row: Subscription) -> tuple[str, int]:
        return row.plan_version.currency, row.plan_version.price_minor

    def sentence(self, row: Subscription) -> str:
        return story.sentence(row)

    def timeline(self, row: Subscription) -> list[Moment]:
        return story.timeline(row.pk)
