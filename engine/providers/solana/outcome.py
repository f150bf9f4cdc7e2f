"""What the chain says about attempts that it knows: seen, final, how much moved, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings

from engine.providers.base import Asked, FailureClass, Finding, Outcome
from engine.providers.solana import decline, landed, marker, memo
from engine.providers.solana.checks import CLASSES, SENTENCES
from engine.providers.solana.faults import RpcFault
from engine.providers.solana.instructions import Terms, read_terms
from engine.providers.solana.landed import Landed
from engine.providers.solana.proof import Status
from engine.providers.solana.rpc import Client
from engine.providers.solana.tokens import TokenAccount, parse_token_account, read_accounts

NO_CURRENCY = "XXX"  # ISO 4217: none that is known. Empty would say: the one that was asked for


def read(client: Client, known: Sequence[tuple[Asked, Status]]) -> dict[UUID, Finding]:
    """Findings for attempts with a status. Calls out. Attempts that could not be read now are left out."""
    found: dict[UUID, Finding] = {}
    final: list[tuple[Asked, Status]] = []
    for asked, status in known:
        if status.level == "finalized":
            final.append((asked, status))
        else:
            found[asked.attempt_id] = _seen(status)
    return found | _final(client, final)


def _seen(status: Status) -> Finding:
    if status.err is not None:
        # A fork may still drop it, and the same bytes may then succeed: final at `finalized` alone.
        return Finding(Outcome.PENDING, code="failing", message="It failed, but not finally yet.")
    confirmed = status.level == "confirmed"
    message = "Confirmed, not final yet." if confirmed else "Seen, not confirmed yet."
    return Finding(Outcome.PENDING, code=status.level, message=message, provisional=confirmed)


def _final(client: Client, final: Sequence[tuple[Asked, Status]]) -> dict[UUID, Finding]:
    if not final:
        return {}
    try:
        shown = landed.read(client, [asked.identity for asked, _ in final])
        accounts = _accounts_of_failed(client, [asked for asked, _ in final], shown)
    except RpcFault:
        return {}
    return {
        asked.attempt_id: (
            asked.identity in shown and _finding(client, asked, shown[asked.identity], accounts)
        )
        or _awaiting(status)
        for asked, status in final
    }


def _awaiting(status: Status) -> Finding:
    """Final for sure, but amounts come from balances alone: wait for a node that can show them."""
    message = "Final; its balances are awaited."
    good = status.err is None
    return Finding(Outcome.PENDING, code="awaiting_balances", message=message, provisional=good)


def _accounts_of_failed(
    client: Client, final: Sequence[Asked], shown: Mapping[str, Landed]
) -> dict[str, TokenAccount | None]:
    wanted: set[str] = set()
    for asked in final:
        if asked.identity in shown and shown[asked.identity].err is not None:
            terms = read_terms(asked.instructions)
            wanted |= {terms.source, terms.payee_account, terms.fee_account} - {""}
    raw = read_accounts(client, sorted(wanted), settings.ENV.solana_commitment)
    return {address: parse_token_account(account) for address, account in raw.items()}


def _finding(
    client: Client, asked: Asked, tx: Landed, accounts: Mapping[str, TokenAccount | None]
) -> Finding | None:
    """None where the node shows the transaction without the balances that say what it did."""
    terms = read_terms(asked.instructions)
    if tx.err is None:
        return _succeeded(asked, terms, tx) if _shows_its_parties(tx, terms, asked.data["steps"]) else None
    if marker.is_taken(tx.err, asked.data["steps"]):
        return _adopt(client, asked, terms, tx)
    if decline.balances_missing(tx, steps=asked.data["steps"], terms=terms, accounts=accounts):
        return None
    trouble = decline.why(
        tx,
        steps=asked.data["steps"],
        terms=terms,
        delegate=asked.data["collector"],
        amount_minor=asked.amount_minor,
        accounts=accounts,
    )
    return Finding(
        Outcome.DECLINED,
        failure_class=CLASSES[trouble],
        code=trouble,
        message=SENTENCES[trouble],
        provider_ref=tx.signature,
        network_fee_minor=tx.lamports_spent,
        network_currency="SOL",
        detail={"slot": tx.slot, "err": tx.err},
    )


def _shows_its_parties(tx: Landed, terms: Terms, steps: Sequence[str]) -> bool:
    """A transfer of ours that landed has balances of all that it touched; empty lists are a node's, not the chain's.

    One without a fee touches no fee account, although there is one; one that is all fee touches no payee's.
    """
    touched = {"pay": terms.payee_account, "fee": terms.fee_account}
    return {terms.source, *(touched[step] for step in steps if step in touched)} <= tx.mints.keys()


def _succeeded(asked: Asked, terms: Terms, tx: Landed, *, spent_before: int = 0) -> Finding:
    """What moved, as the balances say; where it differs from what was asked, the engine parks."""
    fee = tx.change(terms.fee_account) if terms.fee_account else None
    right_mint = tx.mints.get(terms.source) == terms.mint
    return Finding(
        Outcome.SUCCEEDED,
        code="finalized",
        message="Final on the chain.",
        provider_ref=tx.signature,
        movement_id=tx.signature,
        gross_minor=-tx.change(terms.source),
        currency=asked.currency if right_mint else NO_CURRENCY,
        fee_minor=fee,  # None: no second leg, the fee is a receivable
        network_fee_minor=tx.lamports_spent + spent_before,
        network_currency="SOL",
        detail={
            "slot": tx.slot,
            "block_time": tx.block_time,
            "payee_minor": tx.change(terms.payee_account),
            **({"adopted_by": asked.identity} if tx.signature != asked.identity else {}),
        },
    )


def _adopt(client: Client, asked: Asked, terms: Terms, failed: Landed) -> Finding:
    """The payment's marker exists: find the transaction that made it by its memo, and take that one.

    Its network cost is added to the failed one's: an attempt that is adopted from was given up and
    books nothing by itself.
    """
    try:
        scan = memo.scan(client, terms.source, memo.text(asked.payment_id), since=0, context_slot=failed.slot)
        others = [each.signature for each in scan.entries if each.err is None]
        shown = landed.read(client, others)
        readable = all(terms.source in tx.mints for tx in shown.values())
    except RpcFault:
        shown, readable = {}, False
    paid = [tx for tx in shown.values() if tx.err is None and _went_to_its_parties(tx, terms)]
    if len(paid) == 1:
        return _succeeded(asked, terms, paid[0], spent_before=failed.lamports_spent)
    return Finding(
        Outcome.UNKNOWN,
        failure_class=FailureClass.UNKNOWN,
        code="marker_taken",
        message="The payment's marker exists, but the transaction that made it was not found.",
        provider_ref=failed.signature,
        detail={"slot": failed.slot, "candidates": len(paid), "park": readable},
    )


def _went_to_its_parties(tx: Landed, terms: Terms) -> bool:
    """Anybody can write our memo: adopt only what left the payer for the payee and our fee account."""
    fee = tx.change(terms.fee_account) if terms.fee_account else 0
    return 0 < -tx.change(terms.source) == tx.change(terms.payee_account) + fee
