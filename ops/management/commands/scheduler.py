"""manage.py scheduler start|stop|status"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from engine.core.actor import of_shell
from ops import scheduler
from ops.console import Answer, AnsweringCommand, Table
from ops.scheduler import Status


class Command(AnsweringCommand):
    help = (
        "Let beat bill what is due (start), let it bill nothing by itself until it is started again (stop), or say how "
        "it is (status; exit code 1 unless it runs). A stop outlives restarts and sync_schedule; what was scheduled "
        "before goes on: `pause --all` stops that. The timetable's other entries are not touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=("start", "stop", "status"))
        parser.add_argument("--reason", default="", help="why, for those who read the audit later")

    def work(self, **options: Any) -> Answer:
        action = options["action"]
        reason = options["reason"] or f"manage.py scheduler {action}"
        if action == "start":
            scheduler.start(by=of_shell(), reason=reason)
        elif action == "stop":
            scheduler.stop(by=of_shell(), reason=reason)
        now = scheduler.status()
        return Answer(
            now._asdict(), [_table(now)], [_sentence(now)], _failure(now) if action != "stop" else ""
        )


def _table(now: Status) -> Table:
    age = "never heard" if now.tick_age_seconds is None else f"{now.tick_age_seconds:.1f} s ago"
    rows = [
        ("switched on", "yes" if now.enabled else "no"), ("last tick", age),
        ("last cycle", now.last_run_at or "none yet"), ("next cycle", now.next_run_at or "none"),
        ("paid today", now.processed_today), ("failed today", now.failed_today),
    ]  # fmt: skip
    return Table("Scheduler (UTC)", ("", ""), rows)


def _sentence(now: Status) -> str:
    return "Payments are billed by themselves." if now.running else "Payments are not billed by themselves."


def _failure(now: Status) -> str:
    if now.running:
        return ""
    if now.enabled:
        return "it is switched on, and beat has not been heard: start beat and a worker of the queue io"
    return "it is switched off: manage.py scheduler start"
