"""manage.py doctor"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ops import doctor, variables
from ops.console import Answer, AnsweringCommand, Table
from ops.probes import FAULT, OK, WARN

_MARKS = {OK: "ok", WARN: "look", FAULT: "WRONG"}


class Command(AnsweringCommand):
    help = (
        "Look at every part side by side (database, migrations, Redis, providers and their network, clocks, beat, "
        "workers, timetable, switches, books, disk) and say for each fault how to mend it. Ends within two seconds, "
        "changes nothing. Exit code 1 if something is wrong; what is only worth a look is none. A wrong "
        "environment is told before any command begins, as text, with --json too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--variables", action="store_true", help="show every variable too, not only those given"
        )

    def work(self, **options: Any) -> Answer:
        found = doctor.examine()
        known = variables.listed()
        wrong = sorted(name for name, seen in found.items() if seen.state == FAULT)
        data = {
            "ok": not wrong,
            "checks": {name: {"state": seen.state, "said": seen.sentence, "mend": seen.mend}
                       for name, seen in found.items()},
            "variables": {each.name: {"value": each.value, "source": each.source} for each in known},
        }  # fmt: skip
        checks = [
            (_MARKS[seen.state], name, seen.sentence, seen.mend) for name, seen in sorted(found.items())
        ]
        shown = [each for each in known if options["variables"] or each.source != "default"]
        tables = [Table("Variables", ("name", "value", "source"), shown),
                  Table("Checks", ("", "part", "found", "mend"), checks)]  # fmt: skip
        notes = [] if wrong else ["Nothing is wrong."]
        return Answer(data, tables, notes, f"wrong: {', '.join(wrong)}" if wrong else "")
