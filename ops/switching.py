"""The frame of pause and resume: what is chosen, why, and whether it is only tried."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.core.management.base import CommandParser

from engine.core.actor import of_shell
from engine.core.dry_run import kept_unless
from ops import console
from ops.console import Answer, AnsweringCommand


class SwitchingCommand(AnsweringCommand):
    """Takes one of --subscription, --provider and --all with a reason, and calls the verb in one transaction."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("--subscription", metavar="ID", help="one subscription")
        chosen.add_argument("--provider", metavar="NAME", help="one provider: what is sent through it")
        chosen.add_argument("--all", action="store_true", help="everything: whatever anybody signs or sends")
        console.reason(parser)
        console.dry_run(parser)

    def work(self, **options: Any) -> Answer:
        with kept_unless(options["dry_run"]):
            data, note = self.switch(options, {"reason": options["reason"], "by": of_shell()})
        tried = ["This was a dry run: all of it was rolled back."] if options["dry_run"] else []
        return Answer({"dry_run": options["dry_run"], **data}, notes=[note, *tried])

    @abstractmethod
    def switch(self, options: dict[str, Any], who: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Call the verb with `who` (reason, by). Returns the data of the answer and one sentence."""
