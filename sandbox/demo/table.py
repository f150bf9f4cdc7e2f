"""The live table: what is due, in flight, settled, failed and why, parked."""

from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from engine.core.money import to_major
from sandbox.demo.view import View

STATE_STYLES = {"active": "green", "past_due": "red", "incomplete": "yellow", "canceled": "dim"}


def render(view: View) -> Group:
    """The whole screen."""
    return Group(_totals(view), _subscriptions(view))


def line(view: View) -> str:
    """The totals as one plain line, for a terminal that is none."""
    c = view.counts
    why = ", ".join(f"{code} {count}" for code, count in view.reasons)
    return (
        f"{view.business_at:%H:%M:%S}  due {c.due}  in flight {c.in_flight}  settled {c.settled}  "
        f"failed {c.failed}{f' ({why})' if why else ''}  parked {c.parked}"
    )


def _totals(view: View) -> Table:
    table = Table(title=f"Clearbeat   demo clock {view.business_at:%H:%M:%S}", expand=False)
    for name in ("due", "in flight", "settled", "failed", "parked", "unknown"):
        table.add_column(name, justify="right")
    c = view.counts
    table.add_row(
        str(c.due),
        str(c.in_flight),
        Text(str(c.settled), "green"),
        Text(str(c.failed), "red" if c.failed else ""),
        Text(str(c.parked), "yellow" if c.parked else ""),
        str(c.unknown),
    )
    if view.reasons:
        table.caption = "failed: " + ", ".join(f"{code} × {count}" for code, count in view.reasons)
    return table


def _subscriptions(view: View) -> Table:
    table = Table(expand=False)
    for name in ("subscriber", "plan", "price", "state", "paid", "failed", "due in", "now"):
        table.add_column(name, justify="right" if name in ("price", "paid", "failed", "due in") else "left")
    for row in view.subscriptions:
        table.add_row(*_cells(row, view))
    return table


def _cells(row: tuple[Any, ...], view: View) -> list[str | Text]:
    name, plan, state, paid, failed, due_at, reason, price, currency, *payment = row
    due = f"{max(0, (due_at - view.business_at).total_seconds()):.0f} s" if due_at else "–"
    return [
        name,
        plan,
        f"{to_major(price, currency).normalize():f} {currency}",
        Text(state, STATE_STYLES.get(state, "")),
        str(paid),
        str(failed) if failed else "",
        due,
        _now(*payment, reason=reason),
    ]


def _now(state: str, waiting: str, message: str, parked: str, attempt: str, *, reason: str) -> Text:
    if parked:
        return Text(f"parked: {parked}", "yellow")
    if state == "in_flight":
        return Text(
            {"unknown": "looking it up", "pending": "on chain, not final"}.get(attempt, "sending"), "cyan"
        )
    if state == "scheduled":
        return Text(f"waits for {waiting}: {message}" if waiting else "due", "yellow" if waiting else "")
    if state == "failed":
        return Text(message, "red")
    return Text("settled" if state == "succeeded" else (reason or ""), "green")
