"""The simulator's books against ours, payment by payment and in sum. Reads rows, no product code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.prove.rail_weather import CALLS
from sandbox.rails.setups import BOOKED, Booked, differences

if TYPE_CHECKING:
    from sandbox.live.house import House
    from sandbox.rails.rail import Moved, Rail

_PAYMENTS = """
SELECT replace(p.id::text, '-', '') AS word, p.operation, p.state, p.amount_minor, p.currency, p.settled_minor,
       p.parked_reason, i.state AS invoice, i.due_minor, i.collecting_minor, i.collected_minor,
       coalesce((SELECT sum(t.amount_minor) FROM engine_ledger_transfer t
          JOIN engine_ledger_account a ON a.id IN (t.debit_id, t.credit_id) AND a.kind = %(clearing)s
         WHERE t.source_id = p.id AND t.kind IN ('payment.succeeded', 'refund.succeeded')), 0)::bigint AS posted_minor,
       (SELECT json_agg(json_build_array(e.gross_minor, e.currency)) FROM payments_evidence e
         WHERE e.payment_id = p.id AND e.verdict = 'amount differs') AS differs
  FROM payments_payment p LEFT JOIN billing_invoice i ON i.id = p.source_id AND p.operation = 'charge'
 ORDER BY p.id
"""
_CLEARING = """
SELECT coalesce(sum(CASE WHEN d.kind = %(clearing)s THEN t.amount_minor ELSE 0 END)
              - sum(CASE WHEN c.kind = %(clearing)s THEN t.amount_minor ELSE 0 END), 0)
  FROM engine_ledger_transfer t
  JOIN engine_ledger_account d ON d.id = t.debit_id
  JOIN engine_ledger_account c ON c.id = t.credit_id
 WHERE t.kind NOT IN ('payment.mismatch', 'refund.mismatch') AND t.currency = %(currency)s
   AND NOT (t.kind = 'attempt.network_fee' AND EXISTS (
         SELECT 1 FROM payments_attempt a JOIN payments_case k ON k.payment_id = a.payment_id
          WHERE a.id = t.source_id AND k.kind = 'amount_differs'))
"""
_SUSPENSE = """
SELECT amount_minor, currency FROM engine_ledger_transfer WHERE kind IN ('payment.mismatch', 'refund.mismatch')
"""
_ATTEMPTS = """
SELECT count(*), coalesce(sum(a.send_no), 0), count(*) FILTER (WHERE a.state = 'unknown' AND p.parked_at IS NULL)
  FROM payments_attempt a JOIN payments_payment p ON p.id = a.payment_id
"""
_DISPUTES = "SELECT count(*) FROM payments_dispute"
ENDED = ("failed", "canceled")


@dataclass
class RailVerdict:
    """What was found; the rail holds if the lists are empty. Counts of charges but where it says refunds."""

    payments: int = 0
    succeeded: int = 0
    failed: int = 0
    parked: int = 0
    refunds: int = 0
    refunds_given: int = 0
    refunds_failed: int = 0
    refunds_parked: int = 0
    disputes: int = 0
    attempts: int = 0
    sends: int = 0
    open_unknown: int = 0
    suspense: int = 0
    """Payments and refunds that a lie put into suspense."""
    suspense_moved_minor: int = 0
    """What the gateway truly holds of those, but for their disputes: these are booked by themselves."""
    unbooked_minor: int = 0
    """What it holds of others that are parked, and nobody has seen."""
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


@dataclass(frozen=True)
class Ours:
    """A charge or a refund as our rows have it. `posted_minor`: of its success, against clearing; `differs`: sums that
    were booked as other amounts than were asked; the invoice's members are None of a refund."""

    word: str
    operation: str
    state: str
    amount_minor: int
    currency: str
    settled_minor: int
    parked: str
    invoice: str | None = None
    due_minor: int | None = None
    collecting_minor: int | None = None
    collected_minor: int | None = None
    posted_minor: int = 0
    differs: list[list[Any]] | None = None

    @property
    def name(self) -> str:
        return (
            f"{self.operation} {self.word} ({self.state}{', parked: ' + self.parked if self.parked else ''})"
        )


def judge(home: House, rail: Rail) -> RailVerdict:
    """Compare everything that ever happened on one rail."""
    clearing = {"clearing": f"clearing:{rail.name}", "currency": rail.currency}
    rows = [Ours(*each) for each in home.sql(_PAYMENTS, clearing)]
    suspense = Counter((minor, currency) for minor, currency in home.sql(_SUSPENSE))
    moved = rail.moved()
    found = compare(rows, moved, int(home.sql(_CLEARING, clearing)[0][0]), suspense)
    found.attempts, found.sends, found.open_unknown = map(int, home.sql(_ATTEMPTS)[0])
    booked = [Booked._make(each) for each in home.sql(BOOKED, {"provider": rail.name})]
    found.wrong += [f"set-up {method}: {said}" for method, said in differences(moved, booked)]
    found.disputes = int(home.sql(_DISPUTES)[0][0])
    found.wrong += [f"check_books: {each}" for each in home.nursery.errand("check_books")]
    return found


