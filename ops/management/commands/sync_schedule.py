"""manage.py sync_schedule"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.module_loading import import_string

from engine.core.actor import of_shell
from engine.core.errors import Refusal
from ops import timetable
from ops.console import Answer, AnsweringCommand, Table
from payments import switches


class Command(AnsweringCommand):
    help = (
        "Seed beat's timetable and the providers' switches from the environment. An entry that still is as it "
        "was seeded follows the environment; one that an operator edited is kept, and its description says so."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--restore", nargs="+", default=[], metavar="NAME", help="take back the edits of these entries"
        )
        parser.add_argument("--reason", default="", help="why, for those who read the audit; with --restore")

    def work(self, **options: Any) -> Answer:
        if options["restore"] and not options["reason"]:
            raise Refusal(
                "reason_missing", "--restore needs a --reason, for those who read the audit", param="reason"
            )
        said = timetable.sync(
            import_string(settings.TIMETABLE)(),
            restore=options["restore"],
            by=of_shell(),
            reason=options["reason"],
        )
        made = switches.seed()
        keys = ("name", "schedule", "result")
        data = {"entries": [dict(zip(keys, row, strict=True)) for row in said], "switches_made": made}
        notes = [f"{made} providers' switches made."] if made else []
        return Answer(data, [Table("Timetable", ("entry", "schedule", "what was done"), said)], notes)
