"""manage.py sweep"""

from __future__ import annotations

from typing import Any

from billing import sweep as owed
from ops import console
from ops.console import Answer, AnsweringCommand, Table
from payments.pipeline import sweep


class Command(AnsweringCommand):
    help = (
        "Audit that no open payment, draft or billed subscription is without a next action, and give one to those "
        "that are; ask for what waited for a provider that is back. Sends nothing; beat does the same every minute."
    )

    def work(self, **options: Any) -> Answer:
        with console.progress() as bar:
            bar.add_task("sweeping", total=None)
            swept = {**sweep.sweep(), **owed.sweep()}
        mended = sum(swept.values())
        note = (
            f"{mended} rows had no next action and have one now, or are held."
            if mended
            else "Nothing was missed."
        )
        rows = [(state.replace("_", " "), count) for state, count in swept.items()]
        return Answer({"mended": swept}, [Table("Mended", ("what", "rows"), rows)], [note])
