"""manage.py pause"""

from __future__ import annotations

from typing import Any

from billing import stop
from ops import console
from ops.trying import SwitchingCommand
from payments import switches


class Command(SwitchingCommand):
    help = (
        "Stop money: of a subscription (it is not billed, scheduled payments are canceled, invoices stay open), of a "
        "provider, or all of it. What is in flight can't be stopped; it is looked up and booked all the same."
    )

    def act(self, options: dict[str, Any], who: dict[str, Any]) -> tuple[dict[str, Any], str]:
        if options["all"]:
            switches.stop_sending(**who)
            return {"paused": "all"}, "Nothing is signed or sent any more. Open attempts are still looked up."
        if options["provider"]:
            switches.pause(options["provider"], **who)
            return {"paused": options["provider"]}, f"Nothing is sent through {options['provider']} any more."
        stopped = stop.pause(console.an_id("subscription", options["subscription"]), **who)
        flying = [str(each) for each in stopped.in_flight]
        note = f"It is paused; {len(flying)} payments are in flight and can't be stopped."
        return {"paused": options["subscription"], "in_flight": flying}, note
