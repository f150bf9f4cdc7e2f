"""The provider contract: what every rail and gateway must speak, and what recovery may act on.

A provider returns typed outcomes; only the engine writes states. It has no money tables. Its capability
sheet says what it can do, and recovery acts from that sheet alone (design section 4). What only some can do
stands in abilities.py; docs/decisions/0017 says how the two fit what is still to come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias
from uuid import UUID


class Outcome(StrEnum):
    """What one piece of evidence says about an attempt (or about one send of it)."""

    SUCCEEDED = "succeeded"  # final: the money moved
    DECLINED = "declined"  # final: refused, nothing moved and nothing can under this identity
    PENDING = "pending"  # accepted or seen, not final; `provisional` where it may be shown as paid
    NOT_LEFT = "not_left"  # this one send is proved not to have reached anybody who could act on it
    UNKNOWN = "unknown"  # no answer, or one that proves nothing
    MISSING = "missing"  # looked for and not there, but the identity may still take effect
    ABSENT = "absent"  # proved: not there, and the identity can never take effect any more
    REVERSED = "reversed"  # a final success was taken back: a returned payout, a refund that failed later
    REDUCED = "reduced"  # a part of a final success was taken back; the message says how much
    STEP = "step"  # one call of several is done; nothing moves by it but through our own next one


class FailureClass(StrEnum):
    """Why, in the classes that policy acts on (design section 4)."""

    NONE = ""
    HARD_DECLINE = "hard_decline"
    SOFT_DECLINE = "soft_decline"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    PAYER_ACTION = "payer_action_needed"
    TECHNICAL = "technical"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Capability sheet. Spans are seconds; amounts are minor units."""

    provider: str
    operations: tuple[str, ...]  # of "charge", "refund", "release", "payout"
    pulls: bool  # collects a stored approval without the payer
    settlement: str  # "direct" (payer to payee in one step) or "platform"
    resend_same_identity: tuple[str, ...]  # operations that may be sent again and act once at most
    identity_seconds: float | None  # how long it stays so; None: as long as the identity can act at all
    unique_reference: tuple[str, ...]  # operations whose reference, used again, does nothing twice
    lookup_by_identity: bool  # without: only by the provider's own id, once some evidence has named it
    lookup_batch: int  # attempts a lookup call takes
    absence_after: float  # absence is not read before send_by + total deadline + this
    absence_certain: tuple[str, ...]  # operations whose ABSENT can be proved, so a new identity is allowed
    cancel: bool  # an open attempt can be called back (abilities.Cancelling)
    reversible: bool  # a final success may still be taken back: a dispute, a returned payout
    currencies: tuple[str, ...]  # of engine/core/money.py
    minimum_minor: Mapping[str, int] = field(default_factory=dict)  # the least of one payment, by currency
    maximum_minor: int = 2**63 - 1  # the most, of any currency
    concurrency: int = 64  # sends in flight over all workers
    action_seconds: float | None = None  # a payer's time to act where no end is named; None: no end of ours
    deadline_seconds: float | None = None  # total time of one request; None: SEND_DEADLINE_SECONDS
    refused: Mapping[str, str] = field(
        default_factory=dict
    )  # operations that it has not, and why: said to people


@dataclass(frozen=True, slots=True)
class Payable:
    """What `prepare` needs to know of one payment. `instructions` were frozen when it was created."""

    payment_id: UUID
    operation: str
    amount_minor: int  # gross: what the payer pays
    fee_minor: int  # the platform's share inside it
    currency: str
    instructions: Mapping[str, Any]
    last_try: bool = False  # the grace window is over: send even if a check says it will fail


@dataclass(frozen=True, slots=True)
class Prepared:
    """A built and signed attempt that has not left. `envelope` is stored encrypted, `data` in clear."""

    payment_id: UUID
    identity: str  # unique per provider: signature, idempotency key or reference
    envelope: bytes
    data: Mapping[str, Any]  # what lookup needs, e.g. last_valid_block_height; no secrets


class HoldKind(StrEnum):
    """Who is waited for. None of these counts as a try, none of them is a failure."""

    FUNDS = "funds"  # the payer, inside the grace window
    PAYEE = "payee"  # e.g. the payee closed the account that is to receive
    PROVIDER = "provider"  # an outage, a node behind, our own fee payer empty


