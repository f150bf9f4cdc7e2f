"""manage.py run_maintenance"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing import upkeep
from engine.core.dry_run import kept_unless
from ops import console
from ops.console import Answer, AnsweringCommand, Table


class Command(AnsweringCommand):
    help = (
        "The daily maintenance now, in this process: expire what has ended, report the days up to now. Safe to repeat "
        "at any time, also while beat does it. Moves no money."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        console.dry_run(parser)

    def work(self, **options: Any) -> Answer:
        with console.progress() as bar:
            bar.add_task("maintaining", total=None)
            if options["dry_run"]:
                with kept_unless(True):
                    done = upkeep.maintain()
            else:
                done = upkeep.maintain()
        rows = [("subscriptions expired", done.expired), ("days reported", done.days)]
        notes = ["Another process is reporting; it does the rest."] if done.skipped else []
        if options["dry_run"]:
            notes.append("This was a dry run: all of it was rolled back.")
        data = {"dry_run": options["dry_run"], **done._asdict()}
        return Answer(data, [Table("Maintenance", ("", "count"), rows)], notes)
