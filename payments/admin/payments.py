"""Payments, and the verbs that an operator has over them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from engine.audit.preview import Operated, action
from engine.core import clock, columns, money
from engine.core.actor import Role
from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import ReadOnlyInline, Rows, in_flower, list_of, page_of
from engine.core.timeline import Moment
from engine.providers import registry
from payments import absent, models, operate, refund, settle, story
from payments.admin.found import OfPayment
from payments.models import Attempt, Payment


def _providers() -> Iterable[Choice]:
    return [(name, name, Q(provider=name)) for name in registry.names()]


def _payment_states() -> Iterable[Choice]:
    found: list[Choice] = [(value, str(label), Q(state=value)) for value, label in Payment.State.choices]
    waiting = ("funds", "payee", "provider", "retry", "queue")
    found += [(f"for_{each}", f"waits: {each}", Q(state="scheduled", waiting=each)) for each in waiting]
    stuck = Q(parked_at__isnull=False)
    unknown = Q(state="in_flight", attempts__state="unknown")
    return [("parked", "Parked", stuck), ("unknown", "Outcome unknown", unknown),
            ("failed_today", "Failed today (UTC)", _failed_today), *found]  # fmt: skip


def _failed_today() -> Q:
    midnight = clock.machine_now().replace(hour=0, minute=0, second=0, microsecond=0)
    return Q(state="failed", ended_at__gte=midnight)


def _few(request: HttpRequest) -> bool:
    """Whether the chosen state leaves few rows: those that were paid are all the others."""
    return request.GET.get("state") in {key for key, _, _ in _payment_states()} - {Payment.State.SUCCEEDED}


ByPaymentState = one_of("state", "state", _payment_states)
# As in the API: by itself it would read all payments for those of a rail that has few.
ByProvider = one_of("provider", "provider", _providers, offered=_few)


class Attempts(ReadOnlyInline):
    model, ordering = models.Attempt, ("seq",)
    fields = ("seq", "state", "identity", "send_no", "send_by", "failure_code", "created_at", "resolved_at")


@admin.register(Payment)
class PaymentAdmin(OfPayment, Operated):
    list_display = ("id", "state", "amount", "due_at", "next_action_at", "why", "provider")
    list_filter = (ByPaymentState, ByProvider, ByDay)
    inlines = (Attempts,)
    actions = (
        action(
            "Retry now", operate.retry_now, "Each that waits is due at once; it is sent by the next worker."
        ),
        action("Look up now", operate.verify_now, "Each in flight is looked up at once; nothing is sent."),
        action("Park", operate.park_payment, "Nothing acts on these until somebody unparks them."),
        action("Unpark", operate.unpark, "Each goes on from where it stands; no outcome is assumed."),
        action(
            "Refund",
            refund.request,
            "What is left of each is given back to its payer: by its provider, or by a person whom a case asks.",
        ),
        action(
            "End it",
            settle.end_payment,
            "Each for which money arrived ends: canceled, or paid late. Its source hears of it, its case stays.",
            role=Role.APPROVER,
        ),
        action(
            "Declare absent",
            absent.declare_absent,
            "You have seen in its provider's own books that each never took effect. The provider is asked once more; "
            "what it does not know either is sent anew, or ends where it was called back.",
            role=Role.APPROVER,
            most=10,  # one call after the other, each may last until its timeout
        ),
    )

    def of(self, payments: set[UUID]) -> Rows:
        return Payment.objects.filter(pk__in=payments)

    def get_exclude(self, request: HttpRequest, obj: Payment | None = None) -> tuple[str, ...]:
        """On a chain the instructions are addresses; a gateway's hold its token of the card."""
        return ("instructions",) if obj is not None and obj.settlement == "platform" else ()

    @admin.display(description="amount")
    def amount(self, payment: Payment) -> str:
        return columns.one_line(money.shown(payment.amount_minor, payment.currency))

    @admin.display(description="why")
    def why(self, payment: Payment) -> str:
        """What keeps it, or kept it, from being paid."""
        if payment.parked_at is not None:
            return columns.cut(f"parked: {payment.parked_reason}")
        waits = f"waits: {payment.waiting}" if payment.waiting else ""
        return columns.cut("; ".join(filter(None, (waits, payment.failure_code.replace("_", " ")))))

    def links(self, row: Payment) -> list[tuple[str, str]]:
        source = (
            [("its invoice", page_of("billing_invoice", row.source_id))]
            if row.source_kind == "invoice"
            else []
        )
        if row.source_kind == "refund":
            source = [("its refund", page_of("payments_refund", row.source_id))]
        if row.source_kind == "payment_method":
            source = [("its method", page_of("payments_paymentmethod", row.source_id))]
        method = [("its method", page_of("payments_paymentmethod", row.method_id))] if row.method_id else []
        tables = (("all evidence", "payments_evidence"), ("transfers", "engine_ledger_transfer"),
                  ("refunds", "payments_refund"))  # fmt: skip
        found = [(words, list_of(table, row.pk)) for words, table in tables]
        last = Attempt.objects.filter(payment_id=row.pk).order_by("-seq").only("task_id").first()
        task = in_flower(last.task_id) if last else []
        return [*source, *method, *task, *found, self.audit(row.pk)]

    def sentence(self, row: Payment) -> str:
        return story.sentence(row)

    def timeline(self, row: Payment) -> list[Moment]:
        return story.timeline(row.pk)
