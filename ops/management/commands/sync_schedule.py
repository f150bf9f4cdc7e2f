"""`manage.py sync_schedule`: seed beat's timetable; keep what operators edited."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from ops import timetable
from payments import switches


class Command(BaseCommand):
    help = "Seed beat's timetable and the providers' switches from the environment. Edited entries are kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--restore", nargs="*", default=[], metavar="NAME", help="take back edits of these"
        )
        parser.add_argument("--json", action="store_true", help="data for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        entries = import_string(settings.TIMETABLE)()
        said = timetable.sync(entries, restore=options["restore"])
        made = switches.seed()
        if options["json"]:
            keys = ("name", "schedule", "result")
            rows = [dict(zip(keys, row, strict=True)) for row in said]
            self.stdout.write(json.dumps({"entries": rows, "switches_made": made}))
            return
        for name, schedule, result in said:
            self.stdout.write(f"{name:40} {schedule:24} {result}")
