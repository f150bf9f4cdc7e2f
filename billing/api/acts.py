"""What is done to a subscription: stopped, let go on, collected, released. Each says why, for the audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing import operate, resume, stop, trigger
from billing.api import examples, rows
from billing.api.shapes import ReleaseBody, StoppedShape, SubscriptionShape, TriggeredShape, WhyBody, show
from billing.api.subscriptions import done
from billing.models import Invoice
from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.shapes import IdField, Shape, TruthField
from engine.rest.views import RestView
from payments.models import Payment

_WHY = examples.sent({"reason": "asked by mail"})
_STOPPED = examples.shown(examples.STOPPED)
_GOES_ON = examples.shown(examples.SUBSCRIPTION)


class MethodBody(WhyBody):
    """What to collect from."""

    payment_method = IdField("payment_method", source="method_id")


class AutoPayBody(WhyBody):
    """Whether to collect without being asked."""

    auto_pay = TruthField(source="on")


class Act(RestView):
    """A POST to one subscription."""

    resource, object_name = "subscriptions", "subscription"
    renamed = {"method": "payment_method"}

    def act(
        self, text: str, shape: type[Shape], verb: Callable[..., Any], show: Callable[[Any], Done]
    ) -> Response:
        """Do `verb` once and show what it returned."""
        pk = self.id("subscription", text)
        return self.once(shape, lambda data: show(verb(pk, by=self.actor, **data)))


class Cancel(Act):
    """The end."""

    @extend_schema(operation_id="cancel_subscription", request=WhyBody, responses=StoppedShape,
                   examples=[_WHY, _STOPPED])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """End it now. Scheduled payments are called back; open invoices stay as debts that can be seen."""
        return self.act(subscription_id, WhyBody, stop.cancel, _stopped)


class Pause(Act):
    """A rest."""

    @extend_schema(operation_id="pause_subscription", request=WhyBody, responses=StoppedShape,
                   examples=[_WHY, _STOPPED])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Bill nothing until it is resumed. Scheduled payments are called back, their invoices stay open."""
        return self.act(subscription_id, WhyBody, stop.pause, _stopped)


class Resume(Act):
    """Going on."""

    key_needed = True

    @extend_schema(operation_id="resume_subscription", request=WhyBody, responses=SubscriptionShape,
                   examples=[_WHY, _GOES_ON])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Go on after a pause. Periods that began meanwhile are skipped; what was open before is collected."""
        return self.act(subscription_id, WhyBody, resume.resume, lambda found: done(found.pk))


class ChangeMethod(Act):
    """Another payment method."""

    key_needed = True

    @extend_schema(operation_id="change_subscription_payment_method", request=MethodBody, responses=StoppedShape,
                   examples=[examples.sent({"payment_method": examples.SUBSCRIPTION["payment_method"]}),
                             _STOPPED])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Collect from another method from now on, also what is open and not on its way yet."""
        return self.act(subscription_id, MethodBody, stop.change_method, _stopped)


class AutoPay(Act):
    """Collecting without being asked, or not."""

    key_needed = True

    @extend_schema(operation_id="set_subscription_auto_pay", request=AutoPayBody, responses=StoppedShape,
                   examples=[examples.sent({"auto_pay": False}), _STOPPED])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Turn automatic payment on or off. Off calls scheduled payments back; on collects what is open."""
        return self.act(subscription_id, AutoPayBody, stop.set_auto_pay, _stopped)


class Trigger(Act):
    """Collecting now."""

    key_needed = True

    @extend_schema(operation_id="trigger_subscription", request=WhyBody, responses={202: TriggeredShape},
                   examples=[_WHY, examples.shown(examples.TRIGGERED, 202)])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Bill what is due and collect what is open, now. The answer names the jobs; they move the money."""
        pk = self.id("subscription", subscription_id)
        return self.act(subscription_id, WhyBody, trigger.trigger, lambda found: _triggered(pk, found))


class Release(Act):
    """Letting a held one go on."""

    key_needed = True

    @extend_schema(operation_id="release_subscription", request=ReleaseBody, responses=SubscriptionShape,
                   examples=[_WHY, _GOES_ON])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Let a held subscription go on; all that it missed is billed, of a canceled one as debts. An approver's."""
        pk = self.id("subscription", subscription_id)
        return self.act(subscription_id, ReleaseBody, operate.release_held, lambda _: done(pk))


class Skip(Act):
    """Letting a held one go on without what it missed."""

    @extend_schema(operation_id="skip_subscription", request=ReleaseBody, responses=SubscriptionShape,
                   examples=[_WHY, _GOES_ON])  # fmt: skip
    def post(self, request: Request, subscription_id: str) -> Response:
        """Let a held subscription go on from its next date; what it missed is never billed. An approver's."""
        pk = self.id("subscription", subscription_id)
        return self.act(subscription_id, ReleaseBody, operate.skip_missed, lambda _: done(pk))


def _stopped(found: stop.Stopped) -> Done:
    shown = pages.one(rows.subscriptions().get(pk=found.subscription.pk), SubscriptionShape)
    invoices = {"called_back": show("invoice", found.canceled), "in_flight": show("invoice", found.in_flight)}
    return Done(shown | invoices, shown["id"], 200)


def _triggered(subscription_id: UUID, found: trigger.Triggered) -> Done:
    """A payment is its own job: the open one of each invoice."""
    opened = Payment.objects.filter(source_kind="invoice", source_id__in=found.scheduled, ended_at=None)
    by_invoice = dict(opened.values_list("source_id", "pk"))
    unasked = {each.pk: each for each in Invoice.objects.filter(pk__in=found.without_payment)}
    shown = TriggeredShape(
        {
            "subscription": subscription_id,
            "jobs": [by_invoice[each] for each in found.scheduled],
            "invoices": found.scheduled,
            "without_payment": [unasked[each] for each in found.without_payment],
        }
    )
    return Done(dict(shown.data), ids.show("subscription", subscription_id), 202)