def compare(
    rows: Sequence[Ours], moved: Sequence[Moved], clearing_minor: int, suspense: Counter[tuple[int, str]]
) -> RailVerdict:
    """Our charges and refunds, the gateway's movements, and what our books say of both. Pure."""
    found, of = RailVerdict(clearing_minor=clearing_minor), defaultdict[str, list["Moved"]](list)
    disputes = {one.object_id for one in moved if one.kind.startswith("dispute")}  # with their fees
    for one in moved:
        of[one.payment].append(one._replace(adds_minor=0) if one.object_id in disputes else one)
    for row in rows:
        (_charge if row.operation == "charge" else _refund)(row, of.get(row.word, []), found)
    for word in of.keys() - {row.word for row in rows}:
        if any(one.kind in ("charge", "refund") and not one.method for one in of[word]):
            found.wrong.append(f"{word or 'something without our word'} moved for no payment of ours")
    found.outside_minor = sum(one.adds_minor for one in moved)
    said = Counter((minor, currency) for row in rows for minor, currency in row.differs or [])
    _sum(found, suspense, said)
    return found


def _charge(row: Ours, moved: list[Moved], found: RailVerdict) -> None:
    charges = [(one.amount_minor, one.currency) for one in moved if one.kind == "charge"]
    found.payments += 1
    found.succeeded += row.state == "succeeded"
    found.failed += row.state in ENDED
    if len(charges) > 1:
        found.double.append(f"{row.name} was charged {len(charges)} times")
    if row.state != "succeeded":
        found.parked += _unpaid(row, charges, sum(one.adds_minor for one in moved), found)
        return
    if charges != [(row.amount_minor, row.currency)]:
        found.wrong.append(f"{row.name} is booked; the gateway says {charges}")
    paid = (row.amount_minor, row.amount_minor, "paid", 0, row.due_minor)
    ours = (row.posted_minor, row.settled_minor, row.invoice, row.collecting_minor, row.collected_minor)
    if ours != paid:
        found.wrong.append(f"{row.name}: posted, settled, invoice, collecting, collected are {ours}")


def _refund(row: Ours, moved: list[Moved], found: RailVerdict) -> None:
    held: Counter[tuple[str, str]] = Counter()
    for one in moved:
        held[one.object_id, one.currency] -= one.adds_minor
    given = [(minor, currency) for (_, currency), minor in held.items() if minor]
    found.refunds += 1
    found.refunds_given += row.state == "succeeded"
    found.refunds_failed += row.state in ENDED
    if len(given) > 1:
        found.double.append(f"{row.name} was given back {len(given)} times")
    if row.state != "succeeded":
        found.refunds_parked += _unpaid(row, given, sum(one.adds_minor for one in moved), found)
    elif given != [(row.amount_minor, row.currency)] or row.posted_minor != row.amount_minor:
        found.wrong.append(f"{row.name}: {row.posted_minor} posted; the gateway says {given}")


def _unpaid(row: Ours, moved: list[tuple[int, str]], held: int, found: RailVerdict) -> bool:
    """What did not succeed, with its movements and what the gateway holds by them; whether it is parked."""
    if row.posted_minor:
        found.wrong.append(f"{row.name} is posted")
    if row.differs:
        found.suspense += 1
        found.suspense_moved_minor += held
        if not (len(moved) == len(row.differs) == 1 and _is_a_lie(row.differs[0], moved[0])):
            found.wrong.append(f"{row.name}: {row.differs} in suspense; the gateway says {moved}")
    elif moved:
        found.unbooked_minor += held
        found.lost.append(f"{row.name} moved at the gateway and is not in the books")
    if row.parked:
        found.reasons[f"{row.operation}: {'the amount differs' if row.differs else row.parked}"] += 1
    elif row.state not in ENDED:
        found.lost.append(f"{row.name} is still open")
    return bool(row.parked)


def _is_a_lie(said: list[Any], truth: tuple[int, str]) -> bool:
    """Whether that is the truth as a fault of this storm tells it; gateways speak in minor units or in major ones."""
    (amount, currency), more = said, CALLS["wrong_amount"]["amount"]
    return amount - truth[0] in (more, 100 * more) if currency == truth[1] else amount == truth[0]


def _sum(found: RailVerdict, suspense: Counter[tuple[int, str]], said: Counter[tuple[int, str]]) -> None:
    if suspense != said:
        found.wrong.append(
            f"suspense got {dict(suspense)}; of other amounts than were asked are {dict(said)}"
        )
    explained = found.clearing_minor + found.suspense_moved_minor + found.unbooked_minor
    if explained != found.outside_minor:
        found.wrong.append(
            f"clearing holds {found.clearing_minor}, lies in suspense stand for {found.suspense_moved_minor}, unseen "
            f"are {found.unbooked_minor}; the gateway holds {found.outside_minor}"
        )
