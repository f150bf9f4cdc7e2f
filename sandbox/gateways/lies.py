"""How an answer or a callback is made to say what is not so."""

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.gateways.faults import Rule

DIGEST = re.compile(r"[0-9A-Za-z+/]{40,}={0,2}")
IDS = ("id", "reference", "tx_ref", "trx_id", "reference_id", "transfer_code", "payment_intent")
MODES = {"test": "live", "live": "test"}
DIGITS = "0123456789abcdef"


def thin_or_shuffle(rule: Rule, items: list[Any] | None, dice: random.Random) -> None:
    """Put the items of a bulk in another order, or lose one."""
    if not items:
        return
    if rule.kind == "bulk_shuffled":
        dice.shuffle(items)
    else:
        del items[dice.randrange(len(items))]


def change(rule: Rule, subject: dict[str, Any], names: Sequence[str]) -> None:
    """Write another status, amount or currency where there is one."""
    for name in (each for each in names if subject.get(each) is not None):
        if rule.kind == "unknown_status":
            subject[name] = rule.text or "reconsidering"
        elif rule.kind == "wrong_currency":
            subject[name] = rule.text or "XXX"
        else:
            subject[name] = _more(subject[name], rule.amount)


def of_unknown(payload: dict[str, Any], fresh: Callable[[str], str]) -> dict[str, Any]:
    """The same about an object that nobody asked for: every id and reference is new."""

    def unknown(name: str, value: Any) -> Any:
        if name not in IDS:
            return value
        return int(fresh("").encode().hex()[:9], 16) if isinstance(value, int) else fresh("unknown")

    found: dict[str, Any] = _walked(payload, unknown)
    return found


def of_other_mode(payload: dict[str, Any]) -> dict[str, Any]:
    """The same from the other environment: ``livemode`` and ``domain`` turn round."""

    def turned(name: str, value: Any) -> Any:
        if name == "livemode" and isinstance(value, bool):
            return not value
        return MODES.get(value, value) if name == "domain" and isinstance(value, str) else value

    found: dict[str, Any] = _walked(payload, turned)
    return found


def scrambled(header: str, dice: random.Random) -> str:
    """A header with its digests (hex or base64) replaced by others."""
    return DIGEST.sub(lambda found: "".join(dice.choice(DIGITS) for _ in found[0]), header)


def _more(amount: Any, more: int) -> Any:
    if isinstance(amount, str):
        return str(int(amount) + more) if amount.isdigit() else amount
    return amount + more if isinstance(amount, int | float) else amount


def _walked(value: Any, turn: Callable[[str, Any], Any], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _walked(each, turn, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_walked(each, turn, name) for each in value]
    return turn(name, value)
