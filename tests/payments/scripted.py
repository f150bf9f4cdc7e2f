"""A provider whose world the test writes: what each send and each look answers, by payment."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from engine.core.errors import Refusal
from engine.providers.abilities import Hint
from engine.providers.base import (
    Asked,
    FailureClass,
    Finding,
    Hold,
    Outcome,
    Payable,
    Prepared,
    ProviderUnavailable,
    Sendable,
    Sheet,
)

TAKEN_BACK = Finding(Outcome.REVERSED, FailureClass.NONE, "account_closed", "The bank sent it back.")


class Scripted:
    """`replies` and `looks` map a payment to the findings it gets, first to last; the last one stays."""

    name = "scripted"
    sheet = Sheet(
        provider="scripted",
        operations=("charge",),
        pulls=True,
        settlement="direct",
        resend_same_identity=("charge",),
        identity_seconds=None,
        unique_reference=("charge",),
        lookup_by_identity=True,
        lookup_batch=256,
        absence_after=0.0,
        absence_certain=("charge", "refund"),
        cancel=False,
        reversible=False,
        currencies=("USDC", "SOL"),
    )

    def __init__(self) -> None:
        self.replies: dict[UUID, list[Finding]] = {}
        self.looks: dict[UUID, list[Finding]] = {}
        self.holds: dict[UUID, Hold] = {}
        self.late_holds: dict[UUID, Hold] = {}  # said when the rows are written, after signing
        self.sent: list[Sendable] = []
        self.prepared = 0
        self.down: ProviderUnavailable | None = None
        self.left_out: set[UUID] = set()  # payments whose looks get no answer, while others do

    def context(self, payables: Sequence[Payable]) -> Any:
        if self.down:
            raise self.down
        return None

    def prepare(self, payables: Sequence[Payable], context: Any) -> list[Prepared | Hold]:
        answers: list[Prepared | Hold] = []
        for payable in payables:
            if payable.payment_id in self.holds and not payable.last_try:
                answers.append(self.holds[payable.payment_id])
                continue
            self.prepared += 1
            identity = f"{payable.payment_id.hex}-{self.prepared}"
            answers.append(Prepared(payable.payment_id, identity, identity.encode(), {"n": self.prepared}))
        return answers

    def committing(self, prepared: Sequence[Prepared]) -> list[Hold]:
        return [self.late_holds[one.payment_id] for one in prepared if one.payment_id in self.late_holds]

    def submit(self, sendable: Sendable) -> Finding:
        self.sent.append(sendable)
        return _next(self.replies, sendable.payment_id, Finding(Outcome.PENDING, code="accepted"))

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        if self.down:
            raise self.down
        answered = [one for one in asked if one.payment_id not in self.left_out]
        return {one.attempt_id: _next(self.looks, one.payment_id, paid(one)) for one in answered}


class Telling(Scripted):
    """Calls back: a JSON list of hints (or one), signed with `X-Signature`. "unreadable" and "broken" are so."""

    secret = b"whsec_of_the_tests"
    sheet = replace(Scripted.sheet, reversible=True)

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
        if b"broken" in body:
            raise KeyError("a mistake of the adapter")
        if not hmac.compare_digest(self.signature(body), headers.get("X-Signature", "")):
            raise self.wrong(body)
        if b"unreadable" in body:
            raise Refusal("callback_unreadable", "it can't be read", param="body")
        return self.hints(body)

    def wrong(self, body: bytes) -> Refusal:
        return Refusal("signature_wrong", "the signature is wrong", param="body")

    def hints(self, body: bytes) -> list[Hint]:
        told = json.loads(body)
        return [Hint(**each) for each in (told if isinstance(told, list) else [told])]

    def signature(self, body: bytes) -> str:
        return hmac.new(self.secret, body, hashlib.sha256).hexdigest()


def paid(one: Asked | None = None, **changes: Any) -> Finding:
    """A final success of what was asked for, with `changes`."""
    values: dict[str, Any] = {"outcome": Outcome.SUCCEEDED, "movement_id": "m"}
    if one is not None:
        values |= {"gross_minor": one.amount_minor, "currency": one.currency, "fee_minor": one.fee_minor}
    return Finding(**(values | changes))


def declined(code: str = "allowance_too_small", **changes: Any) -> Finding:
    """A final refusal."""
    return Finding(Outcome.DECLINED, FailureClass.PAYER_ACTION, code, "the allowance is too small", **changes)


def _next(script: dict[UUID, list[Finding]], payment_id: UUID, default: Finding) -> Finding:
    left = script.get(payment_id)
    if not left:
        return default
    return left.pop(0) if len(left) > 1 else left[0]
