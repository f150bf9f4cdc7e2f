"""What callers see of payments. No envelope, no fence: what was signed stays inside."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from engine.providers.base import FailureClass, Outcome
from engine.rest import ids
from engine.rest.shapes import (
    IdField,
    KindField,
    LiveField,
    MajorField,
    MetadataField,
    MomentField,
    OfRow,
    WholeOrIdField,
    major,
)
from payments.models import Attempt, Evidence, Payment, PaymentMethod

PAYMENT_STATES, ATTEMPT_STATES = Payment.State.values, Attempt.State.values
METHOD_STATES = PaymentMethod.State.values
SETUP_KINDS = ("hosted_fields", "redirect", "none")
OPERATIONS = ("charge", "refund", "release", "payout")
EVIDENCE_SOURCES, OUTCOMES = Evidence.Source.values, [outcome.value for outcome in Outcome]
FAILURES = [each.value for each in FailureClass]


class SourceShape(serializers.Serializer[Any]):
    """What a payment is for."""

    object = serializers.CharField()
    id = serializers.CharField()


@extend_schema_field(SourceShape)
class SourceField(OfRow):
    """`{"object": "invoice", "id": "inv_…"}`."""

    def to_representation(self, value: Payment) -> dict[str, str]:
        known = value.source_kind in ids.PREFIXES
        text = ids.show(value.source_kind, value.source_id) if known else str(value.source_id)
        return {"object": value.source_kind, "id": text}


@extend_schema_field({"type": "string", "nullable": True, "example": "0.000005000"})
class NetworkFeeField(OfRow):
    """What the network took, in its own currency."""

    def to_representation(self, value: Evidence) -> str | None:
        return major(value.network_fee_minor, value.network_currency)


@extend_schema_field({"type": "string"})
class DetailField(OfRow):
    """A text of an approved method's details: an address of the chain. What a gateway keeps is shown to nobody."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.name = name
        super().__init__(**kwargs)

    def to_representation(self, value: PaymentMethod) -> str:
        return "" if value.setup_kind else str(value.details.get(self.name, ""))


class LabelShape(serializers.Serializer[Any]):
    """What people know a card or account by, as far as its gateway says it; never more of its number."""

    brand = serializers.CharField(required=False)
    last4 = serializers.CharField(required=False)
    exp_month = serializers.IntegerField(required=False)
    exp_year = serializers.IntegerField(required=False)
    bank = serializers.CharField(required=False)
    channel = serializers.CharField(required=False)


class SetupShape(serializers.Serializer[Any]):
    """How a payer gives a method to a gateway."""

    kind = serializers.ChoiceField(
        source="setup_kind", choices=SETUP_KINDS,
        help_text="The gateway's fields in your page, its own page, or nothing to do",
    )  # fmt: skip
    url = serializers.CharField(
        source="setup_url", help_text="The gateway's own page; empty when it is no longer of use"
    )
    expires_at = MomentField(source="setup_until", help_text="Until when the payer is waited for")


class WhyShape(serializers.Serializer[Any]):
    """Why it failed; empty where it did not."""

    failure_class = serializers.ChoiceField(choices=FAILURES)
    failure_code = serializers.CharField()
    failure_message = serializers.CharField()


class PaymentMethodShape(serializers.Serializer[Any]):
    """What a payer is collected from. Balance and allowance are as the last look found them."""

    id = IdField("payment_method")
    object = KindField("payment_method")
    livemode = LiveField()
    customer = IdField("customer", source="customer_id")
    provider = serializers.CharField()
    currency = serializers.CharField()
    state = serializers.ChoiceField(choices=METHOD_STATES)
    default = serializers.BooleanField(
        source="is_default", help_text="What the customer's subscriptions are collected from that name none"
    )
    label = LabelShape()  # type: ignore[assignment]
    setup = SetupShape(allow_null=True, help_text="Null of one that is approved on a chain")
    wallet = DetailField("payer")
    token_account = DetailField("source", help_text="What is pulled from; empty where the provider has none")
    mint = DetailField("mint")
    checked_at = MomentField(allow_null=True)
    check_code = serializers.CharField(help_text="Not empty: a pull would fail now")
    check_message = serializers.CharField()
    balance_minor = serializers.IntegerField(allow_null=True)
    balance = MajorField("balance_minor")
    allowance_minor = serializers.IntegerField(allow_null=True)
    allowance = MajorField("allowance_minor")
    metadata = MetadataField()
    created_at = MomentField()


class AttemptShape(WhyShape):
    """One identity under which a payment was, or may have been, sent."""

    id = IdField("attempt")
    object = KindField("attempt")
    livemode = LiveField()
    payment = IdField("payment", source="payment_id")
    no = serializers.IntegerField(source="seq")
    provider = serializers.CharField()
    identity = serializers.CharField(help_text="Signature, key or reference at the provider")
    state = serializers.ChoiceField(choices=ATTEMPT_STATES)
    sends = serializers.IntegerField(source="send_no", help_text="How often it left, under this one identity")
    created_at = MomentField()
    resolved_at = MomentField(allow_null=True)


