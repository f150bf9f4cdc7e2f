"""What is done to a payment by a person. None of it moves money: the workers go on from the row (202)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest import ids
from engine.rest.once import Done
from engine.rest.shapes import Shape, TextField
from engine.rest.views import RestView
from payments import absent, look, operate, settle
from payments.api import examples
from payments.api.methods import away
from payments.api.payments import OfPayment, whole
from payments.api.shapes import AcceptedShape, PaymentShape
from payments.models import Payment


class ActBody(Shape):
    """Why: needed, for those who read it later."""

    reason = TextField(max_length=2000, help_text="For the audit")


_EXAMPLES = [
    examples.sent({"reason": "the payer says that funds are there"}),
    examples.shown(examples.ACCEPTED, 202),
]


class Act(OfPayment):
    """A POST to one payment."""

    def act(
        self, text: str, verb: Callable[..., None], show: Callable[[UUID], Done] | None = None
    ) -> Response:
        """Do `verb` once; the payment as it stands then, with its job if `show` is not another."""
        pk = self.id("payment", text)

        def work(data: dict[str, Any]) -> Done:
            verb(pk, reason=data["reason"], by=self.actor)
            return (show or _accepted)(pk)

        return self.once(ActBody, work)


class Retry(Act):
    """Now instead of later."""

    key_needed = True

    @extend_schema(operation_id="retry_payment", request=ActBody, responses={202: AcceptedShape},
                   examples=_EXAMPLES)  # fmt: skip
    def post(self, request: Request, payment_id: str) -> Response:
        """Let a payment that waits (for funds, the payee, the provider, its next try) go now."""
        return self.act(payment_id, operate.retry_now)


class Verify(Act):
    """A look now."""

    @extend_schema(operation_id="verify_payment", request=ActBody, responses={202: AcceptedShape},
                   examples=_EXAMPLES)  # fmt: skip
    def post(self, request: Request, payment_id: str) -> Response:
        """Ask the provider now what became of a payment that is in flight. Nothing is sent."""
        return self.act(payment_id, operate.verify_now)


class Park(Act):
    """Aside."""

    @extend_schema(operation_id="park_payment", request=ActBody, responses={202: AcceptedShape},
                   examples=_EXAMPLES)  # fmt: skip
    def post(self, request: Request, payment_id: str) -> Response:
        """Set an open payment aside until it is unparked. What is on its way can't be stopped."""
        return self.act(payment_id, operate.park_payment)


class Unpark(Act):
    """Going on."""

    key_needed = True

    @extend_schema(operation_id="unpark_payment", request=ActBody, responses={202: AcceptedShape},
                   examples=_EXAMPLES)  # fmt: skip
    def post(self, request: Request, payment_id: str) -> Response:
        """Let a parked payment go on. Refused while a case of it is open, or where money arrived already."""
        return self.act(payment_id, operate.unpark)


class End(Act):
    """The end of one that can't go on."""

    key_needed = True

    @extend_schema(operation_id="end_payment", request=ActBody, responses=PaymentShape, examples=[
        examples.sent({"reason": "what arrived was sent back"}), examples.shown(examples.PUT_AN_END),
    ])  # fmt: skip
    def post(self, request: Request, payment_id: str) -> Response:
        """End a parked payment for which money arrived and which can't go on: canceled, or paid late.

        What it was for hears of it, its reservation comes off, its case stays open, nothing is booked. An
        approver's: `admin:write`.
        """
        return self.act(payment_id, settle.end_payment, _ended)


class DeclareAbsent(OfPayment):
    """A person's word where no provider can prove it."""

    key_needed = True

    @extend_schema(operation_id="declare_payment_absent", request=ActBody, responses={202: AcceptedShape},
                   examples=_EXAMPLES)  # fmt: skip
    def post(self, request: Request, payment_id: str) -> Response:
        """Say of a parked payment whose outcome stays unknown that it never took effect: it is sent anew, or ends where
        it was called back.

        Its provider is asked once more before: 409 `it_is_seen` where it knows of it, 503 `provider_unavailable` where
        it does not answer. Above `TWO_APPROVERS_ABOVE` it stays parked until a second approver says so, too. An
        approver's: `admin:write`.
        """
        pk = self.id("payment", payment_id)

        def work(data: dict[str, Any], found: look.Found | None) -> Done:
            absent.keep(pk, found, reason=data["reason"], by=self.actor)
            return _accepted(pk)

        return self.once(ActBody, work, before=lambda data: away(lambda: absent.ask(pk)))


def _ended(payment_id: UUID) -> Done:
    shown = whole(Payment.objects.get(pk=payment_id))
    return Done(shown, shown["id"], 200)


class LookUp(RestView):
    """A look at one attempt that was given up."""

    resource, object_name = "payments", "attempt"

    @extend_schema(operation_id="look_up_attempt", request=ActBody, responses={202: AcceptedShape},
                   examples=_EXAMPLES)  # fmt: skip
    def post(self, request: Request, attempt_id: str) -> Response:
        """Ask the provider once more what became of a closed attempt; what it says is applied as evidence.

        503 `provider_unavailable` where it does not answer: nothing was kept, ask again.
        """
        pk = self.id("attempt", attempt_id)

        def work(data: dict[str, Any], found: look.Found) -> Done:
            look.keep(found, reason=data["reason"], by=self.actor)
            return _accepted(found.attempt.payment_id)

        return self.once(ActBody, work, before=lambda data: away(lambda: look.ask(pk)))


def _accepted(payment_id: UUID) -> Done:
    """A payment is its own job."""
    shown = whole(Payment.objects.get(pk=payment_id))
    return Done(shown | {"job": ids.show("job", payment_id)}, shown["id"], 202)
