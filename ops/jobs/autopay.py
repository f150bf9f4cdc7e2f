"""The three functions of the source's auto-pay queue (row 1.3), over rows instead of Redis."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from billing import trigger
from billing.models import Invoice, Subscription
from engine.core.actor import Actor
from engine.core.errors import Refusal
from ops.jobs import view
from ops.jobs.view import JobView
from payments.models import Payment


def add_auto_pay_job(subscription_id: UUID, *, by: Actor) -> JobView:
    """Schedule the payment that is due now and return it as a job. Writes in one transaction; publishes nothing.

    Whom it pays, from where and how much is the subscription's, not the caller's (danger D5: what is owed is
    asked for once). Raises Refusal, with nothing written: auto-pay is off, not active, not due yet, a payment
    under way, or no payment came of it (then with the invoice's reason).
    """
    with transaction.atomic():
        _auto_pay_on(subscription_id)
        return pay_now(subscription_id, by=by)


def pay_now(subscription_id: UUID, *, by: Actor) -> JobView:
    """As `add_auto_pay_job`, at somebody's word: also where auto-pay is off (row 0.29). Writes."""
    with transaction.atomic():
        done = trigger.trigger(subscription_id, by=by)
        if not done.scheduled:
            raise _nothing_scheduled(done.without_payment)
        newest = Payment.objects.filter(source_kind="invoice", source_id=done.scheduled[-1]).latest("no")
        (job,) = view.of_payments([newest.pk])
    return job


def get_auto_pay_job_status(job_id: UUID) -> JobView:
    """A job as it is now. Reads. Raises Refusal where there is none."""
    return view.find(job_id)


def get_jobs_for_subscription(
    subscription_id: UUID, *, before: UUID | None = None, most: int = 100
) -> list[JobView]:
    """The jobs of a subscription, newest first. Reads. Raises Refusal where there is no such subscription."""
    if not Subscription.objects.filter(pk=subscription_id).exists():
        raise _unknown(subscription_id)
    return view.of_subscription(subscription_id, before=before, most=most)


def _auto_pay_on(subscription_id: UUID) -> None:
    on = Subscription.objects.filter(pk=subscription_id).values_list("auto_pay", flat=True).first()
    if on is None:
        raise _unknown(subscription_id)
    if not on:
        raise Refusal("auto_pay_off", "Auto-pay is not enabled for this subscription", param="subscription")


def _unknown(subscription_id: UUID) -> Refusal:
    return Refusal(
        "subscription_unknown", f"there is no subscription {subscription_id}", param="subscription"
    )


def _nothing_scheduled(invoice_ids: list[UUID]) -> Refusal:
    invoice = Invoice.objects.filter(pk__in=invoice_ids).order_by("period_no").last()
    if invoice is None or not invoice.reason_code:
        return Refusal("nothing_to_pay", "There is nothing to pay for this period", param="subscription")
    return Refusal(invoice.reason_code, invoice.reason, param="subscription")
