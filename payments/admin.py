"""What operators see of payments, and the verbs they have. Money and history are read-only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q

from engine.audit.preview import Operated, action
from engine.core import clock, money
from engine.core.actor import Role
from engine.core.listing import ByDay, Choice, one_of
from engine.core.readonly import ReadOnly, ReadOnlyInline, Rows, list_of, page_of
from engine.core.timeline import Moment
from engine.providers import registry
from payments import cases, find, models, operate, settle, story, switches
from payments.models import Attempt, Evidence, Payment

LOOKED_FOR = "id of a payment, subscription, customer…; signature, wallet, e-mail, invoice number"


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


ByProvider = one_of("provider", "provider", _providers)
ByPaymentState = one_of("state", "state", _payment_states)


class OfPayment(ReadOnly):
    """Rows found by whatever names their payment."""

    search_help_text = LOOKED_FOR

    def keys(self, term: str) -> set[Any]:
        found = find.payments(term)
        return super().keys(term) | set(self.of(found).values_list("pk", flat=True))

    def links(self, row: Any) -> list[tuple[str, str]]:
        return [("its payment", page_of("payments_payment", row.payment_id))]

    def of(self, payments: set[UUID]) -> Rows:
        """The rows of these payments, by index."""
        return self.model._base_manager.filter(payment_id__in=payments)


class Attempts(ReadOnlyInline):
    model, ordering = models.Attempt, ("seq",)
    fields = ("seq", "state", "identity", "send_no", "send_by", "failure_code", "created_at", "resolved_at")


class Said(ReadOnlyInline):
    model, ordering = models.Evidence, ("pk",)
    fields = ("observed_at", "source", "send_no", "outcome", "code", "message", "gross_minor", "currency",
              "network_fee_minor", "provider_ref", "verdict", "applied_at")  # fmt: skip


@admin.register(Payment)
class PaymentAdmin(OfPayment, Operated):
    list_display = ("id", "state", "amount", "waiting", "failure_code", "next_action_at", "parked_reason",
                    "provider", "operation", "due_at")  # fmt: skip
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
            "End it",
            settle.end_payment,
            "Each for which money arrived ends: canceled, or paid late. Its source hears of it, its case stays.",
            role=Role.APPROVER,
        ),
    )

    def of(self, payments: set[UUID]) -> Rows:
        return Payment.objects.filter(pk__in=payments)

    @admin.display(description="amount")
    def amount(self, payment: Payment) -> str:
        return money.shown(payment.amount_minor, payment.currency)

    def links(self, row: Payment) -> list[tuple[str, str]]:
        source = (
            [("its invoice", page_of("billing_invoice", row.source_id))]
            if row.source_kind == "invoice"
            else []
        )
        method = [("its method", page_of("payments_paymentmethod", row.method_id))] if row.method_id else []
        tables = (("all evidence", "payments_evidence"), ("transfers", "engine_ledger_transfer"),
                  ("audit", "engine_audit_entry"))  # fmt: skip
        return [*source, *method, *((words, list_of(table, row.pk)) for words, table in tables)]

    def sentence(self, row: Payment) -> str:
        return story.sentence(row)

    def timeline(self, row: Payment) -> list[Moment]:
        return story.timeline(row.pk)


@admin.register(Attempt)
class AttemptAdmin(OfPayment):
    list_display = ("id", "payment_id", "seq", "provider", "identity", "state", "failure_code", "created_at")
    list_filter = ("state", ByDay)
    exclude = ("envelope", "fence")
    inlines = (Said,)

    def get_queryset(self, request: Any) -> Rows:
        return super().get_queryset(request).defer("envelope", "data")


@admin.register(Evidence)
class EvidenceAdmin(OfPayment):
    list_display = ("id", "payment_id", "source", "outcome", "code", "gross_minor", "verdict", "observed_at")
    list_filter = (("applied_at", admin.EmptyFieldListFilter), ByDay)

    def of(self, payments: set[UUID]) -> Rows:
        attempts = Attempt.objects.filter(payment_id__in=payments).values_list("pk", flat=True)
        return Evidence.objects.filter(attempt_id__in=list(attempts))


@admin.register(models.Case)
class CaseAdmin(OfPayment, Operated):
    list_display = ("id", "kind", "payment_id", "sentence_", "opened_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), ByDay)

    actions = (
        action("Close", lambda pk, *, reason, by: cases.close_case(pk, resolution=reason, reason=reason, by=by),
               "Your reason stands as what came of it; what the case kept from going on may go on again.",
               role=Role.APPROVER),
    )  # fmt: skip

    @admin.display(description="sentence")
    def sentence_(self, case: models.Case) -> str:
        return case.sentence

    def sentence(self, row: models.Case) -> str:
        return row.sentence


@admin.register(models.PaymentMethod)
class PaymentMethodAdmin(ReadOnly):
    list_display = ("id", "customer_id", "provider", "currency", "state", "check_code", "checked_at")
    list_filter = (ByDay,)
    search_help_text = "id of a method or its customer, wallet, e-mail"

    def keys(self, term: str) -> set[Any]:
        return find.methods(term)


@admin.register(models.ProviderSwitch)
class ProviderSwitchAdmin(Operated):
    list_display = ("provider", "paused", "reason", "concurrency")
    search_fields = ()
    actions = (
        action("Pause", switches.pause, "Nothing is sent through it; what is open is still looked up."),
        action("Resume", switches.resume, "What waited is sent again by the next tick.", role=Role.APPROVER),
    )


@admin.register(models.KillSwitch)
class KillSwitchAdmin(Operated):
    list_display = ("id", "sending", "reason")
    search_fields = ()
    actions = (
        action("Stop all sending", lambda pk, **said: switches.stop_sending(**said),
               "From this commit on nothing is signed or sent, by anybody, through any provider."),
        action("Start sending", lambda pk, **said: switches.start_sending(**said),
               "Everything that is due is sent again by the next tick.", role=Role.APPROVER),
    )  # fmt: skip
