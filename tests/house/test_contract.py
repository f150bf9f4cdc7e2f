"""The provider contract: what is promised is read by somebody, or says here for whom it stands."""

from __future__ import annotations

import ast
from dataclasses import fields
from importlib import import_module

import pytest

from engine.providers import registry
from engine.providers.base import Sheet
from tests.house import tree

# Rails and gateways of the next steps (docs/decisions/0017). A name goes from here with its first reader.
TO_COME = {
    "unique_reference": "a gateway without an idempotency key sends again only under a reference that is refused twice",
    "Stating": "reconciliation against the provider's own statement",
    "Settling": "reconciliation of what came into our bank against what a provider says it settled",
}


def test_each_field_of_the_sheet_is_read_or_says_whom_it_waits_for() -> None:
    declared = {field.name for field in fields(Sheet)}
    read = {
        node.attr
        for path in _engine_and_above()
        for node in tree.nodes(path)
        if isinstance(node, ast.Attribute) and _is_sheet(node.value)
    }
    tree.none_of(
        sorted(declared - read - set(TO_COME)), "Recovery acts from the sheet: nobody reads this field:"
    )
    tree.none_of(sorted(read & set(TO_COME)), "It is read now: take it out of TO_COME:")


def _is_sheet(node: ast.expr) -> bool:
    """`sheet`, `provider.sheet`: what the product calls a capability sheet wherever it has one."""
    return getattr(node, "id", getattr(node, "attr", "")) == "sheet"


def test_each_ability_is_looked_for_or_says_whom_it_waits_for() -> None:
    asked = {
        ast.unparse(node.args[1]).strip("'")
        for path in _engine_and_above()
        for node in tree.nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "hasattr"
    }
    unread = [name for name, verb in _abilities().items() if verb not in asked]
    tree.none_of(sorted(set(unread) - set(TO_COME)), "Nobody asks whether a provider can do this:")
    tree.none_of(
        sorted(set(_abilities()) & set(TO_COME) - set(unread)), "It is used now: take it out of TO_COME:"
    )


def _abilities() -> dict[str, str]:
    """Each Protocol of abilities.py, and its first method: by that a provider is known to have it."""
    return {
        node.name: next(each.name for each in node.body if isinstance(each, ast.FunctionDef))
        for node in tree.parsed(tree.ROOT / "engine/providers/abilities.py").body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)
    }


def test_what_may_be_sent_again_is_known_by_a_name_that_acts_once() -> None:
    """A refund without a key or a reference of its own, sent again, gives back twice."""
    for path in sorted((tree.ROOT / "engine/providers").rglob("sheet.py")):
        module = ".".join(path.relative_to(tree.ROOT).with_suffix("").parts)
        sheet: Sheet = import_module(module).sheet()
        assert set(sheet.resend_same_identity) <= set(sheet.unique_reference) <= set(sheet.operations), module


def _engine_and_above() -> list[tree.Path]:
    """Who may act on a sheet: the product without the rails themselves."""
    return [path for path in tree.python() if "providers" not in path.parts or path.name == "registry.py"]


@pytest.mark.parametrize("name", registry.names())
def test_a_sheet_says_what_its_provider_can_do(name: str) -> None:
    provider = registry.get(name)
    assert provider.sheet.provider == provider.name == name
    assert provider.sheet.cancel == hasattr(provider, "cancel")
    assert provider.sheet.settlement in ("direct", "platform")
    assert set(provider.sheet.operations) <= {"charge", "refund", "release", "payout"}
