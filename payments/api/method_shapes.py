"""What is asked of payment methods, and what the first answer shows alone: an approval to sign, a set-up's secret."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from engine.core import money
from engine.rest.shapes import IdField, MetadataField, MinorField, Shape, TextField, TruthField
from payments import methods
from payments.api.shapes import PaymentMethodShape, SetupShape


class ApprovalShape(serializers.Serializer[Any]):
    """What the payer's wallet is to sign and send."""

    transaction = serializers.CharField(help_text="Unsigned, base64; good for a minute or two")
    currency = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="What may be pulled in all once it is signed")
    amount = serializers.CharField(allow_null=True)
    kept_minor = serializers.IntegerField(help_text="The part of it for what was agreed before")
    kept = serializers.CharField(allow_null=True)
    replaces = serializers.CharField(allow_null=True, help_text="Whose approval ends by this one")
    replaces_foreign = serializers.BooleanField(help_text="That one is a stranger's")


class SetupAskedShape(SetupShape):
    """How the payer goes on."""

    client_secret = serializers.CharField(
        required=False,
        help_text="For the gateway's fields in the payer's browser. Shown in the first answer alone",
    )
    public_key = serializers.CharField(
        required=False, help_text="With which those fields are opened; anybody may see it"
    )


class MethodAskedShape(PaymentMethodShape):
    """A method, and what its payer is to do: one of `approval` and `setup`."""

    approval = ApprovalShape(allow_null=True)
    setup = SetupAskedShape(allow_null=True)


class MethodOptions(Shape):
    """What a rail can be told."""

    wrap_lamports = MinorField(required=False, min_value=0, help_text="Native SOL to wrap first; SOL alone")
    strict_once = TruthField(required=False, help_text="Also lock each payment on chain")


class SetupOptions(MethodOptions):
    """What a rail or gateway can be told; each refuses what is another's."""

    channel = TextField(
        required=False, max_length=40, help_text="iPaymu: such as va:bni; without one the payer chooses"
    )
    card = serializers.DictField(
        required=False,
        help_text="Flutterwave v4: what the payer's browser encrypted for it, by its `public_key` (list_providers); we "
        "can't read it",
    )


class ApprovalBody(Shape):
    """What the approval is to cover."""

    add_minor = MinorField(
        min_value=1, max_value=money.HIGHEST_APPROVAL_MINOR, help_text="What this commitment may pull in all"
    )
    commitments_minor = MinorField(
        required=False, min_value=0, max_value=money.HIGHEST_APPROVAL_MINOR,
        help_text="What others need that no approval stands for any more",
    )  # fmt: skip
    options = MethodOptions(required=False)


class NewMethodBody(ApprovalBody):
    """A new method. A wallet's approval takes `wallet` and what it is to cover, a gateway's set-up `return_url`."""

    customer = IdField("customer", source="customer_id")
    currency = TextField(max_length=10)
    provider = TextField(required=False, max_length=40, default=methods.DEFAULT)
    wallet = TextField(required=False, max_length=64, help_text="Needed with an approval")
    add_minor = MinorField(
        required=False, min_value=1, max_value=money.HIGHEST_APPROVAL_MINOR,
        help_text="Needed with an approval: what this commitment may pull in all",
    )  # fmt: skip
    return_url = TextField(
        required=False, max_length=2000, help_text="Gateways alone: the page that the payer comes back to"
    )
    phone = TextField(
        required=False, max_length=20, help_text="Gateways alone: where a channel needs the payer's number"
    )
    options = SetupOptions(required=False)
    metadata = MetadataField(required=False)


class MethodChange(Shape):
    """What is to change; the rest stays."""

    metadata = MetadataField(required=False, help_text="By name; an empty text takes its name away")


class ConfirmBody(Shape):
    """What the approval must cover."""

    needed_minor = MinorField(
        required=False, min_value=1, help_text="With an approval: such as the first period; default 1"
    )


class MethodReasonBody(Shape):
    """Why."""

    reason = TextField(required=False, max_length=2000, allow_blank=True, help_text="For the audit")
