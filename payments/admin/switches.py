"""What stops and starts sending: one provider, or everything."""

from __future__ import annotations

from django.contrib import admin

from engine.audit.preview import Operated, action
from engine.core.actor import Role
from payments import models, switches


@admin.register(models.ProviderSwitch)
class ProviderSwitchAdmin(Operated):
    list_display = ("provider", "paused", "reason", "concurrency")
    search_fields = ()
    actions = (
        action("Pause", switches.pause, "Nothing is sent through it; what is open is still looked up."),
        action("Resume", switches.resume, "What waited is sent again by the next tick.", role=Role.APPROVER),
    )


@admin.register(models.KillSwitch)
class KillSwitchAdmin(Operated):
    list_display = ("id", "sending", "reason")
    search_fields = ()
    actions = (
        action("Stop all sending", lambda pk, **said: switches.stop_sending(**said),
               "From this commit on nothing is signed or sent, by anybody, through any provider."),
        action("Start sending", lambda pk, **said: switches.start_sending(**said),
               "Everything that is due is sent again by the next tick.", role=Role.APPROVER),
    )  # fmt: skip
