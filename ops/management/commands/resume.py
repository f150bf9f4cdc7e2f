"""manage.py resume"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing import resume
from engine.core.actor import of_shell
from ops import console
from ops.console import Answer, AnsweringCommand
from ops.management.commands.pause import dry, known_provider, which
from payments import switches


class Command(AnsweringCommand):
    help = (
        "Undo pause: a subscription goes on from its next date (what fell into the pause is skipped, what was open is "
        "asked for again), or a provider or everything sends again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        which(parser)
        console.reason(parser)
        console.dry_run(parser)

    def work(self, **options: Any) -> Answer:
        known_provider(options["provider"])
        with console.kept_unless(options["dry_run"]):
            data, note = _resume(options)
        return Answer({"dry_run": options["dry_run"], **data}, notes=dry(options, [note]))


def _resume(options: dict[str, Any]) -> tuple[dict[str, Any], str]:
    who = {"reason": options["reason"], "by": of_shell()}
    if options["all"]:
        switches.start_sending(**who)
        return {"resumed": "all"}, "Sending goes on; the tick finds what is due."
    if options["provider"]:
        switches.resume(options["provider"], **who)
        return {"resumed": options["provider"]}, f"{options['provider']} sends again."
    now = resume.resume(console.an_id("subscription", options["subscription"]), **who)
    data = {"resumed": options["subscription"], "state": now.state, "next_due_at": now.next_due_at}
    return data, f"It is {now.state}, due next at {now.next_due_at:%Y-%m-%d %H:%M:%S} UTC."
