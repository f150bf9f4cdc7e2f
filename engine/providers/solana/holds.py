"""The words for those who wait on this rail."""

from __future__ import annotations

from django.conf import settings

from engine.providers.base import Hold, HoldKind, Payable, Prepared


def provider(one: Payable | Prepared, code: str, message: str) -> Hold:
    """For us, or for the chain."""
    return Hold(one.payment_id, HoldKind.PROVIDER, code, message)


def payee(one: Payable | Prepared, code: str, what: str, retry_seconds: float | None = None) -> Hold:
    """For the payee, whose token account `what`."""
    return Hold(one.payment_id, HoldKind.PAYEE, code, f"The payee's token account {what}.", retry_seconds)


def opening(one: Payable | Prepared) -> Hold:
    """For another payment, which opens the account.

    Only one at a time does: with more in flight, a payee who closes it in between would be paid its rent again
    and again.
    """
    soon = settings.ENV.verify_first_seconds
    return payee(one, "destination_opening", "is being opened by another payment", soon)
