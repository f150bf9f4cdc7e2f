"""Sheets are all that billing reads of a provider."""

from __future__ import annotations

from engine.providers.base import Sheet


class Direct:
    """Pulls straight from payer to payee."""

    name = "direct"
    sheet = Sheet(
        provider="direct", operations=("charge",), pulls=True, settlement="direct", resend_same_identity=("charge",),
        identity_seconds=None, unique_reference=("charge",), lookup_by_identity=True, lookup_batch=100, absence_after=0,
        absence_certain=("charge",), cancel=False, reversible=False, currencies=("USDC", "SOL"),
        minimum_minor={"USDC": 50}, maximum_minor=10**14,
    )  # fmt: skip

    def ask_approval(self, **asked: object) -> object:
        """It pulls by approvals, as the watcher wants to know; nobody asks for one here."""
        raise AssertionError(asked)
