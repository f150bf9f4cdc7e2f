"""Paystack's refusals."""

from typing import Any

from sandbox.gateways.messages import Refused


def body(message: str, *, kind: str = "", code: str = "", step: str = "") -> dict[str, Any]:
    """The error envelope. 401 and 404 carry the first two members alone."""
    more = {"meta": {"nextStep": step}, "type": kind, "code": code} if code else {}
    return {"status": False, "message": message, **more}


def invalid(message: str, code: str = "invalid_params", step: str = "Correct the request.") -> Refused:
    """400 of a request that doesn't fit."""
    return Refused(400, body(message, kind="validation_error", code=code, step=step))


def duplicate(message: str = "Duplicate Transaction Reference") -> Refused:
    """400: the reference was used before. Its advice is bad: a new reference pays twice."""
    step = "Ensure that the reference you are passing is unique for each request."
    return invalid(message, "duplicate_reference", step)


def missing(what: str) -> Refused:
    """404: no such object."""
    return Refused(404, body(f"{what} not found"))