class EvidenceShape(serializers.Serializer[Any]):
    """What somebody said about an attempt."""

    id = IdField("evidence")
    object = KindField("evidence")
    livemode = LiveField()
    attempt = IdField("attempt", source="attempt_id")
    payment = IdField("payment", source="payment_id")
    source = serializers.ChoiceField(choices=EVIDENCE_SOURCES)  # type: ignore[assignment]
    send = serializers.IntegerField(source="send_no", help_text="The send that it speaks for")
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    failure_class = serializers.ChoiceField(choices=FAILURES)
    code = serializers.CharField()
    message = serializers.CharField()
    provisional = serializers.BooleanField(help_text="Confirmed, not final")
    provider_ref = serializers.CharField()
    movement_id = serializers.CharField(help_text="Of the movement of money at the provider")
    currency = serializers.CharField()
    gross_minor = serializers.IntegerField(allow_null=True, help_text="What left the payer")
    gross = MajorField("gross_minor")
    fee_minor = serializers.IntegerField(allow_null=True, help_text="What of it is the platform's")
    fee = MajorField("fee_minor")
    network_fee_minor = serializers.IntegerField()
    network_fee = NetworkFeeField()
    network_currency = serializers.CharField()
    detail = serializers.DictField(help_text="The provider's own facts")
    verdict = serializers.CharField(help_text="What applying it did")
    observed_at = MomentField()
    applied_at = MomentField(allow_null=True)


class AttemptWholeShape(AttemptShape):
    """An attempt with what was said about it: the newest hundred, oldest first."""

    evidence = EvidenceShape(many=True)
    evidence_has_more = serializers.BooleanField(help_text="GET /api/attempts/{id}/evidence has all")


class ActionShape(serializers.Serializer[Any]):
    """What a payer is to do before money moves: pay a link, or confirm at their bank's page."""

    type = serializers.CharField(
        help_text="redirect; none: where to is lost, and nothing new is made before `expires_at`"
    )
    url = serializers.CharField(allow_null=True, help_text="Where; for the payer alone")
    expires_at = serializers.CharField(allow_null=True, help_text="Until when, where the provider says it")


class PaymentShape(WhyShape):
    """One obligation to move money, whatever it takes."""

    id = IdField("payment")
    object = KindField("payment")
    livemode = LiveField()
    operation = serializers.ChoiceField(choices=OPERATIONS)
    provider = serializers.CharField()
    source = SourceField()  # type: ignore[assignment]
    no = serializers.IntegerField(help_text="The n-th payment for that source")
    payment_method = WholeOrIdField("payment_method", PaymentMethodShape, source="method_id", allow_null=True)
    state = serializers.ChoiceField(choices=PAYMENT_STATES)
    sentence = serializers.CharField(
        allow_null=True, default=None, help_text="Where it stands, why, and what comes next. Null in lists"
    )
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField()
    amount = MajorField("amount_minor")
    fee_minor = serializers.IntegerField(help_text="What of the amount is the platform's")
    fee = MajorField("fee_minor")
    settled_minor = serializers.IntegerField()
    settled = MajorField("settled_minor")
    refunding_minor = serializers.IntegerField(help_text="Asked to be given back, not done yet")
    refunding = MajorField("refunding_minor")
    refunded_minor = serializers.IntegerField()
    refunded = MajorField("refunded_minor")
    disputed_minor = serializers.IntegerField()
    disputed = MajorField("disputed_minor")
    settlement = serializers.ChoiceField(choices=("direct", "platform"))
    waiting = serializers.CharField(
        help_text="For whom it waits: funds, payee, provider, retry, queue, switch, payer"
    )
    action = ActionShape(
        allow_null=True, default=None, help_text="What its payer is to do, while it waits for that. Null in lists "
        "that don't expand it"
    )  # fmt: skip
    parked_at = MomentField(allow_null=True)
    parked_reason = serializers.CharField(help_text="Not empty: a person decides")
    next_action_at = MomentField(allow_null=True, help_text="When it is looked at next; machine time")
    provisional_at = MomentField(allow_null=True, help_text="Seen as paid, not final yet")
    due_at = MomentField(help_text="Business time")
    grace_until = MomentField(
        help_text="Until then it waits for funds: a window from the first look that finds too little; business time"
    )
    clock_id = serializers.IntegerField(help_text="0: real time; else a simulated clock")
    correlation_id = serializers.UUIDField(allow_null=True)
    created_at = MomentField()
    ended_at = MomentField(allow_null=True)
    # Not of the row: its own `attempts` would be read one payment at a time.
    attempts = AttemptShape(
        source="told_attempts",
        many=True,
        allow_null=True,
        default=None,
        help_text="Null in lists that don't expand it",
    )


class AcceptedShape(PaymentShape):
    """The payment, and the job that goes on with it."""

    job = IdField("job", help_text="GET /api/jobs/{id}")


class MomentShape(serializers.Serializer[Any]):
    """One line of a timeline."""

    at = MomentField()
    kind = serializers.CharField(help_text="attempt, callback, evidence, event, posting or audit")
    title = serializers.CharField()
    detail = serializers.CharField()
    ids = serializers.DictField(child=serializers.CharField(), help_text="The rows it came from")


class CaseShape(serializers.Serializer[Any]):
    """Something that a person must decide."""

    id = IdField("case")
    object = KindField("case")
    livemode = LiveField()
    kind = serializers.CharField(
        help_text="paid_after_close, amount_differs, source_refused, reply_after_end, seen_after_end, reversed, "
        "evidence_failed, refund_by_hand, looked_in_vain, disputed, dispute_unplaced, partly_reversed, "
        "setup_not_returned, unreadable"
    )
    payment = WholeOrIdField("payment", PaymentShape, source="payment_id", allow_null=True)
    attempt = IdField("attempt", source="attempt_id", allow_null=True)
    sentence = serializers.CharField()
    opened_at = MomentField()
    closed_at = MomentField(allow_null=True)
    closed_by = serializers.CharField()
    resolution = serializers.CharField(help_text="What came of it")
