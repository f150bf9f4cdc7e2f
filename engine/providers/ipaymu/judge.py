"""What the transactions under one reference say of its attempt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.providers.base import Asked, FailureClass, Finding, Outcome
from engine.providers.ipaymu import transaction
from engine.providers.ipaymu.charge import lost, waits
from engine.providers.ipaymu.client import Reply
from engine.providers.ipaymu.sheet import CURRENCY
from engine.providers.ipaymu.transaction import Transaction
from engine.providers.ipaymu.words import ENDED, PAID, Status

_ESCROW = "iPaymu holds the money in escrow."
_TAKEN_BACK = "It was paid, and iPaymu gave it back."


def of_all(one: Asked, replies: Sequence[Reply]) -> Finding:
    """One finding of them all: what was booked and is given back, by its number, whatever the others are; then paid if
    any is; taken back or ended if nothing of it is open, or can't be read."""
    read = [(_read(one, reply), reply) for reply in replies]
    known = [(each, reply) for each, reply in read if isinstance(each, Transaction)]
    back = [(each, reply) for each, reply in known if each.status is Status.REFUNDED]
    standing = set(one.known.movements) - set(one.known.taken_back)
    gone = [(each, reply) for each, reply in back if each.number in standing]
    if gone:
        return _taken_back(*gone[0])
    paid = [(each, reply) for each, reply in known if each.status in PAID]
    if paid:
        chosen = _singly(paid, one.known.movements)
        return _paid(chosen) if chosen else _partly(paid[0][1])
    odd = [each for each, _ in read if isinstance(each, Finding)]
    odd += [found for each, reply in known if (found := _odd(each, reply))]
    waiting = [(each, reply) for each, reply in known if each.status in (Status.PENDING, Status.ESCROW)]
    if odd:
        return odd[0]
    if waiting:
        return _open(one, *waiting[0])
    return _taken_back(*back[0]) if back else _ended(*known[-1])


def _singly(
    paid: Sequence[tuple[Transaction, Reply]], booked: Sequence[str]
) -> Sequence[tuple[Transaction, Reply]]:
    """Those that are not booked yet; where all are, those of the first booking, as they were reported then.

    Nobody where only a part of that is still paid: as a movement of its own that would be booked once more.
    """
    before = [set(name.split("+")) for name in booked]
    fresh = [each for each in paid if not any(each[0].number in names for names in before)]
    first = next((names for names in before if names & {each.number for each, _ in paid}), set[str]())
    again = [each for each in paid if each[0].number in first]
    return fresh or (again if len(again) == len(first) else [])


def _read(one: Asked, reply: Reply) -> Transaction | Finding:
    """A transaction of ours; or why that can't be said."""
    if reply.trouble:
        return _unknown(reply, reply.trouble.value, reply.message)
    found = transaction.read(reply.data, asked_minor=one.amount_minor)
    if found is None:
        return _unknown(reply, "answer_unreadable", "iPaymu's answer does not fit, or contradicts itself.")
    if found.reference != one.identity:
        return _unknown(reply, "reference_differs", "iPaymu's answer is about another payment.")
    return found


def _paid(paid: Sequence[tuple[Transaction, Reply]]) -> Finding:
    """Paid more than once before anybody looked it is one movement of all of it: another amount than was asked."""
    each = [transaction for transaction, _ in paid]
    fee = sum(one.fee_minor for one in each)
    settled = all(one.status is Status.SUCCESS for one in each)
    message = (
        ""
        if len(each) == 1
        else f"It was paid {len(each)} times, by transactions {', '.join(_numbers(each))}."
    )
    return Finding(
        Outcome.SUCCEEDED,
        code="paid" if settled else "paid_unsettled",
        message=message,
        provider_ref=each[0].number,
        movement_id="+".join(_numbers(each)),
        gross_minor=sum(one.asked_minor for one in each),
        currency=CURRENCY,
        network_fee_minor=fee,
        network_currency=CURRENCY if fee else "",
        detail={"settled": settled, "status": each[0].raw_status, "trace": dict(paid[0][1].trace)},
    )


def _partly(reply: Reply) -> Finding:
    """A person is asked: they see in iPaymu's dashboard what was given back, and decide it on its case."""
    found = _unknown(
        reply, "partly_paid", "Of the payments that were booked as one not all are paid any more."
    )
    return replace(found, detail={**found.detail, "park": True})


def _numbers(each: Sequence[Transaction]) -> list[str]:
    return [one.number for one in each]


def _odd(seen: Transaction, reply: Reply) -> Finding | None:
    """A status that ends nothing and leaves nothing open."""
    if seen.status is Status.ERROR:
        return _unknown(reply, "provider_error", "iPaymu says that it went wrong there.", seen)
    if seen.status is None:
        return _unknown(reply, "status_unknown", "iPaymu names a status that we do not know.", seen)
    return None


def _taken_back(seen: Transaction, reply: Reply) -> Finding:
    """Given back on purpose: nobody asks for it again by itself. iPaymu keeps its fee."""
    return Finding(
        Outcome.REVERSED,
        FailureClass.HARD_DECLINE,
        "taken_back",
        _TAKEN_BACK,
        provider_ref=seen.number,
        movement_id=seen.number,
        network_fee_minor=seen.fee_minor,
        network_currency=CURRENCY if seen.fee_minor else "",
        detail={"status": seen.raw_status, "trace": dict(reply.trace)},
    )


def _open(one: Asked, seen: Transaction, reply: Reply) -> Finding:
    if seen.status is Status.ESCROW:
        return Finding(Outcome.PENDING, code="in_escrow", message=_ESCROW, provider_ref=seen.number,
                       detail={"trace": dict(reply.trace)})  # fmt: skip
    if one.known.provider_ref:
        return waits(seen.number, None, reply.trace)
    # The answer that made it was lost. This one says more (a QR code, but no page's address); no later one is stored.
    if one.data["call"] == "page":
        return lost(seen.number, one.data["expires_at"], reply.trace)
    return waits(seen.number, transaction.action_of(seen.row, one.data["expires_at"]), reply.trace)


def _ended(seen: Transaction, reply: Reply) -> Finding:
    assert seen.status is not None
    failure, code, sentence = ENDED[seen.status]
    return Finding(Outcome.DECLINED, failure, code, sentence, provider_ref=seen.number,
                   detail={"status": seen.raw_status, "trace": dict(reply.trace)})  # fmt: skip


def _unknown(reply: Reply, code: str, message: str, seen: Transaction | None = None) -> Finding:
    detail = {"trace": dict(reply.trace)} | ({"status": seen.raw_status} if seen else {})
    return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, code, message, provider_ref=seen.number if seen else "",
                   detail=detail)  # fmt: skip
