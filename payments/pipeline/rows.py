"""One piece of evidence with its attempt and payment, as apply reads it under lock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from engine.core import sql
from engine.providers.base import Outcome


class Row(NamedTuple):
    """Amounts in minor units. `sends_not_left` counts this attempt's sends proved not to have left."""

    evidence_id: UUID
    source: str
    outcome: str
    failure_class: str
    code: str
    message: str
    provisional: bool
    movement_id: str
    gross_minor: int | None
    gross_currency: str
    got_fee_minor: int | None
    network_fee_minor: int
    network_currency: str
    retry_seconds: float | None
    must_park: bool
    sends_not_left: int
    declines: int  # of the payment's earlier attempts; counted for a decline alone
    send_no: int  # the send that the evidence speaks for
    observed_at: datetime  # machine time before it was asked
    attempt_id: UUID
    attempt_state: str
    attempt_send_no: int
    send_by: datetime
    provider: str
    identity: str
    payment_id: UUID
    payment_state: str
    version: int
    operation: str
    settlement: str
    amount_minor: int
    fee_minor: int
    currency: str
    accounts: dict[str, int]
    clock_id: int
    source_kind: str
    source_id: UUID
    no: int
    queue_key: UUID
    short_tries: int
    looks: int
    next_action_at: datetime | None
    provisional_at: datetime | None
    parked: bool
    correlation_id: UUID | None
    waiting: str  # for whom the payment waits
    action: dict[str, Any] | None  # what the payer is to do, as the evidence has it
    stop_code: str  # called back while in flight, and why
    stop_reason: str
    # The movement's booking of this payment, if there is one: "late", "succeeded" or "mismatch", and what the network
    # took with it under another attempt. Of what is taken back: what booked its attempt ("refused", "applied" and
    # "explained", too; "returned": a person took it out of the books since), and how much of the debt it had cleared.
    booked_as: str
    booked_fee_minor: int
    cleared_minor: int
    given: str  # before: "by_hand", some of it; "disputed"; "counted"; "asked", a person was asked about it

    @property
    def got_currency(self) -> str:
        """Of what arrived: where the provider says none, what was asked for."""
        return self.gross_currency or self.currency

    @property
    def moved(self) -> str:
        """How much moved, and which way, for a person to read."""
        return f"{self.gross_minor} {self.got_currency} {'went back' if self.operation == 'refund' else 'arrived'}"


APPLIED = "applied"  # late money that paid its debt after all
EXPLAINED = "explained"  # money in suspense of which a person said that it was the payment's
RETURNED = "returned"  # money in suspense, or late, that a person gave back
ASKED, DISPUTED, BY_HAND = "asked", "disputed", "by_hand"
COUNTED = "counted"  # a refund of another amount, which a person counted as given back
_BOOKED_AS = {"succeeded": "succeeded", "amount differs": "mismatch"}  # by verdict; the others came late
_NOT_BOOKED = "", 0, 0, ""
_BOOKED_BY = {"payment.succeeded": "succeeded", "payment.refused": "refused", "payment.succeeded_late": "late",
              "payment.mismatch": "mismatch", "refund.succeeded": "succeeded", "refund.succeeded_late": "late",
              "refund.mismatch": "mismatch", "late.applied": APPLIED, "suspense.applied": EXPLAINED}  # fmt: skip
_JSON = {Row._fields.index(name) for name in ("accounts", "action")}


class Booked(NamedTuple):
    """One leg of what booked the money of an attempt that `evidence_id` speaks of."""

    evidence_id: UUID
    kind: str
    source_id: UUID
    seq: int
    debit: int
    credit: int
    currency: str
    amount_minor: int
    returned: bool  # by a person since


def lock(evidence_ids: Sequence[UUID]) -> list[Row]:
    """The rows of this evidence, payments and attempts locked in payment id order. Call in a transaction."""
    params = {"ids": list(evidence_ids)}
    locked = [_row(columns) for columns in sql.rows(sql.statement(__file__, "lock_evidence_rows"), params)]
    found = _with_what_is_taken_back(locked)
    paid = {"ids": [row.evidence_id for row in found if row.outcome == Outcome.SUCCEEDED]}
    if not paid["ids"]:
        return found
    # A statement of its own after the locks: it sees what was committed while they waited.
    before = {row[0]: row[1:] for row in sql.rows(sql.statement(__file__, "booked_before"), paid)}
    return [_booked(row, *before[row.evidence_id]) if row.evidence_id in before else row for row in found]


def mirrored(evidence_ids: Sequence[UUID]) -> list[Booked]:
    """What booked the money of this evidence's attempts, and was not taken out of the books since. Reads."""
    return [one for one in _booked_by(evidence_ids) if not one.returned]


def returned(evidence_ids: Sequence[UUID]) -> list[Booked]:
    """The same of what a person took out of the books since. Reads."""
    return [one for one in _booked_by(evidence_ids) if one.returned]


def _booked_by(evidence_ids: Sequence[UUID]) -> list[Booked]:
    params = {"ids": list(evidence_ids)}
    return [Booked._make(row) for row in sql.rows(sql.statement(__file__, "booked_by_attempt"), params)]


def _with_what_is_taken_back(found: list[Row]) -> list[Row]:
    """A statement of its own after the locks, as below; most batches need none."""
    asked = [row.evidence_id for row in found if _takes_back(row)]
    if not asked:
        return found
    legs: dict[UUID, list[Booked]] = {}
    for one in _booked_by(asked):
        legs.setdefault(one.evidence_id, []).append(one)
    given = dict(sql.rows(sql.statement(__file__, "given_before"), {"ids": asked}))
    read = [_of_legs(row, legs[row.evidence_id]) if row.evidence_id in legs else row for row in found]
    return [row._replace(given=given.get(row.evidence_id, "")) for row in read]


def _of_legs(row: Row, legs: Sequence[Booked]) -> Row:
    """What came late, or lay in suspense, and was applied since is booked twice. A refund that a person said never left
    is not booked any more."""
    if legs[0].returned:
        return row._replace(booked_as=RETURNED) if row.operation == "charge" else row
    booked = {_BOOKED_BY[one.kind] for one in legs}
    latest = next((word for word in (APPLIED, EXPLAINED) if word in booked), next(iter(booked)))
    cleared = sum(one.amount_minor for one in legs if one.credit == row.accounts.get("receivable"))
    return row._replace(booked_as=latest, cleared_minor=cleared)


def _takes_back(row: Row) -> bool:
    """A decline that is found after a success is one word for both."""
    if row.outcome == Outcome.DECLINED:
        return row.attempt_state == "succeeded"
    return row.outcome == Outcome.REVERSED


def _booked(row: Row, verdict: str, attempt_id: UUID, fee_minor: int) -> Row:
    other = fee_minor if attempt_id != row.attempt_id else 0
    return row._replace(booked_as=_BOOKED_AS.get(verdict, "late"), booked_fee_minor=other)


def _row(columns: tuple[Any, ...]) -> Row:
    read = (json.loads(value) if place in _JSON and value else value for place, value in enumerate(columns))
    return Row._make((*read, *_NOT_BOOKED))
