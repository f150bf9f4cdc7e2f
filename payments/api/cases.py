"""Doors to cases: what a person must decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engine.rest import ids, pages
from engine.rest.once import Done
from engine.rest.pages import ExpandQuery
from engine.rest.shapes import TextField, TruthField
from engine.rest.views import RestView
from payments import cases, left_twice, suspense
from payments.api import examples, lists
from payments.api.acts import ActBody
from payments.api.shapes import CaseShape
from payments.models import Case


class CloseBody(ActBody):
    """What came of it, and why."""

    resolution = TextField(
        max_length=2000, help_text="What came of it: `sent back to the payer on 3 February`"
    )


class ReturnBody(ActBody):
    """Why, and by whom."""

    by_hand = TruthField(
        default=False,
        help_text="What came late was given back by a person already: its provider is not asked",
    )


class Cases(RestView):
    """All cases."""

    resource = "payments"

    @extend_schema(operation_id="list_cases", parameters=[lists.CaseQuery], responses=pages.listed(CaseShape),
                   examples=[examples.listed(examples.CASE)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """Cases, newest first: the open ones, if not asked otherwise."""
        asked = self.query(lists.CaseQuery)
        return pages.page(request, lists.cases(asked), CaseShape, asked, expandable=lists.OF_CASE)


class CaseView(RestView):
    """One case."""

    resource, object_name = "payments", "case"

    @extend_schema(operation_id="get_case", parameters=[ExpandQuery], responses=CaseShape,
                   examples=[examples.shown(examples.CASE)])  # fmt: skip
    def get(self, request: Request, case_id: str) -> Response:
        """One case."""
        asked = self.query(ExpandQuery)
        found = Case.objects.filter(pk=self.id("case", case_id)).first()
        found = self.there(found, case_id)
        return Response(pages.one(found, CaseShape, asked, lists.OF_CASE, scopes=self.caller.scopes))


class CloseCase(RestView):
    """The end of a case."""

    resource, object_name = "payments", "case"
    key_needed = True

    @extend_schema(operation_id="close_case", request=CloseBody, responses=CaseShape, examples=[
        examples.sent({"resolution": "sent back to the payer", "reason": "the bank confirmed it"}),
        examples.shown(examples.CASE_CLOSED),
    ])  # fmt: skip
    def post(self, request: Request, case_id: str) -> Response:
        """Say what came of a case. What it kept from going on may go on again. An approver's: `admin:write`."""
        found = self.id("case", case_id)

        def work(data: dict[str, str]) -> Done:
            closed = cases.close_case(found, by=self.actor, **data)
            return Done(pages.one(closed, CaseShape), ids.show("case", found), 200)

        return self.once(CloseBody, work)


class CaseMoney(RestView):
    """What a person says of a case's money, in suspense or in unapplied."""

    resource, object_name = "payments", "case"
    key_needed = True

    def settle(self, text: str, verb: Callable[..., Case], body: type[ActBody]) -> Response:
        """Do `verb` once; the case as it is closed by it."""
        found: UUID = self.id("case", text)

        def work(data: dict[str, Any]) -> Done:
            closed = verb(found, by=self.actor, **data)
            return Done(pages.one(closed, CaseShape), ids.show("case", found), 200)

        return self.once(body, work)


class ApplyMoney(CaseMoney):
    """It was the payment's."""

    @extend_schema(operation_id="apply_case_money", request=ActBody, responses=CaseShape, examples=[
        examples.sent({"reason": "the payer agreed to pay the rest next month"}), examples.shown(examples.CASE_APPLIED),
    ])  # fmt: skip
    def post(self, request: Request, case_id: str) -> Response:
        """Take a case's money for its payment's; the case is closed.

        Of money in suspense the payment ends: up to what is due it clears the debt; the rest, and all of it after the
        payment's end, is unapplied. What refused an end is told of it again. What was paid after close pays its invoice
        after all; what a refund gave back of another amount counts as given back. An approver's: `admin:write`.
        """
        return self.settle(case_id, suspense.apply_money, ActBody)


class ReturnMoney(CaseMoney):
    """It goes back, was given back, or is not ours."""

    @extend_schema(operation_id="return_case_money", request=ReturnBody, responses=CaseShape, examples=[
        examples.sent({"reason": "sent back on 3 February"}), examples.shown(examples.CASE_RETURNED),
    ])  # fmt: skip
    def post(self, request: Request, case_id: str) -> Response:
        """Give a case's money back, or book that it was given back or is not ours; the case is closed.

        Of money in suspense nothing is sent: the payment ends without it, and what it was for gets its reservation off.
        What was paid after close is refunded by its provider; where that can't, or `by_hand`, it is booked as given
        back by a person. A refund of it that fails opens the case again. Of a refund of another amount: nothing
        is gone, and it is called off. What a payer paid to set a method up, and its gateway did not give back, is
        booked as given back by hand. An approver's: `admin:write`.
        """
        return self.settle(case_id, suspense.return_money, ReturnBody)


class LeftOnce(CaseMoney):
    """Given back and taken back: one movement."""

    @extend_schema(operation_id="case_left_once", request=ActBody, responses=CaseShape, examples=[
        examples.sent({"reason": "iPaymu shows our own transfer"}), examples.shown(examples.CASE_LEFT),
    ])  # fmt: skip
    def post(self, request: Request, case_id: str) -> Response:
        """Say that what had left by hand, or by a dispute, and what its provider took back are one movement.

        The books have it; where less had left, the rest counts as given back by hand, too. The case, a
        `given_and_taken`, is closed. An approver's: `admin:write`.
        """
        return self.settle(case_id, left_twice.once, ActBody)


class LeftTwice(CaseMoney):
    """Given back and taken back: two movements."""

    @extend_schema(operation_id="case_left_twice", request=ActBody, responses=CaseShape, examples=[
        examples.sent({"reason": "both stand in the statements"}),
        examples.shown({**examples.CASE_LEFT, "resolution": "it left twice: both stand in the statements"}),
    ])  # fmt: skip
    def post(self, request: Request, case_id: str) -> Response:
        """Say that it left twice: by hand, or by a dispute, and by its provider; the case is closed.

        A payment that stood as paid is reversed, and what it had paid is owed again. What had left the books with what
        was given back by hand is a loss. Of a case `given_and_taken`. An approver's: `admin:write`.
        """
        return self.settle(case_id, left_twice.twice, ActBody)
