"""Senders that break one rule each, on the very same engine: the verdict must catch them.

Registered through SANDBOX_PROVIDERS by the proof and its tests, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from engine.providers.base import Asked, FailureClass, Finding, Outcome, Sendable
from engine.providers.solana.provider import SolanaDelegate
from sandbox.prove.senders import GIVES_UP, SIGNS_ANEW


class SignsAnew(SolanaDelegate):
    """On any error of a send it rebuilds and signs anew; what a node has not seen yet counts as absent."""

    name = SIGNS_ANEW

    def __init__(self) -> None:
        super().__init__()
        self.sheet = replace(self.sheet, provider=self.name)

    def submit(self, sendable: Sendable) -> Finding:
        """An error is taken for "it did not leave"."""
        found = super().submit(sendable)
        if found.outcome is Outcome.UNKNOWN:
            return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, found.code, found.message)
        return found

    def lookup(self, asked: Sequence[Asked]) -> dict[UUID, Finding]:
        """ "Not there" is taken for "never will be"."""
        found = super().lookup(asked)
        return {
            attempt: Finding(Outcome.ABSENT, code="not_found")
            if finding.outcome is Outcome.MISSING
            else finding
            for attempt, finding in found.items()
        }


class GivesUp(SolanaDelegate):
    """A send without an answer has failed, it says."""

    name = GIVES_UP

    def __init__(self) -> None:
        super().__init__()
        self.sheet = replace(self.sheet, provider=self.name)

    def submit(self, sendable: Sendable) -> Finding:
        """A timeout is taken for a refusal."""
        found = super().submit(sendable)
        if found.outcome is Outcome.UNKNOWN:
            return Finding(Outcome.DECLINED, FailureClass.SOFT_DECLINE, "timeout", found.message)
        return found
