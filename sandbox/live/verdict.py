"""The chain's truth log against ledger and invoices, one to one. Reads rows and bytes, no product code.

For each payment: exactly one successful transfer of its amount between its parties on the chain, if and
only if it succeeded, if and only if it has one settlement posting, if and only if its invoice is paid once.
And the fees of what was executed are the network fees that were booked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.live.house import House

_PAYMENTS = """
SELECT replace(p.id::text, '-', ''), p.state, p.amount_minor, p.fee_minor, p.settled_minor, p.instructions,
       p.parked_reason, i.state, i.due_minor, i.collecting_minor, i.collected_minor
  FROM payments_payment p LEFT JOIN billing_invoice i ON i.id = p.source_id
 ORDER BY p.id
"""
_ATTEMPTS = """
SELECT replace(payment_id::text, '-', ''), identity, state, send_no, replace(id::text, '-', '')
  FROM payments_attempt ORDER BY payment_id, seq
"""
_TRANSFERS = """
SELECT replace(source_id::text, '-', ''), kind, seq, amount_minor FROM engine_ledger_transfer
 WHERE kind LIKE 'payment.%%' OR kind = 'attempt.network_fee'
"""
_INVOICES = """
SELECT state, due_minor, collecting_minor, collected_minor FROM billing_invoice
 WHERE subscription_id = ANY(%(ids)s)
"""
Entry = dict[str, Any]


@dataclass
class Verdict:
    """What was found. Each of the lists holds sentences; the house holds if all are empty."""

    payments: int = 0
    succeeded: int = 0
    parked: int = 0
    unknown: int = 0
    resent: int = 0
    resigned: int = 0
    on_chain: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why payments are parked."""
    double: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.double or self.missing or self.wrong)

    def __str__(self) -> str:
        lines = [
            f"payments={self.payments} succeeded={self.succeeded} on_chain={self.on_chain} parked={self.parked} "
            f"unknown={self.unknown} resent={self.resent} resigned={self.resigned}"
        ]
        for name in ("double", "missing", "wrong"):
            lines += [f"{name}: {sentence}" for sentence in getattr(self, name)[:20]]
        return "\n".join(lines)


@dataclass(frozen=True)
class Payment:
    """A payment's row with its invoice's."""

    memo: str
    state: str
    amount: int
    fee: int
    settled: int
    terms: dict[str, Any]
    parked: str
    invoice: str
    due: int
    collecting: int
    collected: int


def judge(house: House) -> Verdict:
    """Compare everything that ever happened in a house."""
    found = Verdict()
    executed = house.chain.executed()
    payments = [Payment(*row) for row in house.sql(_PAYMENTS)]
    attempts = house.sql(_ATTEMPTS)
    transfers: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for source, kind, seq, amount in house.sql(_TRANSFERS):
        transfers[source, kind].append((seq, amount))
    moved = _moved(executed)
    found.payments = len(payments)
    for payment in payments:
        _one(payment, moved.pop(payment.memo, []), transfers, found)
    _strays(house, moved, executed, found)
    _sends(attempts, executed, transfers, found)
    _obligations(house, found)
    return found


def _moved(executed: list[Entry]) -> dict[str, list[Entry]]:
    """Successful transactions by memo."""
    by_memo: dict[str, list[Entry]] = defaultdict(list)
    for entry in executed:
        if entry["err"] is None:
            for memo in entry["memos"]:
                by_memo[memo].append(entry)
    return by_memo


def _one(
    payment: Payment, paid: list[Entry], transfers: dict[tuple[str, str], list[tuple[int, int]]], found: Verdict
) -> None:  # fmt: skip
    name = f"payment {payment.memo}"
    found.on_chain += len(paid)
    if payment.parked:
        found.parked += 1
        found.reasons[payment.parked] += 1
    found.succeeded += payment.state == "succeeded"
    if len(paid) > 1:
        found.double.append(f"{name} moved {len(paid)} times on the chain and is {payment.state}")
    for entry in paid:
        found.wrong += [f"{name}: {each}" for each in _parties(payment, entry)]
    settlement = sorted(transfers.get((payment.memo, "payment.succeeded"), []))
    if payment.state == "succeeded":
        _paid(payment, paid, settlement, found)
    else:
        _unpaid(payment, paid, settlement, found)


