"""One call: signed over its exact bytes, sent once, and its envelope read. Here alone stands what a refusal means."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.providers.base import FailureClass, Finding, Outcome, ProviderUnavailable
from engine.providers.edge.faults import Fault, NoAnswer
from engine.providers.edge.http import Answer, Call, exchange
from engine.providers.edge.redact import redact
from engine.providers.ipaymu import sheet
from engine.providers.ipaymu.account import Account

_OF_ACCOUNT = ("invalid va", "invalid ip", "invalid domain", "unauthorized", "invalid signature")
LOOK_SECONDS = 10.0  # what is asked again anyway holds its lane no longer
_REFUSED = (400, 404, 405, 413, 415, 422)


class Trouble(StrEnum):
    """Why an answer holds no data."""

    CREDENTIALS = "credentials_refused"  # nothing was begun
    REQUEST = "request_invalid"  # refused for what we asked: nothing was begun
    NOT_FOUND = "not_found"  # the same, of a look-up
    SERVER = "server_error"
    UNREADABLE = "answer_unreadable"


@dataclass(frozen=True, slots=True)
class Reply:
    """What iPaymu said. `data` holds where there is no `trouble`; `trace` is stored with the evidence."""

    data: Any
    trouble: Trouble | None
    message: str
    trace: Mapping[str, Any] = field(default_factory=dict)


def written(body: Mapping[str, Any]) -> bytes:
    """The bytes that are signed and sent: serialised once."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def signature(account: Account, body: bytes, *, method: str = "POST") -> str:
    """HMAC-SHA256 (hex) under the key, over `METHOD:VA:sha256(body):KEY`. The timestamp is not in it."""
    text = f"{method}:{account.va}:{hashlib.sha256(body).hexdigest()}:{account.key}"
    return hmac.new(account.key.encode(), text.encode(), hashlib.sha256).hexdigest()


def post(account: Account, path: str, body: bytes, *, operation: str) -> Reply:
    """Send once. Calls out. Raises edge.faults.Fault; what iPaymu says is never raised."""
    moves = operation == "charge"
    seconds = sheet.DEADLINE_SECONDS if moves else LOOK_SECONDS
    headers = {
        "Content-Type": "application/json",
        "va": account.va,
        "signature": signature(account, body),
        "timestamp": time.strftime("%Y%m%d%H%M%S", time.gmtime()),  # not signed: nothing hangs on it
    }
    call = Call(
        provider=sheet.NAME,
        operation=operation,
        method="POST",
        url=f"{account.base}/api/v2{path}",
        headers=headers,
        body=body,
        deadline=seconds,
        read_seconds=seconds,
        may_move_money=moves,
        limit=account.limit,
    )
    return _read(exchange(call), account)


def of_fault(fault: Fault) -> Finding:
    """What a send without an answer proves. A 429 says that nothing was begun."""
    detail = {"trace": {"request_digest": fault.request_digest}}
    if isinstance(fault, NoAnswer):
        return Finding(Outcome.UNKNOWN, FailureClass.UNKNOWN, fault.code, fault.message, detail=detail)
    return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, fault.code, fault.message,
                   retry_seconds=fault.retry_seconds, detail=detail)  # fmt: skip


def of_trouble(reply: Reply) -> Finding:
    """What a send proves whose answer holds no data."""
    assert reply.trouble
    outcome, failure = {
        Trouble.CREDENTIALS: (Outcome.NOT_LEFT, FailureClass.TECHNICAL),
        Trouble.REQUEST: (Outcome.DECLINED, FailureClass.TECHNICAL),
        Trouble.NOT_FOUND: (Outcome.DECLINED, FailureClass.TECHNICAL),
    }.get(reply.trouble, (Outcome.UNKNOWN, FailureClass.UNKNOWN))
    code = Trouble.REQUEST if reply.trouble is Trouble.NOT_FOUND else reply.trouble
    return Finding(outcome, failure, code.value, reply.message, detail={"trace": dict(reply.trace)})


def unavailable(reply: Reply) -> ProviderUnavailable:
    """The same for a look-up: nothing could be learned."""
    assert reply.trouble
    return ProviderUnavailable(reply.trouble.value, reply.message)


def _read(answer: Answer, account: Account) -> Reply:
    try:
        envelope = answer.json()
    except NoAnswer:
        envelope = None
    envelope = envelope if isinstance(envelope, dict) else {}
    trouble = _trouble(answer.status, envelope)
    if trouble is None:
        return Reply(envelope["Data"], None, "", answer.trace)
    said = f"{envelope.get('Message') or ''} {_fields(envelope.get('Error'))}".strip()
    message = redact(
        f"iPaymu answered HTTP {answer.status}: {said or 'nothing that can be read'}", [account.key]
    )
    return Reply(None, trouble, message, answer.trace)


def _trouble(status: int, envelope: Mapping[str, Any]) -> Trouble | None:
    """The envelope's `Status` is HTTP's said again; where the two disagree nothing is proved."""
    said = envelope.get("Status")
    if status >= 500:
        return Trouble.SERVER
    if status in (401, 403):
        return Trouble.CREDENTIALS
    if type(said) is not int or status not in (200, said):
        return Trouble.UNREADABLE
    if said == 200:
        whole = status == 200 and envelope.get("Success", True) is True and "Data" in envelope
        return None if whole else Trouble.UNREADABLE
    return _of_status(said, str(envelope.get("Message") or "").lower())


def _of_status(said: int, message: str) -> Trouble:
    if said in (401, 403) or (said in _REFUSED and any(words in message for words in _OF_ACCOUNT)):
        return Trouble.CREDENTIALS
    if said == 404:
        return Trouble.NOT_FOUND
    if said >= 500:
        return Trouble.SERVER
    return Trouble.REQUEST if said in _REFUSED else Trouble.UNREADABLE


def _fields(errors: Any) -> str:
    """Which fields were refused, and why."""
    if not isinstance(errors, dict):
        return ""
    return "; ".join(
        f"{name}: {each[0] if isinstance(each, list) and each else each}" for name, each in errors.items()
    )
