"""What a provider may be able to do beyond the contract: a Protocol each, found by its method (registry.py)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.providers.base import Asked, Finding, Sendable


class Stepped(Protocol):
    """A provider whose send takes several calls, such as create and confirm. Its `submit` is not called."""

    def submit_in_steps(self, sendable: Sendable) -> Generator[Finding, None, Finding]:
        """Like `submit`, call by call: yield what each call but the last showed (Outcome.STEP; `code` names the
        step, `provider_ref` and `detail` are what the next one needs), return what the last one did.

        The engine commits what is yielded, asks whether the next call may still leave, and only then goes on; if
        not, the generator is closed there. A call that moves money by itself, or that makes what somebody else
        can pay, is no step but the last call. What `sendable.known` names is not made again.
        """


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


class Cancelling(Protocol):
    """A provider whose open attempts can be called back: an unpaid link, an intent that was not confirmed."""

    def cancel(self, asked: Asked) -> Finding:
        """Ask that it never moves money. Calls out; never raises for the world's faults. Evidence like any other:
        ABSENT where it can't any more, SUCCEEDED or PENDING where it was too late, else UNKNOWN."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What one callback is about. `event_id` is the provider's, or made from the body where it names none:
    what arrives twice is one. `identity` or `provider_ref` says which attempt to look up."""

    event_id: str
    kind: str
    identity: str = ""
    provider_ref: str = ""


class CallingBack(Protocol):
    """A provider that tells us by itself that something changed."""

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
        """What it is about, once its signature holds over the raw bytes. No calls, no database. Raises Refusal
        "signature_wrong", "callback_unreadable". A hint alone: what it names is looked up before anything moves."""


@dataclass(frozen=True, slots=True)
class Line:
    """One movement as the provider's own statement has it. Minor units; `amount_minor` above 0 came to us."""

    movement_id: str
    at: datetime
    currency: str
    amount_minor: int
    fee_minor: int
    provider_ref: str


class Stating(Protocol):
    """A provider that gives an account of what moved."""

    def statement(self, since: datetime, until: datetime) -> Iterator[Line]:
        """What moved from `since` to before `until`, page by page. Calls out. Raises ProviderUnavailable."""
