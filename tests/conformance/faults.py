"""The fault families of the gateways (docs: one row each), as rules of the simulator that hit one call."""

from __future__ import annotations

from typing import Any, NamedTuple


class Fault(NamedTuple):
    """`family` is the number in the gateways' paper, section 9; `rule` what the simulator is told.

    `calls`: "moves" hits a call that may move money or make what can be paid, "looks" a look-up, "both" both,
    "refunds" one that gives money back.
    """

    family: int
    rule: dict[str, Any]
    calls: str = "moves"


HANGS = 2  # seconds, longer than any call may take here
FAULTS: dict[str, Fault] = {
    "timeout before": Fault(1, {"kind": "timeout_before", "seconds": HANGS}),
    "timeout after success": Fault(2, {"kind": "timeout_after_success", "seconds": HANGS}),
    "reset after success": Fault(3, {"kind": "reset_after_success"}),
    "500 before": Fault(4, {"kind": "500_before"}),
    "500 after success": Fault(4, {"kind": "500_after_success"}),
    "429": Fault(5, {"kind": "429", "retry_after": 0.05}),
    "slow": Fault(6, {"kind": "slow", "delay_ms": 50}),
    "drip": Fault(6, {"kind": "drip", "delay_ms": 200}),
    "malformed": Fault(7, {"kind": "malformed_json"}),
    "truncated": Fault(7, {"kind": "truncated"}),
    "html": Fault(7, {"kind": "html_502"}),
    "html after success": Fault(7, {"kind": "html_502", "when": "after"}),
    "unknown status": Fault(8, {"kind": "unknown_status"}),
    "lookup 404": Fault(10, {"kind": "lookup_404_for", "seconds": 30}, "looks"),
    "stale lookup": Fault(10, {"kind": "stale_lookup", "seconds": 30}, "looks"),
    "lookup timeout": Fault(1, {"kind": "timeout_before", "seconds": HANGS}, "looks"),
    "lookup unreadable": Fault(7, {"kind": "malformed_json"}, "looks"),
    "lookup unknown status": Fault(8, {"kind": "unknown_status"}, "looks"),
    "credentials refused": Fault(11, {"kind": "auth_revoked"}),
    "token spent": Fault(11, {"kind": "token_expired"}),
    "key at work": Fault(12, {"kind": "duplicate_key_conflict"}),
}
HANGING = {name for name, each in FAULTS.items() if each.rule["kind"].startswith(("timeout", "drip"))}
"""Only where one of these is waited out does a call get less time than a busy machine may need."""
LIES: dict[str, Fault] = {
    "wrong amount": Fault(9, {"kind": "wrong_amount", "amount": 100}, "both"),
    "wrong currency": Fault(9, {"kind": "wrong_currency"}, "both"),
}
LATE: dict[str, Fault] = {
    "taken back": Fault(13, {"kind": "late_reversal", "days": 1}),
    "refund comes back": Fault(13, {"kind": "late_reversal", "days": 1}, "refunds"),
}
"""What was final is not any more, days later. Families 14 and 15 and `paid_then_failed` are of payouts: each adapter's
own tests hold them (tests/*/test_payout.py, test_bulk.py), as long as nothing else of ours pays out."""
