"""The outside world's own books: every movement of money, whatever was answered about it.

An account is named ``provider:owner:part`` (``stripe:platform:available``). Accounts whose owner is
``outside`` (payers, banks, card schemes) may fall below zero; all others hold what their gateway holds.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sandbox.gateways.clock import Clock
from sandbox.gateways.store import Table

OUTSIDE = "outside"
ONCE = ("charge", "refund", "transfer", "payout", "release")
"""Kinds that one reference of ours may cause once at most."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the books."""

    provider: str
    owner: str
    part: str = "available"

    def __str__(self) -> str:
        return f"{self.provider}:{self.owner}:{self.part}"


class Books:
    """Double entries in whole minor units; a movement is never changed or removed."""

    def __init__(self, clock: Clock, table: Table) -> None:
        self._clock, self._table = clock, table
        self._balances: dict[tuple[str, str], int] = defaultdict(int)
        for _, row in table.items():
            self._count(row)

    def move(
        self,
        kind: str,
        source: Account,
        target: Account,
        amount: int,
        currency: str,
        *,
        reference: str = "",
        object_id: str = "",
        **more: Any,
    ) -> dict[str, Any]:
        """Move money now; the movement.

        ``kind`` is charge, refund, transfer, payout, release (between members), fee, settle (pending to
        available), settlement (to our own bank), return (of a payout or a refund that failed), reversal, dispute,
        dispute_return, seed or drain. ``reference`` is the caller's own word for the operation, ``object_id`` ours.
        ``amount`` is whole minor units above zero; ``more`` is kept (key, metadata).
        """
        if type(amount) is not int or amount <= 0:
            raise ValueError(f"a movement is of whole minor units above zero, not {amount!r}")
        row = {
            "seq": len(self._table) + 1,
            "at": self._clock.now(),
            "provider": source.provider,
            "kind": kind,
            "source": str(source),
            "target": str(target),
            "amount": amount,
            "currency": currency.upper(),
            "reference": reference,
            "object": object_id,
            **more,
        }
        self._table.put(str(row["seq"]), row)
        self._count(row)
        return row

    def balance(self, account: Account, currency: str) -> int:
        """What an account holds, in minor units."""
        return self._balances.get((str(account), currency.upper()), 0)

    def currencies(self, account: Account) -> list[str]:
        """The currencies that an account has ever held, sorted."""
        return sorted({currency for name, currency in self._balances if name == str(account)})

    def movements(self, since: int = 0, **equal: Any) -> list[dict[str, Any]]:
        """The movements with seq above ``since`` whose members equal what is given, the oldest first."""
        found = (self._table.get(str(number)) for number in range(since + 1, len(self._table) + 1))
        return [row for row in found if row and all(row.get(name) == value for name, value in equal.items())]

    def balances(self, provider: str = "") -> dict[str, dict[str, int]]:
        """Account to currency to minor units; of one provider or of all."""
        found: dict[str, dict[str, int]] = {}
        for (account, currency), amount in sorted(self._balances.items()):
            if not provider or account.startswith(f"{provider}:"):
                found.setdefault(account, {})[currency] = amount
        return found

    def doubles(self) -> list[dict[str, Any]]:
        """References for which money moved more than once: {provider, kind, reference, times, objects}."""
        times: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for row in self.movements():
            if row["kind"] in ONCE and row["reference"]:
                times[row["provider"], row["kind"], row["reference"]].append(row["object"])
        return [
            {"provider": key[0], "kind": key[1], "reference": key[2], "times": len(found), "objects": found}
            for key, found in times.items()
            if len(found) > 1
        ]

    def overdrawn(self) -> list[str]:
        """Accounts held by a gateway that stand below zero, each as ``account currency amount``."""
        return [
            f"{account} {currency} {amount}"
            for (account, currency), amount in self._balances.items()
            if amount < 0 and account.split(":")[1] != OUTSIDE
        ]

    def _count(self, row: dict[str, Any]) -> None:
        self._balances[row["source"], row["currency"]] -= row["amount"]
        self._balances[row["target"], row["currency"]] += row["amount"]
