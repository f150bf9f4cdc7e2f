"""The capability sheet of each rail and gateway, read from the code: for docs/gateways.md."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.providers import base
from engine.providers.base import Sheet

ROOT = Path(__file__).resolve().parents[1]
# Of the environment: what stands in a document can't hang on it.
_SET = {("solana", "currencies"): "the tokens of `SOLANA_MINTS`"} | {
    (f"flutterwave.{version}", name): "40 (four times `SEND_DEADLINE_SECONDS`)"
    for version in ("v3", "v4")
    for name in ("deadline_seconds", "absence_after")
}
_WORDS = {True: "yes", False: "no", None: "—"}


def written() -> str:
    """A table of all of them, then each with its reasons. Imports the adapters, reads their source."""
    found = {package: import_module(f"engine.providers.{package}.sheet").sheet() for package in packages()}
    lines = [
        _row("", *(f"[{title}](#{_anchor(title)})" for title in map(_title, found))),
        "|---" * (len(found) + 1) + "|",
    ]
    for name, says in _meanings().items():
        cells = (_value(package, name, getattr(sheet, name)) for package, sheet in found.items())
        lines.append(_row(f"`{name}`: {says}", *cells))
    for package, sheet in found.items():
        lines += ["", *_section(package, sheet)]
    return "\n".join(lines)


def packages() -> list[str]:
    """Each package that has a sheet: an adapter, or one of its versions."""
    room = ROOT / "engine/providers"
    return sorted(".".join(path.parent.relative_to(room).parts) for path in room.rglob("sheet.py"))


def _title(package: str) -> str:
    """The provider's name, with the version where a sheet is of one."""
    name = import_module(f"engine.providers.{package}.sheet").sheet().provider
    return f"`{name}`" + "".join(f" {version}" for version in package.split(".")[1:])


def _anchor(title: str) -> str:
    return title.replace("`", "").replace(" ", "-")


def _section(package: str, sheet: Sheet) -> Iterator[str]:
    module = import_module(f"engine.providers.{package}.sheet")
    title = _title(package)
    yield f'## <a id="{_anchor(title)}"></a>{title.replace("`", "")}\n'
    says = inspect.getdoc(import_module(f"engine.providers.{package}"))
    yield f"`engine/providers/{package.replace('.', '/')}/`. {says}\n"
    for name, reason in _reasons(Path(str(module.__file__)).read_text()):
        yield f"- `{name}` {_value(package, name, getattr(sheet, name))}: {reason}"


def _meanings() -> dict[str, str]:
    """What each field says, from the comment beside it."""
    text = inspect.getsource(base.Sheet)
    beside = dict(re.findall(r"^    (\w+): [^#\n]*(?:# (.+))?$", text, re.MULTILINE))
    shown = [field.name for field in fields(Sheet) if field.name != "provider"]
    return {name: beside.get(name, "").replace("None:", f"{_WORDS[None]}:") for name in shown}


def _reasons(text: str) -> Iterator[tuple[str, str]]:
    """The fields of a module's `Sheet(...)` that have a comment beside them, with it."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Sheet":
            for each in node.keywords:
                _, mark, reason = lines[(each.end_lineno or 1) - 1].partition("  # ")
                if mark and each.arg:
                    yield each.arg, reason


def _value(package: str, name: str, value: Any) -> str:
    if (package, name) in _SET:
        return _SET[package, name]
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, dict):
        said = (
            f"{key}: {each}" if isinstance(each, str) else f"{key} {each:,}" for key, each in value.items()
        )
        return ("; " if name == "refused" else ", ").join(said) or _WORDS[None]
    if isinstance(value, tuple):
        return ", ".join(value) or _WORDS[None]
    if isinstance(value, str):
        return value
    return (
        _WORDS[None] if value == 2**63 - 1 else f"{value:,.10g}" if isinstance(value, float) else f"{value:,}"
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
