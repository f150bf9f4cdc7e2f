"""What callers see of callbacks. The body stays inside: it may name payers and what they pay with."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from engine.rest.shapes import IdField, KindField, LiveField, MomentField, Shape, TextField
from payments.callbacks.models import Callback

CALLBACK_STATES = Callback.State.values
_HEX = "0198c0de00007000800000000000000"
_AT = "2026-01-31T09:30:14Z"


class CallbackShape(serializers.Serializer[Any]):
    """What a provider told us of one event, and what it led to."""

    id = IdField("callback")
    object = KindField("callback")
    livemode = LiveField()
    provider = serializers.CharField()
    event = serializers.CharField(source="event_id", help_text="The provider's, or made from the body")
    kind = serializers.CharField(help_text="The provider's own word")
    state = serializers.ChoiceField(choices=CALLBACK_STATES, help_text="unknown: it names nothing of ours")
    refusal = serializers.CharField(help_text="Why it is not believed")
    sentence = serializers.CharField(source="said", help_text="What it led to, or why it waits")
    payment = IdField("payment", source="payment_id", allow_null=True)
    attempt = IdField("attempt", source="attempt_id", allow_null=True)
    identity = serializers.CharField(help_text="Our key or reference, as it names it")
    provider_ref = serializers.CharField(help_text="The provider's own id of what it names")
    dispute_ref = serializers.CharField()
    setup_ref = serializers.CharField()
    deliveries = serializers.IntegerField(help_text="How often it arrived")
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of the body")
    received_at = MomentField()
    last_received_at = MomentField()
    next_action_at = MomentField(allow_null=True, help_text="When it is worked next")
    worked_at = MomentField(allow_null=True)


class CallbackWholeShape(CallbackShape):
    """With its headers; those that are secrets have no value."""

    headers = serializers.DictField(child=serializers.CharField())


class AgainBody(Shape):
    """Why: needed, for those who read it later."""

    reason = TextField(max_length=2000, help_text="For the audit")


CALLBACK: dict[str, Any] = {
    "id": f"cbk_{_HEX}1", "object": "callback", "livemode": False, "provider": "stripe", "event": "evt_1",
    "kind": "payment_intent.succeeded", "state": "done", "refusal": "",
    "sentence": "its attempt (pending) is looked up now", "payment": f"pay_{_HEX}8", "attempt": f"att_{_HEX}9",
    "identity": "", "provider_ref": "pi_1", "dispute_ref": "", "setup_ref": "", "deliveries": 1, "size_bytes": 812,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "received_at": _AT,
    "last_received_at": _AT, "next_action_at": None, "worked_at": "2026-01-31T09:30:15Z",
}  # fmt: skip
WHOLE: dict[str, Any] = {
    **CALLBACK,
    "headers": {"content-type": "application/json", "user-agent": "Stripe/1.0"},
}
AGAIN: dict[str, Any] = {
    **WHOLE, "state": "waiting", "sentence": "to be worked again", "next_action_at": "2026-01-31T10:00:00Z",
}  # fmt: skip
