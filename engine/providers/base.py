"""The provider contract: what every rail and gateway must speak, and what recovery may act on.

A provider returns typed outcomes; only the engine writes states. It has no money tables. Its capability
sheet says what it can do, and recovery acts from that sheet alone (design section 4).
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
    resend_same_identity: bool  # the same identity may be sent again and acts once at most
    identity_seconds: float | None  # how long it stays so; None: as long as the identity can act at all
    lookup_by_identity: bool
    lookup_batch: int  # attempts a lookup call takes
    absence_after: float  # absence is not read before send_by + total deadline + this
    absence_certain: bool  # ABSENT can be proved, so a new identity is allowed
    cancel: bool
    refunds: bool
    currencies: tuple[str, ...]
    minimum_minor: Mapping[str, int] = field(default_factory=dict)
    maximum_minor: int = 2**63 - 1
    concurrency: int = 64  # sends in flight over all workers


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
class Sendable:
    """One send of a committed attempt."""

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
    currency: str = ""
    fee_minor: int | None = None  # what reached the platform as its fee
    network_fee_minor: int = 0  # what it cost us, in `network_currency`
    network_currency: str = ""
    retry_seconds: float | None = None  # the provider said when to ask again
    detail: Mapping[str, Any] = field(default_factory=dict)  # stored as it is; no secrets


class ProviderUnavailable(Exception):
    """Raised by `context` and `lookup`: the provider can't be asked now. Nothing has left.

    `retry_seconds` is the provider's own word where it gave one (Retry-After).
    """

    def __init__(self, code: str, message: str, retry_seconds: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_seconds = retry_seconds


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """What the payer is to sign or do so that we may pull, and what a method of it is to remember.

    `transaction` is unsigned (base64). Amounts in minor units: `amount_minor` is the approval in all,
    `kept_minor` the part of it that commitments made before still need. `details` holds no secrets.
    """

    transaction: str
    details: Mapping[str, Any]
    amount_minor: int
    kept_minor: int
    replaces: str | None  # whose approval ends by this one; None: nobody's
    replaces_foreign: bool


@dataclass(frozen=True, slots=True)
class ApprovalFound:
    """What stands at the provider for a method: whether it would do (`ok`), and why not.

    `granted` is whether an approval of ours stands at all; `details` replaces the method's where it does.
    """

    ok: bool
    granted: bool
    code: str
    message: str
    balance_minor: int
    allowance_minor: int
    details: Mapping[str, Any]


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

    def committing(self, prepared: Sequence[Prepared]) -> None:
        """Write the provider's own rows for these attempts in the caller's transaction. No calls."""

    def submit(self, sendable: Sendable) -> Finding:
        """Send once, within the total deadline. Calls out. Never raises for the world's faults: what
        can't be known is Outcome.UNKNOWN."""

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """The truth by attempt id, in bulk; an attempt left out is asked again later. Calls out. Raises
        ProviderUnavailable if nothing could be learned."""


class Approving(Protocol):
    """A provider that pulls by an approval which the payer gives once and may take back."""

    def ask_approval(
        self, *, payer: str, currency: str, add_minor: int, commitments_minor: int, options: Mapping[str, Any]
    ) -> ApprovalAsked:
        """The approval for one more commitment on top of what stands. Calls out. Raises Refusal for bad
        input, ProviderUnavailable when nobody answers."""

    def find_approval(self, details: Mapping[str, Any], *, needed_minor: int) -> ApprovalFound:
        """Whether `needed_minor` could be pulled now. Calls out. Raises ProviderUnavailable."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the other side is right now. `unix_seconds` is its own clock, None where it has or says none."""

    reachable: bool
    message: str
    unix_seconds: int | None = None


class Observed(Protocol):
    """A provider that can be asked how it is, without anything being asked of it."""

    def standing(self) -> Standing:
        """For health and doctor. Calls out; the world's faults are an answer, never raised."""


class Networked(Protocol):
    """A provider whose endpoints may be of another network than the one that is configured."""

    def wrong_network(self) -> str:
        """One sentence if an endpoint is of another network, "" if not or if nobody answers. Calls out."""


class PaysWallets(Protocol):
    """A provider that pays a payee's wallet and knows what one looks like."""

    def check_payee(self, wallet: str) -> None:
        """Raises Refusal with param "wallet" for text that can't be one. No calls."""
