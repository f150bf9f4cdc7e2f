"""What a provider may be able to do beyond the contract: a Protocol each, found by its method (registry.py)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from engine.core.errors import Refusal
from engine.providers.base import Asked, Finding, Outcome, Sendable
from engine.providers.setups import SetupCharge
from engine.providers.statements import Line, Settlement
from engine.providers.unread import Unread

if TYPE_CHECKING:
    from engine.providers.edge.tokens import Source


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
    """How the other side is right now. `unix_seconds` is its own clock, None where it has or says none. `lacks`: one
    sentence on what of ours keeps payments waiting there though it answers; "" for nothing."""

    reachable: bool
    message: str
    unix_seconds: int | None = None
    lacks: str = ""


class Observed(Protocol):
    """A provider that can be asked how it is, without anything being asked of it."""

    def standing(self) -> Standing:
        """Calls out; the world's faults are an answer, never raised. No more calls allowed just now is no fault."""


class BearingTokens(Protocol):
    """A provider whose calls carry an access token that ends."""

    def token_source(self) -> Source | None:
        """Where its tokens are had; None where its credentials stay. No calls."""


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
        """Ask that it never moves money. Calls out; never raises for the world's faults. ABSENT where it can't any
        more, SUCCEEDED or PENDING where it was too late, else UNKNOWN.

        No more than a request: the look after it is what is believed. A look that finds what was called back is ABSENT,
        of the class PAYER_ACTION where only its payer had been waited for.
        """


@dataclass(frozen=True, slots=True)
class Payer:
    """Who is to pay, as a gateway wants to know them. A phone number may be needed by some channels alone."""

    customer_id: UUID
    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class SetupAsked:
    """How a payer gives us a method at a gateway's own page or fields: no card number ever comes to us.

    `client_secret` is for the gateway's own fields in the payer's browser, `url` for its own page; one of both is set,
    or neither where the rail needs no approval (a link is paid each time). `details` is what `find_setup` starts from.
    """

    kind: str  # "hosted_fields", "redirect", "none"
    details: Mapping[str, Any]
    url: str = ""
    client_secret: str = field(default="", repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SetupFound:
    """What became of a setup. `granted`: `details` may be pulled from, `source` among them names what is pulled.

    `label` is what a person knows it by (brand, last4, exp_month, exp_year, bank), never more of a number. `charged` is
    what the payer paid for it, granted or not, each time that it is found.
    """

    granted: bool
    code: str = ""
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    label: Mapping[str, Any] = field(default_factory=dict)
    charged: SetupCharge | None = None


class SettingUp(Protocol):
    """A gateway that keeps a payer's method for us, by a token that only our key can use."""

    def ask_setup(
        self, *, payer: Payer, currency: str, return_url: str, reference: str, options: Mapping[str, Any]
    ) -> SetupAsked:
        """Begin. `reference` is ours, the same for the same setup. Calls out; moves nothing, but a payer may have to
        pay a little on the page: `find_setup` shows it. Raises Refusal for bad input, ProviderUnavailable when nobody
        answers."""

    def find_setup(self, details: Mapping[str, Any]) -> SetupFound:
        """What became of it, and what was paid for it. Calls out, moves nothing. Raises ProviderUnavailable."""

    def forget_setup(self, details: Mapping[str, Any]) -> None:
        """Take the token out of use where the gateway can. Calls out. Raises ProviderUnavailable."""

    def public_key(self) -> str:
        """With which the payer's browser opens its fields or encrypts for it; "" where it needs none. Anybody may see
        it. No calls."""


class DisputeState(StrEnum):
    """Where a dispute stands: the money is away from `open` on, and back with `won`."""

    OPEN = "open"  # evidence is due
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DisputeFound:
    """A dispute as the provider has it now. Minor units; `fee_minor` is what it costs us in all by now.

    `charge_ref` is the `provider_ref` or the `movement_id` of the charge's evidence.
    """

    dispute_ref: str
    charge_ref: str
    state: DisputeState
    amount_minor: int
    currency: str
    fee_minor: int
    reason: str
    opened_at: datetime
    evidence_due_at: datetime | None = None


class Disputing(Protocol):
    """A provider whose payers may take money back through their bank."""

    def find_dispute(self, dispute_ref: str) -> DisputeFound:
        """As it stands now. Calls out. Raises ProviderUnavailable; Refusal "dispute_unknown"."""

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeFound | Unread]:
        """Those opened from `since` to before `until`, page by page. Calls out. Raises ProviderUnavailable."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What one callback is about. `event_id` is the provider's, or made from the body where it names none:
    what arrives twice is one. `identity` or `provider_ref` says which attempt to look up; what names a charge may be
    about what is given back of it, which is looked up too. A dispute or a setup is named by `dispute_ref` or
    `setup_ref` instead; what is given back of a setup's charge, by `setup_ref` with that charge's `identity`. None of
    them: it is kept, and nothing is done. `says`: how what it names, or what is given back of that, has ended."""

    event_id: str
    kind: str  # the provider's own word
    identity: str = ""
    provider_ref: str = ""
    dispute_ref: str = ""
    setup_ref: str = ""  # the `reference` of ask_setup
    live: bool | None = None  # of real money; None where it does not say
    says: Outcome | None = None  # SUCCEEDED, DECLINED, REVERSED; a look that does not show it is repeated


@dataclass(frozen=True, slots=True)
class Told:
    """One event as its provider keeps it: `body` is what its callback would have been, but for the signature."""

    body: bytes
    hint: Hint


class Retelling(Protocol):
    """A provider that can be asked what it had to tell, for callbacks that never came."""

    def told(self, since: datetime, until: datetime) -> Iterator[Told | Unread]:
        """What it told of ours from `since` to before `until`, page by page. Calls out. Raises ProviderUnavailable."""


class SignatureWrong(Refusal):
    """A callback whose signature does not hold. `hints` is what it would be about if it did.

    Some providers' own samples disagree on what is signed: the inbox may look up what such a callback names, if we know
    it and at a limited rate, and believes nothing else of it.
    """

    def __init__(self, message: str, *, hints: Sequence[Hint] = ()) -> None:
        super().__init__("signature_wrong", message)
        self.hints = tuple(hints)


class CallingBack(Protocol):
    """A provider that tells us by itself that something changed."""

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> list[Hint]:
        """What it is about, once its signature holds over the raw bytes. No calls, no database.

        Raises Refusal "signature_wrong" (SignatureWrong where it could be read all the same), "callback_unreadable",
        "callback_too_old" (or from the future). A hint alone: what it names is looked up before anything moves."""


class Stating(Protocol):
    """A provider that gives an account of what moved."""

    def statement(self, since: datetime, until: datetime) -> Iterator[Line | Unread]:
        """What moved from `since` to before `until`, page by page, with what can't be read. Calls out. Raises
        ProviderUnavailable."""


class Settling(Protocol):
    """A provider that pays our balance into our bank by itself, and tells what it paid."""

    def settlements(self, since: datetime, until: datetime) -> Iterator[Settlement | Unread]:
        """Those made from `since` to before `until`, page by page, with those that can't be read. Calls out. Raises
        ProviderUnavailable."""
