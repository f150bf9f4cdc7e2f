"""Refusals: what a caller did that can't be done, by field, with the mend."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is refused with nothing written.

    `code` is stable for programs, `message` is for people and says the mend, `param` names the field.
    """

    def __init__(self, code: str, message: str, *, param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param


def first_line(fault: BaseException) -> str:
    """What a fault says, on one line; its type's name where it says nothing."""
    return next(iter(str(fault).splitlines()), "") or type(fault).__name__
