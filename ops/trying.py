"""The frame of commands that call one verb: why, and whether it is only tried."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.core.management.base import CommandParser

from engine.core.actor import of_shell
from engine.core.dry_run import kept_unless
from ops import console
from ops.console import Answer, AnsweringCommand


class TryingCommand(AnsweringCommand):
    """Calls a verb with a reason, in a transaction that a dry run rolls back."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        self.add_what(parser)
        console.reason(parser)
        console.dry_run(parser)

    def work(self, **options: Any) -> Answer:
        with kept_unless(options["dry_run"]):
            data, note = self.act(options, {"reason": options["reason"], "by": of_shell()})
        tried = ["This was a dry run: all of it was rolled back."] if options["dry_run"] else []
        return Answer({"dry_run": options["dry_run"], **data}, notes=[note, *tried])

    @abstractmethod
    def add_what(self, parser: CommandParser) -> None:
        """Add the arguments that say what the verb is called for."""

    @abstractmethod
    def act(self, options: dict[str, Any], who: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Call the verb with `who` (reason, by). Returns the data of the answer and one sentence."""


class SwitchingCommand(TryingCommand):
    """One of --subscription, --provider and --all: pause and resume."""

    def add_what(self, parser: CommandParser) -> None:
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("--subscription", metavar="ID", help="one subscription")
        chosen.add_argument("--provider", metavar="NAME", help="one provider: what is sent through it")
        chosen.add_argument("--all", action="store_true", help="everything: whatever anybody signs or sends")


class PaymentCommand(TryingCommand):
    """One payment, by its id."""

    def add_what(self, parser: CommandParser) -> None:
        parser.add_argument("payment", help="its id")
