"""The simulator's books against ours, payment by payment and in sum. Reads rows, no product code."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.live.house import House
    from sandbox.rails.rail import Moved, Rail

_PAYMENTS = """
SELECT replace(p.id::text, '-', ''), p.state, p.amount_minor, p.currency, p.settled_minor, p.parked_reason,
       i.state, i.due_minor, i.collecting_minor, i.collected_minor,
       EXISTS (SELECT 1 FROM payments_case c WHERE c.payment_id = p.id AND c.kind = 'amount_differs')
  FROM payments_payment p LEFT JOIN billing_invoice i ON i.id = p.source_id
 WHERE p.operation = 'charge'
 ORDER BY p.id
"""
_POSTED = """
SELECT replace(t.source_id::text, '-', ''), sum(t.amount_minor)
  FROM engine_ledger_transfer t JOIN engine_ledger_account a ON a.id = t.debit_id
 WHERE t.kind = 'payment.succeeded' AND a.kind = %(clearing)s
 GROUP BY t.source_id
"""
_CLEARING = """
SELECT coalesce(sum(CASE WHEN d.kind = %(clearing)s THEN t.amount_minor ELSE 0 END)
              - sum(CASE WHEN c.kind = %(clearing)s THEN t.amount_minor ELSE 0 END), 0)
  FROM engine_ledger_transfer t
  JOIN engine_ledger_account d ON d.id = t.debit_id
  JOIN engine_ledger_account c ON c.id = t.credit_id
 WHERE t.kind NOT IN ('payment.mismatch', 'payment.refused') AND t.currency = %(currency)s
   AND NOT (t.kind = 'attempt.network_fee' AND EXISTS (
         SELECT 1 FROM payments_attempt a JOIN payments_case k ON k.payment_id = a.payment_id
          WHERE a.id = t.source_id AND k.kind = 'amount_differs'))
"""
_ATTEMPTS = """
SELECT count(*), coalesce(sum(send_no), 0), count(*) FILTER (WHERE state = 'unknown') FROM payments_attempt
"""


@dataclass
class RailVerdict:
    """What was found; the rail holds if the lists are empty."""

    payments: int = 0
    succeeded: int = 0
    failed: int = 0
    parked: int = 0
    attempts: int = 0
    sends: int = 0
    unknown: int = 0
    moved: int = 0
    outside_minor: int = 0
    clearing_minor: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    double: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.double or self.lost or self.wrong)

    def __str__(self) -> str:
        lines = [
            f"payments={self.payments} succeeded={self.succeeded} failed={self.failed} parked={self.parked}"
        ]
        for name in ("double", "lost", "wrong"):
            lines += [f"{name}: {sentence}" for sentence in getattr(self, name)[:20]]
        return "\n".join(lines)


def judge(home: House, rail: Rail) -> RailVerdict:
    """Compare everything that ever happened on one rail."""
    found, clearing = RailVerdict(), f"clearing:{rail.name}"
    moved: dict[str, list[Moved]] = defaultdict(list)
    for one in rail.moved():
        moved[one.payment].append(one)
    posted = dict(home.sql(_POSTED, {"clearing": clearing}))
    explained = 0
    for row in home.sql(_PAYMENTS):
        explained += _one(row, moved.get(row[0], []), int(posted.get(row[0], 0)), found)
    for word in moved.keys() - {row[0] for row in home.sql(_PAYMENTS)}:
        if any(one.kind == "charge" for one in moved[word]):
            found.wrong.append(f"{word or 'a charge without our word'} was charged for no payment of ours")
    found.attempts, found.sends, found.unknown = map(int, home.sql(_ATTEMPTS)[0])
    everything = [one for many in moved.values() for one in many]
    found.outside_minor = sum(_signed(one) for one in everything)
    found.clearing_minor = int(home.sql(_CLEARING, {"clearing": clearing, "currency": rail.currency})[0][0])
    if found.clearing_minor + explained != found.outside_minor:
        found.wrong.append(
            f"clearing holds {found.clearing_minor} and {explained} of parked payments are explained; the gateway "
            f"holds {found.outside_minor}"
        )
    found.wrong += [f"check_books: {each}" for each in home.nursery.errand("check_books")]
    return found


def _one(row: tuple[Any, ...], moved: list[Moved], posted: int, found: RailVerdict) -> int:
    """Judge one payment; what the gateway holds of it that our books rightly have in suspense or nowhere yet."""
    word, state, amount, currency, settled, parked, invoice, due, collecting, collected, differs = row
    charges = [one for one in moved if one.kind == "charge"]
    name = f"payment {word} ({state}{', parked: ' + parked if parked else ''})"
    found.payments += 1
    found.moved += len(charges)
    found.succeeded += state == "succeeded"
    found.failed += state in ("failed", "canceled")
    if len(charges) > 1:
        found.double.append(f"{name} was charged {len(charges)} times")
    if state == "succeeded":
        if [(one.amount_minor, one.currency) for one in charges] != [(amount, currency)]:
            found.wrong.append(f"{name} is booked; the gateway says {charges}")
        if posted != amount or (settled, invoice, collecting, collected) != (amount, "paid", 0, due):
            found.wrong.append(
                f"{name}: {posted} posted, {settled} settled, invoice {invoice} {collected} of {due}"
            )
        return 0
    if not parked and state not in ("failed", "canceled"):
        found.lost.append(f"{name} is still open")
    if parked:
        found.parked += 1
        found.reasons["the amount differs" if differs else parked] += 1
    elif charges:
        found.lost.append(f"{name} moved at the gateway and is not in the books")
    if posted:
        found.wrong.append(f"{name} is posted")
    return sum(_signed(one) for one in moved)


def _signed(one: Moved) -> int:
    """What a movement adds to what the gateway holds for us."""
    if one.kind == "charge":
        return one.amount_minor
    return -one.amount_minor if one.kind in ("fee", "refund", "dispute", "reversal") else 0