@dataclass(frozen=True, slots=True)
class Hold:
    """A payment that is not sent now; nothing was signed."""

    payment_id: UUID
    kind: HoldKind
    code: str
    message: str
    retry_seconds: float | None = None  # None: the engine's own gap for this kind


@dataclass(frozen=True, slots=True)
class Known:
    """What evidence has named of an attempt so far: what its next call and its next look may start from."""

    provider_ref: str = ""  # the provider's own id of it, the last that was named
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # each step's detail, by its code
    movements: tuple[
        str, ...
    ] = ()  # what is booked of it, oldest first: ids that were named; "" where none was
    taken_back: tuple[str, ...] = ()  # those of them of which that is known


@dataclass(frozen=True, slots=True)
class Sendable:
    """One send of a committed attempt. `known` is what its earlier sends left behind."""

    attempt_id: UUID
    payment_id: UUID
    send_no: int
    operation: str
    identity: str
    envelope: bytes
    data: Mapping[str, Any]
    amount_minor: int
    currency: str
    instructions: Mapping[str, Any]
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True)
class Asked:
    """One attempt whose truth is looked up."""

    attempt_id: UUID
    payment_id: UUID
    operation: str
    identity: str
    data: Mapping[str, Any]
    amount_minor: int
    fee_minor: int
    currency: str
    instructions: Mapping[str, Any]
    known: Known = field(default_factory=Known)
    told_ref: str = ""  # another id of the provider's, that a callback names beside our identity
    looks: int = 0  # that there were before: a call that is made at each of them has a key of its own


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence: what a provider said, typed. Amounts in minor units; absent ones are None."""

    outcome: Outcome
    failure_class: FailureClass = FailureClass.NONE
    code: str = ""  # stable, snake_case: "allowance_too_small"
    message: str = ""  # one plain sentence, no secrets
    provisional: bool = False  # PENDING that may be shown as paid (confirmed on chain)
    provider_ref: str = ""
    movement_id: str = ""  # unique per movement of money at the provider
    gross_minor: int | None = None  # what left the payer
    currency: str = ""  # of what left the payer; "" is the one that was asked for
    fee_minor: int | None = None  # what reached the platform as its fee
    network_fee_minor: int = 0  # what it cost us, in `network_currency`
    network_currency: str = ""
    retry_seconds: float | None = None  # the provider said when to ask again
    # Stored as it is; no secrets. `park`: no further look will tell. `not_seen`: looked for wherever it can be, and not
    # there, so that a person may declare it absent.
    detail: Mapping[str, Any] = field(default_factory=dict)


class ProviderUnavailable(Exception):
    """Raised by `context` and `lookup`: the provider can't be asked now. Nothing has left.

    `retry_seconds` is the provider's own word where it gave one (Retry-After).
    """

    def __init__(self, code: str, message: str, retry_seconds: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_seconds = retry_seconds


Context: TypeAlias = Any


class Provider(Protocol):
    """One rail or gateway. Built once per process; `submit` is called from many threads at once."""

    name: str
    sheet: Sheet

    def context(self, payables: Sequence[Payable]) -> Context:
        """Fetch what the batch needs from outside (blockhash, balances, token). Calls out, may read its
        own tables, runs outside any transaction; may not be able to move money. Raises ProviderUnavailable."""

    def prepare(self, payables: Sequence[Payable], context: Context) -> list[Prepared | Hold]:
        """Build and sign, one answer per payable in the same order. Pure: no calls, no database."""

    def committing(self, prepared: Sequence[Prepared]) -> Sequence[Hold]:
        """Write the provider's own rows for these attempts in the caller's transaction; who must wait after all,
        because another worker was faster. No calls."""

    def submit(self, sendable: Sendable) -> Finding:
        """Send once, within the total deadline. Calls out. Never raises for the world's faults: what
        can't be known is Outcome.UNKNOWN. One that takes several calls: abilities.Stepped."""

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """The truth by attempt id, in bulk; an attempt left out is asked again later. Calls out. Raises
        ProviderUnavailable if nothing could be learned."""
