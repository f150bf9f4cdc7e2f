"""What can go wrong on the way to a provider and back. Texts name the host at most: a URL may hold a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.providers.base import ProviderUnavailable

if TYPE_CHECKING:
    from engine.providers.edge.http import Answer


class Fault(Exception):
    """Base. `code` is stable, `message` a plain sentence without secrets, `retry_seconds` the wait where one is known.

    `request_digest` is the sha256 of what was to be sent, "" where it was not made.
    """

    def __init__(self, code: str, message: str, retry_seconds: float | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.retry_seconds = code, message, retry_seconds
        self.request_digest = ""

    def unavailable(self) -> ProviderUnavailable:
        """The same for who may raise no other: `context` and `lookup`."""
        return ProviderUnavailable(self.code, self.message, self.retry_seconds)


class NotSent(Fault):
    """Nothing of the request left.

    Codes: "no_address", "unreachable", "no_tls" (as far as it came to a connection), "not_sent" (it can't be built),
    "no_time" (the deadline was over before its first byte), "breaker_open", and those of an access token and a limit.
    """


class NoAnswer(Fault):
    """The request may have been acted upon: a timeout, a broken connection, an answer too large or unreadable."""


class Limited(Fault):
    """429: the provider says that it did not begin. `answer` is what it said, for the evidence."""

    def __init__(self, message: str, retry_seconds: float | None, answer: Answer | None = None) -> None:
        super().__init__("rate_limited", message, retry_seconds)
        self.answer = answer
