"""Doors to what keeps money from moving: the kill switch for all, a pause per provider (row 0.67)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engine.providers import registry
from engine.rest import pages
from engine.rest.once import Done
from engine.rest.plain import plain
from engine.rest.shapes import KindField, LiveField, OfRow
from engine.rest.views import RestView
from payments import switches
from payments.api import examples
from payments.api.acts import ActBody
from payments.models import KillSwitch, ProviderSwitch


class SendingShape(serializers.Serializer[Any]):
    """Whether anything is signed or sent at all."""

    object = KindField("sending")
    livemode = LiveField()
    sending = serializers.BooleanField(help_text="False: nothing is signed or sent by anybody")
    reason = serializers.CharField(help_text="Why it is stopped")


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class SheetField(OfRow):
    """A list of the provider's capability sheet."""

    def to_representation(self, value: ProviderSwitch) -> list[str]:
        return list(getattr(registry.get(value.provider).sheet, str(self.field_name)))


@extend_schema_field({"type": "string"})
class PublicKeyField(OfRow):
    """What the provider's fields in a payer's browser need of us."""

    def to_representation(self, value: ProviderSwitch) -> str:
        return registry.public_key(value.provider)


class ProviderShape(serializers.Serializer[Any]):
    """A rail or gateway, and whether anything is sent through it."""

    object = KindField("provider")
    livemode = LiveField()
    name = serializers.CharField(source="provider")
    paused = serializers.BooleanField(help_text="True: nothing is sent through it; what is open is looked up")
    reason = serializers.CharField(help_text="Why it is paused")
    concurrency = serializers.IntegerField(help_text="Sends that may be in flight over all workers")
    operations = SheetField()
    currencies = SheetField()
    public_key = PublicKeyField(
        help_text="With which payers' pages open its fields, or encrypt for it; empty: they need none"
    )


_WHY = examples.sent({"reason": "the chain is being upgraded"})
_SENDING, _PROVIDER = examples.shown(examples.SENDING), examples.shown(examples.PROVIDER)


class Sending(RestView):
    """The kill switch."""

    resource = "payments"

    @extend_schema(operation_id="get_sending", responses=SendingShape, examples=[_SENDING])
    def get(self, request: Request) -> Response:
        """Whether money is sent at all."""
        self.query(pages.NoQuery)
        return Response(_sending())


class OfSending(RestView):
    """A POST to the kill switch."""

    resource = "payments"

    def switch(self, verb: Callable[..., None]) -> Response:
        """Do `verb` once; how it stands then."""

        def work(data: dict[str, Any]) -> Done:
            verb(reason=data["reason"], by=self.actor)
            return Done(_sending(), "sending", 200)

        return self.once(ActBody, work)


class StopSending(OfSending):
    """Off."""

    @extend_schema(operation_id="stop_sending", request=ActBody, responses=SendingShape, examples=[
        _WHY, examples.shown({**examples.SENDING, "sending": False, "reason": "the chain is being upgraded"}),
    ])  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sign and send nothing more, by anybody, from this commit on. What is in flight is looked up and booked."""
        return self.switch(switches.stop_sending)


class StartSending(OfSending):
    """On."""

    key_needed = True

    @extend_schema(operation_id="start_sending", request=ActBody, responses=SendingShape,
                   examples=[_WHY, _SENDING])  # fmt: skip
    def post(self, request: Request) -> Response:
        """Let money be sent again; the tick finds what is due. An approver's: `admin:write`."""
        return self.switch(switches.start_sending)


class Providers(RestView):
    """All providers."""

    resource = "payments"

    @extend_schema(operation_id="list_providers", responses=pages.listed(ProviderShape),
                   examples=[examples.listed(examples.PROVIDER)])  # fmt: skip
    def get(self, request: Request) -> Response:
        """The configured providers by name, all on one page."""
        self.query(pages.NoQuery)
        there = ProviderSwitch.objects.filter(provider__in=registry.names()).order_by("provider")
        shown = [plain(each, ProviderShape) for each in there]
        return Response(
            {"object": "list", "data": shown, "has_more": False, "next_cursor": None, "next": None}
        )


class OfProvider(RestView):
    """A POST to one provider."""

    resource, object_name = "payments", "provider"

    def switch(self, name: str, verb: Callable[..., None]) -> Response:
        """Do `verb` once; the provider as it stands then."""

        def work(data: dict[str, Any]) -> Done:
            verb(name, reason=data["reason"], by=self.actor)
            return Done(plain(ProviderSwitch.objects.get(provider=name), ProviderShape), name, 200)

        return self.once(ActBody, work)


class PauseProvider(OfProvider):
    """A rest."""

    @extend_schema(operation_id="pause_provider", request=ActBody, responses=ProviderShape, examples=[
        _WHY, examples.shown({**examples.PROVIDER, "paused": True, "reason": "the chain is being upgraded"}),
    ])  # fmt: skip
    def post(self, request: Request, provider: str) -> Response:
        """Send nothing through it until it is resumed. Its open attempts are still looked up."""
        return self.switch(provider, switches.pause)


class ResumeProvider(OfProvider):
    """Going on."""

    key_needed = True

    @extend_schema(operation_id="resume_provider", request=ActBody, responses=ProviderShape,
                   examples=[_WHY, _PROVIDER])  # fmt: skip
    def post(self, request: Request, provider: str) -> Response:
        """Send through it again: what waited goes with the next tick. An approver's: `admin:write`."""
        return self.switch(provider, switches.resume)


def _sending() -> dict[str, Any]:
    return plain(KillSwitch.objects.get(pk=1), SendingShape)
