"""The live table as a terminal shows it: what is due, in flight, settled, failed and why, parked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from sandbox.demo import table, view
from sandbox.demo.view import Counts, View
from tests.billing.world import World

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def shown(seen: View) -> str:
    console = Console(width=200, file=(out := StringIO()))
    console.print(table.render(seen))
    return out.getvalue()


def row(*payment: Any, name: str = "Amara", state: str = "active") -> tuple[Any, ...]:
    return (name, "Pro", state, 2, 1, NOW + timedelta(seconds=12), "", 5_000_000, "USDC", *payment)


def test_the_totals_and_why_payments_failed() -> None:
    text = shown(View(NOW, Counts(1, 2, 33, 4, 5, 6), [("account_frozen", 3), ("delegate_revoked", 1)], []))
    for word in ("due", "in flight", "settled", "failed", "parked", "unknown", "33", "09:30:00"):
        assert word in text
    assert "failed: account_frozen × 3, delegate_revoked × 1" in text


@pytest.mark.parametrize(
    ("payment", "said"),
    [
        (("scheduled", "", "", "", None), "due"),
        (("scheduled", "funds", "10 of 50 are there", "", None), "waits for funds: 10 of 50 are there"),
        (("in_flight", "", "", "", "sent"), "sending"),
        (("in_flight", "", "", "", "pending"), "on chain, not final"),
        (("in_flight", "", "", "", "unknown"), "looking it up"),
        (("in_flight", "", "", "it took its worker down", "unknown"), "parked: it took its worker down"),
        (("failed", "", "The account is frozen.", "", None), "The account is frozen."),
        (("succeeded", "", "", "", None), "settled"),
    ],
)
def test_what_each_subscriber_is_waiting_for(payment: tuple[Any, ...], said: str) -> None:
    text = shown(View(NOW, Counts(0, 0, 0, 0, 0, 0), [], [row(*payment)]))
    for word in ("Amara", "Pro", "5 USDC", "active", "12 s", said):
        assert word in text


def test_one_reads_what_the_product_has(world: World) -> None:
    """Fresh, billed, and ended: a row that the table can't show would end `make run` in a terminal."""
    world.subscription()
    assert "incomplete" in shown(view.read(world.clock_id))
    world.bill()
    seen = view.read(world.clock_id)
    assert "due" in shown(seen)
    assert replace(seen, subscriptions=[]).counts.due == 1
