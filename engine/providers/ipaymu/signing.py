"""What a callback's signature may be made over: iPaymu's own samples disagree, so each of their forms is tried.

HMAC-SHA256 (hex) under the VA number over the members as JSON: sorted by their bytes, no spaces, slashes escaped,
`additional_info` always there. Variant A has amounts as text and escrow as true or false, B as numbers and 0 or 1.
The VA is public, so a signature that holds proves little: what the callback names is looked up.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_AMOUNTS = ("amount", "total", "sub_total", "fee")
_NUMBERS = ("trx_id", "status_code", "transaction_status_code", "paid_off")
_WHOLE = re.compile(r"-?\d{1,18}")
_YES, _NO = ("1", "true", "True"), ("0", "false", "False")
Fields = Mapping[str, Any]


def matches(fields: Fields, given: str, va: str, *, typed: bool) -> str:
    """The form under which `given` holds, "" for none: ten HMACs at most. `typed`: the members came with their types.

    Raises UnicodeError for text that can't be written.
    """
    wanted, found, tried = given.strip().lower().encode(errors="replace"), "", set()
    for name, message in _forms(fields, typed=typed):
        if message in tried:
            continue
        tried.add(message)
        digest = hmac.new(va.encode(), message, hashlib.sha256).hexdigest()
        if hmac.compare_digest(digest.encode(), wanted):
            found = found or name
    return found


def _forms(fields: Fields, *, typed: bool) -> Iterator[tuple[str, bytes]]:
    for name, shaped in _shapes(fields, typed=typed):
        yield f"{name}, escaped", _canonical(shaped, escaped=True)
        yield f"{name}, raw", _canonical(shaped, escaped=False)


def _shapes(fields: Fields, *, typed: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    if typed:
        yield "as received", dict(fields)
    for variant in ("A", "B"):
        shaped = _variant(fields, variant)
        yield f"{variant} with payment_no", {"payment_no": "", **shaped}
        if not shaped.get("payment_no"):
            yield f"{variant} without payment_no", {k: v for k, v in shaped.items() if k != "payment_no"}


def _variant(fields: Fields, name: str) -> dict[str, Any]:
    found = {key: _number(value) if key in (*_NUMBERS, *_AMOUNTS) else value for key, value in fields.items()}
    if name == "A":
        found |= {key: str(found[key]) for key in _AMOUNTS if key in found}
    escrow = str(found.get("is_escrow"))
    if escrow in _YES or escrow in _NO:
        found["is_escrow"] = escrow in _YES if name == "A" else int(escrow in _YES)
    if found.get("additional_info") in ("", "[]"):  # as a form writes an empty list
        found["additional_info"] = []
    return found


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value


def _canonical(fields: Fields, *, escaped: bool) -> bytes:
    known = {"additional_info": [], **{name: value for name, value in fields.items() if name != "signature"}}
    ordered = {name: known[name] for name in sorted(known, key=str.encode)}
    return json.dumps(ordered, separators=(",", ":"), ensure_ascii=escaped).replace("/", r"\/").encode()
