"""iPaymu's two signatures: of requests over their bytes, of callbacks over their sorted members."""

import hashlib
import hmac
import json
from typing import Any

AMOUNTS = ("amount", "total", "sub_total", "fee")
NUMBERS = ("trx_id", "status_code", "transaction_status_code", "paid_off")


def of_request(verb: str, va: str, key: str, body: bytes) -> str:
    """``VERB:VA:sha256(body):KEY`` by HMAC-SHA256 under the key, in hex. The timestamp is not in it."""
    hashed = hashlib.sha256(body).hexdigest().lower()
    return _hex(key, f"{verb}:{va}:{hashed}:{key}")


def of_callback(fields: dict[str, Any], va: str, *, escaped: bool) -> str:
    """Over the canonical JSON, under the VA. ``escaped``: other letters than ASCII as PHP escapes them."""
    return _hex(va, canonical(fields, escaped=escaped))


def canonical(fields: dict[str, Any], *, escaped: bool) -> str:
    """Members sorted by their bytes, no spaces, slashes escaped; ``additional_info`` is always there."""
    known = {"additional_info": [], **{name: value for name, value in fields.items() if name != "signature"}}
    ordered = {name: known[name] for name in sorted(known, key=str.encode)}
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=escaped).replace("/", r"\/")


def variant(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """A: amounts are text, escrow is true or false. B: amounts are numbers, escrow is 0 or 1.

    ``fields`` may be of either, or text throughout, as a form is.
    """
    found = dict(fields)
    for each in (*NUMBERS, *AMOUNTS):
        if each in found:
            found[each] = int(found[each])
    escrow = str(found.get("is_escrow", 0)).lower() in ("1", "true")
    found["is_escrow"] = escrow if name == "A" else int(escrow)
    if name == "A":
        found |= {each: str(found[each]) for each in AMOUNTS if each in found}
    return found


def _hex(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
