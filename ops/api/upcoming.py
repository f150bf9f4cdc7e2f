"""Door to what a subscriber will be asked for next (row 0.30)."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest import pages
from engine.rest.reading import check_text
from ops import upcoming
from ops.api import shapes, words
from ops.api.base import SourceView, answer

_ONE = {
    "subscriptionId": shapes.SUBSCRIPTION_ID, "subscriber": shapes.PAYER, "creator": shapes.PAYEE, "planId": 1,
    "planName": "Pro", **shapes.MONEY, "nextPayment": "2026-02-28T09:30:00.000Z", "autoPay": True,
}  # fmt: skip


class UpcomingPayments(SourceView):
    """What comes."""

    resource, object_name = "payments", "subscriber"

    @extend_schema(
        operation_id="list_upcoming_payments", examples=shapes.example("upcoming", [_ONE]),
        responses=shapes.answers("UpcomingPayments", {
            "subscriptionId": serializers.CharField(),
            "subscriber": serializers.CharField(),
            "creator": serializers.CharField(),
            "planId": serializers.IntegerField(),
            "planName": serializers.CharField(),
            **shapes.money(),
            "nextPayment": serializers.DateTimeField(help_text="On the customer's clock"),
            "autoPay": serializers.BooleanField(),
        }, many=True),
    )  # fmt: skip
    def get(self, request: Request, subscriber: str) -> Response:
        """The next payment of each subscription of a wallet, soonest first, at most 100."""
        self.query(pages.NoQuery)
        check_text(subscriber, "subscriber")
        return Response(answer([_shown(each) for each in upcoming.of_wallet(subscriber)]))


def _shown(each: upcoming.Upcoming) -> dict[str, object]:
    return {
        "subscriptionId": words.subscription(each.subscription_id),
        "subscriber": each.subscriber,
        "creator": each.creator,
        "planId": each.plan_number,
        "planName": each.plan_name,
        **words.amount(each.amount_minor, each.currency),
        "nextPayment": words.moment(each.due_at),
        "autoPay": each.auto_pay,
    }
