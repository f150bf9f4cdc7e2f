"""manage.py resume"""

from __future__ import annotations

from typing import Any

from billing import resume
from ops import console
from ops.trying import SwitchingCommand
from payments import switches


class Command(SwitchingCommand):
    help = (
        "Undo pause: a subscription goes on from its next date (what fell into the pause is skipped, what was open is "
        "asked for again), or a provider or everything sends again."
    )

    def act(self, options: dict[str, Any], who: dict[str, Any]) -> tuple[dict[str, Any], str]:
        if options["all"]:
            switches.start_sending(**who)
            return {"resumed": "all"}, "Sending goes on; the tick finds what is due."
        if options["provider"]:
            switches.resume(options["provider"], **who)
            return {"resumed": options["provider"]}, f"{options['provider']} sends again."
        now = resume.resume(console.an_id("subscription", options["subscription"]), **who)
        data = {"resumed": options["subscription"], "state": now.state, "next_due_at": now.next_due_at}
        return data, f"It is {now.state}, due next at {now.next_due_at:%Y-%m-%d %H:%M:%S} UTC."
