"""One payment made ready, and one send of it."""

from __future__ import annotations

import json
import secrets

from engine.providers.base import FailureClass, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.edge.faults import Fault
from engine.providers.flutterwave import findings, numbers, reading
from engine.providers.flutterwave.dialect import Dialect


def prepare(dialect: Dialect, payable: Payable) -> Prepared:
    """The request as its bytes will leave, under a new reference. Pure but for chance. Raises Refusal."""
    identity = f"{payable.payment_id.hex}-{secrets.token_hex(4)}"  # 41 letters: v4 takes 6 to 42
    request = dialect.operations[payable.operation].request(payable, identity)
    kept = {"api": dialect.version, "path": request.path, "body": numbers.dumps(request.body)}
    return Prepared(payable.payment_id, identity, json.dumps(kept).encode(), {"api": dialect.version})


def submit(dialect: Dialect, sendable: Sendable) -> Finding:
    """Send once, within the account's deadline. Calls out; never raises for the world's faults."""
    kept = json.loads(sendable.envelope)
    if kept["api"] != dialect.version:
        return _of_another_version(kept["api"], dialect.version)
    headers = dialect.headers(sendable.identity, sendable.send_no)
    try:
        answer = dialect.client.post(sendable.operation, kept["path"], kept["body"], headers)
    except Fault as fault:
        return findings.of_fault(fault)
    return reading.reply(dialect, sendable, answer)


def _of_another_version(made_for: str, ours: str) -> Finding:
    """A reference of one version says nothing to the other: sent there, it could move money a second time."""
    text = f"it was made for {made_for} of the API, and FLUTTERWAVE_API_VERSION is {ours}"
    return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "other_api_version", text)
