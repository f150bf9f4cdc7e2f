"""Doors to payments, their attempts, and what happened to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest import ids, pages
from engine.rest.pages import ExpandQuery, NoQuery, PageQuery
from engine.rest.plain import plain
from engine.rest.shapes import KindField
from engine.rest.views import RestView
from payments import story
from payments.api import examples, lists
from payments.api.shapes import AttemptShape, AttemptWholeShape, EvidenceShape, MomentShape, PaymentShape
from payments.models import Evidence, Payment

_MOST = 100


class Payments(RestView):
    """All payments. `sources_of` is given by config/urls.py: who owes what is known on the floor above."""

    resource = "payments"
    sources_of: lists.SourcesOf | None = None

    @extend_schema(operation_id="list_payments", parameters=[lists.PaymentQuery],
                   responses=pages.listed(PaymentShape), examples=[examples.listed(examples.LISTED)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Payments, newest first. `expand=attempts` shows each with its attempts."""
        asked = self.query(lists.PaymentQuery)
        assert self.sources_of is not None
        rows = lists.payments(asked, self.sources_of)
        return pages.page(request, rows, PaymentShape, asked, expandable=lists.OF_LIST)


class OfPayment(RestView):
    """An endpoint of one payment."""

    resource, object_name = "payments", "payment"

    def payment(self, text: str) -> Payment:
        """The payment of the URL. Raises Fault (404)."""
        found: Payment = self.there(Payment.objects.filter(pk=self.id("payment", text)).first(), text)
        return found


class PaymentView(OfPayment):
    """One payment."""

    @extend_schema(operation_id="get_payment", parameters=[ExpandQuery], responses=PaymentShape,
                   examples=[examples.shown(examples.PAYMENT)])  # fmt: skip
    def get(self, request: Request, payment_id: str) -> Response:
        """One payment with its attempts, and a sentence that says where it stands, why, and what comes next."""
        asked = self.query(ExpandQuery)
        return Response(whole(self.payment(payment_id), asked.get("expand", ""), self.caller.scopes))


class PaymentAttempts(OfPayment):
    """The attempts of one payment."""

    @extend_schema(operation_id="list_payment_attempts", parameters=[PageQuery], responses=pages.listed(AttemptShape),
                   examples=[examples.listed(examples.ATTEMPT)])  # fmt: skip
    def get(self, request: Request, payment_id: str) -> Response:
        """Each identity under which it was, or may have been, sent; newest first."""
        asked = self.query(PageQuery)
        rows = lists.attempts().filter(payment_id=self.payment(payment_id).pk)
        return pages.page(request, rows, AttemptShape, asked)


class PaymentTimeline(OfPayment):
    """What happened to one payment."""

    @extend_schema(operation_id="get_payment_timeline", responses=inline_serializer(
        "Timeline", {"object": KindField("timeline"), "payment": serializers.CharField(),
                     "data": MomentShape(many=True)}), examples=[examples.shown(examples.TIMELINE)])  # fmt: skip
    def get(self, request: Request, payment_id: str) -> Response:
        """Attempts, callbacks, evidence, events, postings and acts of people in one column, oldest first."""
        self.query(NoQuery)
        payment = self.payment(payment_id)
        told = [{**moment._asdict(), "ids": _ids(moment.ids)} for moment in story.timeline(payment.pk)]
        data = MomentShape(told, many=True).data
        return Response({"object": "timeline", "payment": ids.show("payment", payment.pk), "data": data})


class OfAttempt(RestView):
    """An endpoint of one attempt."""

    resource, object_name = "payments", "attempt"

    def attempt(self, text: str) -> Any:
        """The attempt of the URL. Raises Fault (404)."""
        return self.there(lists.attempts().filter(pk=self.id("attempt", text)).first(), text)


class AttemptView(OfAttempt):
    """One attempt."""

    @extend_schema(operation_id="get_attempt", responses=AttemptWholeShape,
                   examples=[examples.shown(examples.ATTEMPT_WHOLE)])  # fmt: skip
    def get(self, request: Request, attempt_id: str) -> Response:
        """One attempt with what was said about it: the newest hundred pieces of evidence, oldest first."""
        self.query(NoQuery)
        attempt = self.attempt(attempt_id)
        said = list(Evidence.objects.filter(attempt_id=attempt.pk).order_by("-pk")[: _MOST + 1])
        attempt.evidence_has_more = len(said) > _MOST
        told = [plain(each, EvidenceShape) for each in said[:_MOST][::-1]]
        more = {"evidence": told, "evidence_has_more": attempt.evidence_has_more}
        return Response({**pages.one(attempt, AttemptShape), **more})


class AttemptEvidence(OfAttempt):
    """All that was said about one attempt."""

    @extend_schema(operation_id="list_attempt_evidence", parameters=[PageQuery],
                   responses=pages.listed(EvidenceShape), examples=[examples.listed(examples.EVIDENCE)])  # fmt: skip
    def get(self, request: Request, attempt_id: str) -> Response:
        """Replies, looks and callbacks, newest first."""
        asked = self.query(PageQuery)
        rows = Evidence.objects.filter(attempt_id=self.attempt(attempt_id).pk)
        return pages.page(request, rows, EvidenceShape, asked)


def whole(payment: Payment, expand: str = "", scopes: Collection[str] = ()) -> dict[str, Any]:
    """A payment as its own page shows it. Reads."""
    asked = {"expand": f"{lists.WHOLE},{expand}"}
    return pages.one(payment, PaymentShape, asked, lists.OF_PAYMENT, scopes=scopes)


def _ids(found: dict[str, str]) -> dict[str, str]:
    shown = {}
    for kind, text in found.items():
        read = ids.read(kind, text) if kind in ids.PREFIXES else None
        shown[kind] = ids.show(kind, read) if read else text
    return shown
