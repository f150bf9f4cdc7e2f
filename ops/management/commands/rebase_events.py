"""manage.py rebase_events"""

from __future__ import annotations

from typing import Any

from engine.outbox import order
from ops.console import Answer, AnsweringCommand


class Command(AnsweringCommand):
    help = (
        "After a restore from a dump into another cluster, before anything runs: events from now on stand behind all "
        "that was restored, so that readers of /api/events who remember where they were skip none."
    )

    def work(self, **options: Any) -> Answer:
        base = order.rebase()
        return Answer({"base": base}, notes=[f"Events from now on stand behind position {base}."])
