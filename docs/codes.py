"""Every code that the API may answer with, read from the code: for docs/errors.md and the page in the product."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
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
    "required": "A field that is needed was not sent.",
    "max_string_length": "The text is too long for a number.",
    "min_length": "The list or text is too short.",
}


def found() -> dict[str, str]:
    """Code -> what it says, `…` where a value stands; sorted. Reads the product's source."""
    said = dict(FRAMEWORK)
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for call in _calls(ast.parse(path.read_text())):
            code, message = call
            said.setdefault(code, message)
    return dict(sorted(said.items()))


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        name = getattr(getattr(node, "func", None), "id", "")
        if not isinstance(node, ast.Call) or name not in ("Refusal", "NotAllowed", "Fault", "NoPayment"):
            continue
        texts = node.args[2:] if name == "Fault" else node.args
        if len(texts) >= 2 and isinstance(texts[0], ast.Constant) and texts[0].value:
            yield str(texts[0].value), _text(texts[1])


def _text(node: ast.expr) -> str:
    """The words of a literal or an f-string, `…` for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + _text(node.right)
    return "…"
