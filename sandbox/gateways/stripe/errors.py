"""Stripe's refusals."""

from typing import Any

from sandbox.gateways.messages import Refused


def body(kind: str, message: str, **more: Any) -> dict[str, Any]:
    """The error envelope; ``more``: code, param, decline_code, charge, payment_intent."""
    return {"error": {**{name: value for name, value in more.items() if value is not None},
                      "message": message, "type": kind}}  # fmt: skip


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> Refused:
    """400 of a request that doesn't fit: refused before the work, so no key keeps it."""
    return Refused(400, body("invalid_request_error", message, code=code, param=param))


def missing(kind: str, number: str, param: str = "id") -> Refused:
    """404: no such object."""
    message = f"No such {kind}: '{number}'"
    return Refused(404, body("invalid_request_error", message, code="resource_missing", param=param))


def conflict(message: str, code: str, **more: Any) -> Refused:
    """400 of a request that came when its object can't take it: the work had begun, so a key keeps it."""
    return Refused(400, body("invalid_request_error", message, code=code, **more), stored=True)


def declined(message: str, **more: Any) -> Refused:
    """402: the card was refused; a key keeps it."""
    return Refused(402, body("card_error", message, **more), stored=True)