def _paid(payment: Payment, paid: list[Entry], settlement: list[tuple[int, int]], found: Verdict) -> None:
    name = f"payment {payment.memo}"
    if not paid:
        found.wrong.append(f"{name} is booked and never moved on the chain")
    expected = [(0, payment.amount - payment.fee), (1, payment.fee), (2, payment.fee)]
    if settlement != [leg for leg in expected if leg[1]]:
        found.wrong.append(f"{name} is posted as {settlement}")
    counters = (payment.settled, payment.invoice, payment.due, payment.collecting, payment.collected)
    if counters != (payment.amount, "paid", payment.amount, 0, payment.amount):
        found.wrong.append(f"{name} and its invoice disagree: {counters}")


def _unpaid(payment: Payment, paid: list[Entry], settlement: list[tuple[int, int]], found: Verdict) -> None:
    name = f"payment {payment.memo}"
    if paid:
        found.missing.append(f"{name} moved on the chain and is {payment.state} in the books")
    if settlement:
        found.wrong.append(f"{name} is {payment.state} and posted")
    if payment.state in ("scheduled", "in_flight") and not payment.parked:
        found.missing.append(f"{name} is still {payment.state}")


def _parties(payment: Payment, entry: Entry) -> list[str]:
    """What differs between what moved and what was asked."""
    owners: dict[str, int] = defaultdict(int)
    for change in entry["token_changes"]:
        owners[change["owner"]] += change["change"]
    terms = payment.terms
    expected = {terms["payer"]: -payment.amount, terms["payee"]: payment.amount - payment.fee}
    if payment.fee:
        expected[terms["fee_wallet"]] = payment.fee
    return [] if dict(owners) == expected else [f"{dict(owners)} moved where {expected} was asked"]


def _strays(house: House, left: dict[str, list[Entry]], executed: list[Entry], found: Verdict) -> None:
    """Money that our collector moved for no payment that we know."""
    collector = str(house.chain.collector.pubkey())
    known = {entry["signature"] for entries in left.values() for entry in entries}
    for entry in executed:
        ours = any(each["authority"] == collector for each in entry["transfers"])
        if ours and (entry["signature"] in known or not entry["memos"]):
            found.wrong.append(f"{entry['signature']} moved money for no payment")


def _sends(
    attempts: list[tuple[Any, ...]],
    executed: list[Entry],
    transfers: dict[tuple[str, str], list[tuple[int, int]]],
    found: Verdict,
) -> None:
    """Each executed transaction's fee is booked with its attempt, once, and nothing else is."""
    spent = {entry["signature"]: _spent(entry) for entry in executed}
    per_payment: dict[str, int] = defaultdict(int)
    for payment, identity, state, send_no, attempt in attempts:
        per_payment[payment] += 1
        found.resent += send_no - 1
        found.unknown += state == "unknown"
        booked = sum(amount for _, amount in transfers.get((attempt, "attempt.network_fee"), []))
        closed = state in ("succeeded", "declined", "not_sent")
        if closed and booked != spent.get(identity, 0):
            found.wrong.append(f"{identity} cost {spent.get(identity, 0)} lamports and {booked} are booked")
    found.resigned += sum(count - 1 for count in per_payment.values())


def _spent(entry: Entry) -> int:
    payer = entry["fee_payer"]
    return -sum(each["change"] for each in entry["lamport_changes"] if each["account"] == payer)


def _obligations(house: House, found: Verdict) -> None:
    """As many invoices as periods were made due; each paid, or its payment parked."""
    invoices = house.sql(_INVOICES, {"ids": house.subscriptions})
    if len(invoices) < house.owed:
        found.missing.append(f"{house.owed} periods were due and {len(invoices)} have an invoice")
    if len(invoices) > house.owed:
        found.double.append(f"{house.owed} periods were due and {len(invoices)} have an invoice")
    unpaid = [row for row in invoices if row[0] != "paid"]
    if len(unpaid) > found.parked:
        found.missing.append(f"{len(unpaid)} invoices are not paid and {found.parked} payments are parked")
    if any(collected > due for _, due, _, collected in invoices):
        found.double.append("an invoice collected more than was due")
