"""One payment made ready, and one send of it."""

from __future__ import annotations

import json
import secrets

from engine.core.errors import Refusal
from engine.providers.base import FailureClass, Finding, Outcome, Payable, Prepared, Sendable
from engine.providers.edge.faults import Fault
from engine.providers.flutterwave import findings, numbers, reading
from engine.providers.flutterwave.dialect import Dialect


def prepare(dialect: Dialect, payable: Payable) -> Prepared:
    """The request as its bytes will leave, under a new reference. Pure but for chance. Raises Refusal."""
    _check_charge(dialect, payable)
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


def _check_charge(dialect: Dialect, payable: Payable) -> None:
    """Raises Refusal for the refund of a charge that the other version made: this one knows no such id."""
    charge = payable.instructions.get("charge") if payable.operation == "refund" else None
    made_by = (charge or {}).get("detail", {}).get("api", dialect.version)
    if made_by != dialect.version:
        raise Refusal("charge_of_other_version", f"it was charged by {made_by} of the API, and is given back by that: "
                      "set FLUTTERWAVE_API_VERSION for so long, or give it back by hand", param="charge")  # fmt: skip


def _of_another_version(made_for: str, ours: str) -> Finding:
    """A reference of one version says nothing to the other: sent there, it could move money a second time."""
    text = f"it was made for {made_for} of the API, and FLUTTERWAVE_API_VERSION is {ours}"
    return Finding(Outcome.NOT_LEFT, FailureClass.TECHNICAL, "other_api_version", text)
