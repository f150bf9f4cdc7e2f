"""What payers paid at a gateway to set methods up, and what they got back: its books against ours, one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sandbox.rails.rail import Moved

BOOKED = """
SELECT replace(p.source_id::text, '-', ''), replace(p.id::text, '-', ''), p.state, coalesce(k.movement, ''),
       coalesce(sum(t.amount_minor) FILTER (WHERE t.seq = 0), 0)::bigint,
       coalesce(sum(t.amount_minor) FILTER (WHERE t.seq = 1), 0)::bigint, p.currency
  FROM payments_payment p
  LEFT JOIN LATERAL (SELECT p.instructions->'charge'->>'movement_id' AS movement) k ON true
  LEFT JOIN engine_ledger_transfer t
    ON t.kind = 'setup.paid' AND t.source_id = md5(p.provider || ':' || k.movement)::uuid
 WHERE p.source_kind = 'payment_method' AND p.provider = %(provider)s
 GROUP BY p.id, k.movement
 ORDER BY p.id
"""
_OPEN, _GIVEN = ("scheduled", "in_flight"), ("succeeded", "succeeded_late")


class Booked(NamedTuple):
    """What our ledger has of one movement, and the payment (`state`) that gives it back. Ids are hex."""

    method: str
    payment: str
    state: str
    movement: str
    paid_minor: int
    fee_minor: int
    currency: str


def differences(moved: Iterable[Moved], booked: Iterable[Booked]) -> Iterator[tuple[str, str]]:
    """Method (hex) and sentence of each movement on one side alone or of another amount, but for what is on its way."""
    charges: dict[str, Moved] = {}
    fees: dict[str, int] = defaultdict(int)
    left: dict[str, Counter[str]] = defaultdict(Counter)
    for one in moved:
        if one.kind == "charge" and one.method:
            charges[one.object_id] = one
        elif one.kind == "fee":
            fees[one.object_id] += one.amount_minor
        elif one.kind != "charge":
            left[one.payment][one.object_id] -= one.adds_minor
    ours = {each.movement: each for each in booked}
    for number in charges.keys() - ours.keys():
        yield (
            charges[number].method,
            f"{charges[number].amount_minor} was paid as {number}, and is not booked",
        )
    for number, each in ours.items():
        there = charges.get(number)
        if there is None:
            yield each.method, f"{number} is booked, and the gateway has no such charge"
            continue
        theirs = there.amount_minor, fees[number], there.currency, there.method
        if theirs != (each.paid_minor, each.fee_minor, each.currency, each.method):
            yield each.method, f"{number} is booked as {each}, and the gateway has {theirs}"
        yield from _returned(each, [minor for minor in left[each.payment].values() if minor])


def _returned(each: Booked, given: list[int]) -> Iterator[tuple[str, str]]:
    """It is back once where our books say so, and nowhere else."""
    wanted = [[each.paid_minor]] if each.state in _GIVEN else [[]]
    if each.state in _OPEN:
        wanted.append([each.paid_minor])
    if given not in wanted:
        yield each.method, f"{each.movement}: its return is {each.state}, and the gateway gave back {given}"
