"""manage.py pause"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing import stop
from engine.core.actor import of_shell
from engine.core.errors import Refusal
from ops import console
from ops.console import Answer, AnsweringCommand
from payments import switches


def which(parser: CommandParser) -> None:
    """What is paused or resumed."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--subscription", metavar="ID", help="one subscription: it is not billed")
    chosen.add_argument("--provider", metavar="NAME", help="one provider: nothing is sent through it")
    chosen.add_argument("--all", action="store_true", help="everything: nothing is signed or sent by anybody")


class Command(AnsweringCommand):
    help = (
        "Stop money: of a subscription (it is not billed, scheduled payments are canceled, invoices stay open), of a "
        "provider, or all of it. What is in flight can't be stopped; it is looked up and booked all the same."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which(parser)
        console.reason(parser)
        console.dry_run(parser)

    def work(self, **options: Any) -> Answer:
        known_provider(options["provider"])
        with console.kept_unless(options["dry_run"]):
            data, note = _pause(options)
        return Answer({"dry_run": options["dry_run"], **data}, notes=dry(options, [note]))


def known_provider(name: str | None) -> None:
    """Raises Refusal for a provider that has no switch."""
    if name is not None and not switches.ProviderSwitch.objects.filter(provider=name).exists():
        raise Refusal("provider_unknown", f"there is no provider {name!r}, or sync_schedule was not run",
                      param="provider")  # fmt: skip


def dry(options: dict[str, Any], notes: list[str]) -> list[str]:
    """The notes, with what a dry run must say."""
    return [*notes, "This was a dry run: all of it was rolled back."] if options["dry_run"] else notes


def _pause(options: dict[str, Any]) -> tuple[dict[str, Any], str]:
    who = {"reason": options["reason"], "by": of_shell()}
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
