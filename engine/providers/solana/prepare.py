"""Decide for each payment of a batch: sign it now, or hold it and say who is waited for. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.conf import settings
from solders.keypair import Keypair

from engine.core.errors import Refusal
from engine.providers.base import Hold, HoldKind, Payable, Prepared
from engine.providers.solana import build, holds, keys
from engine.providers.solana.checks import SENTENCES, Trouble, destination_usable, source_trouble
from engine.providers.solana.destinations import Opened
from engine.providers.solana.instructions import Terms, read_terms
from engine.providers.solana.snapshot import Snapshot


class Batch:
    """One batch against one snapshot; remembers what its earlier payments already use up."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._used: defaultdict[str, int] = defaultdict(int)  # minor units by source account
        self._opening: set[str] = set()  # accounts that this batch opens
        self._lamports = snapshot.fee_payer_lamports

    def answers(self, payables: Sequence[Payable]) -> list[Prepared | Hold]:
        """One answer per payable, in order."""
        return [self._answer(each) for each in payables]

    def _answer(self, payable: Payable) -> Prepared | Hold:
        if self._lamports < settings.ENV.solana_fee_payer_min:
            return holds.provider(payable, Trouble.FEE_PAYER_EMPTY, SENTENCES[Trouble.FEE_PAYER_EMPTY])
        terms = read_terms(payable.instructions)
        try:
            collector = self._collector(terms)
            base = keys.collector(terms.collector) if terms.strict_once else None
        except Refusal as refusal:
            return holds.provider(payable, refusal.code, refusal.message)
        hold = self._source_hold(payable, terms, collector) or self._destination_hold(payable, terms)
        return hold or self._sign(payable, terms, collector, base)

    def _collector(self, terms: Terms) -> Keypair:
        """The key of ours that the payer approved, as the chain has it now; else the one frozen with the payment.

        An account has one approval, so approving anew for one method moves all methods of that account to
        the newer key, and what was scheduled before with them. Raises Refusal for a key that we have not.
        """
        source = self._snapshot.accounts[terms.source]
        approved = keys.version_of(source.delegate) if source else None
        return keys.collector(terms.collector if approved is None else approved)

    def _source_hold(self, payable: Payable, terms: Terms, collector: Keypair) -> Hold | None:
        trouble = source_trouble(
            self._snapshot.accounts[terms.source],
            mint=terms.mint,
            delegate=str(collector.pubkey()),
            amount_minor=payable.amount_minor,
            used_minor=self._used[terms.source],
        )
        if trouble is None or payable.last_try:
            return None
        return Hold(payable.payment_id, HoldKind.FUNDS, trouble, SENTENCES[trouble])

    def _destination_hold(self, payable: Payable, terms: Terms) -> Hold | None:
        accounts = self._snapshot.accounts
        fee = accounts[terms.fee_account] if terms.fee_account else None
        if fee and not destination_usable(fee, terms.fee_wallet):
            return holds.provider(
                payable, "fee_account_unusable", "Our own fee account is frozen or given away."
            )
        payee = accounts[terms.payee_account]
        if payee:
            usable = destination_usable(payee, terms.payee)
            return None if usable else holds.payee(payable, "destination_unusable", "is frozen or given away")
        if terms.payee_account in self._opening:
            return holds.opening(payable)
        before = self._snapshot.openings.get((terms.payee, terms.mint))
        if before is None or before.payment_id == payable.payment_id or before.opened is Opened.NO:
            return None
        if before.opened is Opened.NOT_YET:
            return holds.opening(payable)
        return holds.payee(payable, "destination_missing", "was closed; the payee must open it again")

    def _sign(
        self, payable: Payable, terms: Terms, collector: Keypair, base: Keypair | None
    ) -> Prepared | Hold:
        order = self._order(payable, terms)
        cost = build.network_lamports(order, account_rent=self._snapshot.recent.account_rent)
        if cost > self._lamports:
            return holds.provider(payable, Trouble.FEE_PAYER_EMPTY, SENTENCES[Trouble.FEE_PAYER_EMPTY])
        recent, payer = self._snapshot.recent, keys.fee_payer()
        signed = build.sign(
            order, blockhash=recent.blockhash, fee_payer=payer, collector=collector, base=base
        )
        self._lamports -= cost
        self._used[terms.source] += payable.amount_minor
        if order.open_payee:
            self._opening.add(terms.payee_account)
        data = {
            "blockhash": recent.blockhash,
            "last_valid_block_height": recent.last_valid_block_height,
            "signed_slot": recent.slot,
            "fee_payer": str(payer.pubkey()),
            "collector": str(collector.pubkey()),
            "steps": signed.steps,
            "opens": self._opens(terms) if order.open_payee else None,
        }
        return Prepared(payable.payment_id, signed.signature, signed.raw, data)

    def _opens(self, terms: Terms) -> dict[str, str]:
        before = self._snapshot.openings.get((terms.payee, terms.mint))
        return {"payee": terms.payee, "mint": terms.mint, "instead_of": before.signature if before else ""}

    def _order(self, payable: Payable, terms: Terms) -> build.Order:
        accounts = self._snapshot.accounts
        pay, fee = terms.legs(payable.amount_minor, payable.fee_minor)
        return build.Order(
            payment_id=payable.payment_id,
            terms=terms,
            pay_minor=pay,
            fee_minor=fee,
            open_payee=bool(pay) and accounts[terms.payee_account] is None,
            open_fee=bool(fee) and accounts[terms.fee_account] is None,
            marker_rent=self._snapshot.recent.marker_rent if terms.strict_once else None,
        )
