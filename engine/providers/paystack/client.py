"""One call to Paystack and what its envelope says: `status: true` is a call that was accepted, not money that moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from engine.providers.edge import http
from engine.providers.edge.faults import Fault, NoAnswer
from engine.providers.edge.http import Answer, Call
from engine.providers.edge.redact import redact
from engine.providers.paystack.account import NAME, Account

# Statuses by which a request of ours may still be at work, or was never looked at for what it says.
_PROVES_NOTHING = (408, 409, 425)


@dataclass(frozen=True, slots=True)
class Reply:
    """An accepted call. `data` is what Paystack says of the object, not checked yet."""

    message: str
    data: Any
    meta: Mapping[str, Any]
    trace: Mapping[str, Any]


class Said(Fault):
    """An answer by which the call was not accepted. `code` is Paystack's own word, "" where it has none."""

    def __init__(self, code: str, message: str, answer: Answer) -> None:
        super().__init__(code, message)
        self.status, self.trace = answer.status, answer.trace


class Refused(Said):
    """400, 404, 422 and their like in Paystack's own envelope: it did not begin."""

    @property
    def duplicate(self) -> bool:
        """The reference was used before. By whom is asked of it; its own advice, a new one, would pay twice."""
        said = self.message.lower()
        return self.code == "duplicate_reference" or (
            "reference" in said and ("duplicate" in said or "already exists" in said)
        )

    @property
    def missing(self) -> bool:
        """There is no such object, as far as it can be seen now."""
        return self.status == 404 or self.code.endswith("not_found") or "not found" in self.message.lower()


class KeyRefused(Said):
    """401, 403: the key or the address that we call from is refused, and with it every call."""


class Unclear(Said):
    """An answer that proves nothing: 5xx, a proxy's page, another shape."""


class Client:
    """Calls by one account. Used by many threads at once."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def post(self, path: str, body: bytes, *, operation: str, seconds: float | None = None) -> Reply:
        """Send `body` (JSON) once. Calls out. Raises Fault: how much of it is proved says its type."""
        return self._ask("POST", path, body, operation=operation, seconds=seconds)

    def get(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        operation: str = "lookup",
        seconds: float | None = None,
    ) -> Reply:
        """Read once; nothing is changed by it. Calls out. Raises Fault."""
        target = f"{path}?{urlencode(query)}" if query else path
        return self._ask("GET", target, b"", operation=operation, seconds=seconds)

    def _ask(self, verb: str, target: str, body: bytes, *, operation: str, seconds: float | None) -> Reply:
        deadline = settings.ENV.send_deadline_seconds if seconds is None else seconds
        headers = {"Authorization": f"Bearer {self.account.key}"}
        answer = http.exchange(
            Call(
                provider=NAME,
                operation=operation,
                method=verb,
                url=self.account.url + target,
                headers=headers | ({"Content-Type": "application/json"} if body else {}),
                body=body,
                deadline=deadline,
                read_seconds=deadline,
                may_move_money=verb == "POST",
                limit=self.account.limit,
            )
        )
        return self._read(answer)

    def _read(self, answer: Answer) -> Reply:
        found = _envelope(answer)
        message = redact(str(found.get("message") or f"HTTP {answer.status}"), [self.account.key])
        if answer.status in (401, 403):
            raise KeyRefused("credentials_refused", message, answer)
        accepted = _truth(found.get("status"))
        if answer.status < 300 and accepted is True:
            meta = found.get("meta")
            return Reply(message, found.get("data"), meta if isinstance(meta, dict) else {}, answer.trace)
        code = found.get("code")
        word = code if isinstance(code, str) else ""
        if 400 <= answer.status < 500 and answer.status not in _PROVES_NOTHING and accepted is False:
            raise Refused(word, message, answer)
        raise Unclear(word, message, answer)


def _envelope(answer: Answer) -> dict[str, Any]:
    """Empty where the body is no JSON object."""
    try:
        found = answer.json()
    except NoAnswer:
        return {}
    return found if isinstance(found, dict) else {}


def _truth(value: Any) -> bool | None:
    """`status` of the envelope; one of their samples has it as text."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None
