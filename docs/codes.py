"""Every code that the API may answer with, read from the code: for docs/errors.md and the page in the product."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from engine.providers.solana.checks import SENTENCES
from engine.rest.ids import PREFIXES

ROOT = Path(__file__).resolve().parents[1]
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")
ROOMS = ("billing", "engine", "ops", "payments")
# What Django REST framework itself refuses, by the code that engine/rest gives it.
FRAMEWORK = {
    "key_missing": "No key was sent: `Authorization: Bearer cb_…`.",
    "key_invalid": "The key is not known, has expired or was revoked.",
    "scope_missing": "The key does not have the scope that this endpoint needs.",
    "method_not_allowed": "The address has no such method.",
    "unsupported_media_type": "Send `application/json`.",
    "not_acceptable": "Answers are `application/json`.",
    "body_malformed": "The body is no JSON object in UTF-8, holds a name twice, or is nested too deeply.",
    "field_missing": "A field that is needed was not sent.",
    "field_null": "The field can't be null.",
    "field_blank": "The field can't be empty.",
    "field_unknown": "The endpoint does not know this field.",
    "invalid": "The field is not of its type.",
    "invalid_choice": "The field's value is none of those that there are.",
    "max_length": "The text is too long.",
    "max_value": "The number is too large.",
    "min_value": "The number is too small.",
    "text_invalid": "The text holds NUL, or half of a surrogate pair.",
    "card_number": "What was sent looks like a card number, or is called one: the payer gives it to the provider's own "
    "fields or page.",
    "required": "A field that is needed was not sent.",
    "max_string_length": "The text is too long for a number.",
    "min_length": "The list or text is too short.",
    "not_a_list": "The field is a list.",
    "not_a_dict": "The field is an object.",
    "empty": "The list or object can't be empty.",
}
# What a verb's check of a field (billing/fields.py) says of the `param` that it is given.
CHECKS = {
    "text": {"missing": "… is needed", "invalid": "… is text of at most … characters"},
    "optional_text": {"invalid": "… is text of at most … characters"},
    "whole": {"out_of_range": "… is a whole number from … to …"},
    "locked": {"unknown": "There is no such …"},
}
# What a look or a closed payment left in a row, and a later refusal repeats, where it is built from no literal.
KEPT = {
    "currency_invalid": "… is no currency that is known",
    "price_minor_invalid": "price_minor is a whole number of minor units above zero",
    "open": "The invoice can't be collected now",
    "paid_earlier": "An earlier attempt was paid after all.",
    "amount_differs": "What arrived is not what was asked for.",
    "subscription_expired": "The subscription was expired.",
}


@cache
def found() -> dict[str, str]:
    """Code -> what it says, `…` where a value stands; sorted. Reads the product's source."""
    said = FRAMEWORK | KEPT | {code.value: sentence for code, sentence in SENTENCES.items()}
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    trees = [ast.parse(path.read_text()) for path in paths]
    for read in (_calls, _pairs, _checked, _not_there):  # what is written out says more than what is derived
        for code, message in chain.from_iterable(read(tree) for tree in trees):
            said.setdefault(code, message)
    return dict(sorted(said.items()))


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        name = getattr(getattr(node, "func", None), "id", "")
        if not isinstance(node, ast.Call) or name not in (
            "Refusal",
            "NotAllowed",
            "Fault",
            "NoPayment",
            "Told",
        ):
            continue
        texts = node.args[2:] if name in ("Fault", "Told") else node.args
        if len(texts) >= 2 and isinstance(texts[0], ast.Constant) and texts[0].value:
            yield str(texts[0].value), _text(texts[1])


def _checked(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The codes of `fields.text(…, param="name")` and its like."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        params = [each.value for each in node.keywords if each.arg == "param"]
        if getattr(node.func.value, "id", "") == "fields" and params and isinstance(params[0], ast.Constant):
            name = str(params[0].value)
            for ending, message in CHECKS[node.func.attr].items():
                yield f"{name}_{ending}", message.replace("…", name, 1)


def _pairs(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Reasons that are constants: `REMOVED = ("payment_method_removed", "The payment method was removed.")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            code, message = (_text(each) for each in node.value.elts)
            if _CODE.fullmatch(code) and message.endswith("."):
                yield code, message


def _not_there(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What every endpoint says of its URL's object: `resource, object_name = "creators", "creator"`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            for name, value in _each(target, node.value):
                kind = getattr(value, "value", "")
                if name == "object_name" and kind in PREFIXES:
                    yield f"{kind}_unknown", f"There is no {kind.replace('_', ' ')} …"


def _each(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        yield from (
            (getattr(name, "id", ""), one) for name, one in zip(target.elts, value.elts, strict=False)
        )
    yield getattr(target, "id", ""), value


def _text(node: ast.expr) -> str:
    """The words of a literal or an f-string, `…` for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "…"
