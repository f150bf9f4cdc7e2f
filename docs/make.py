"""Write the documents that are made from the code: `python docs/make.py`. A house test compares them.

docs/ledger.md from engine/ledger/chart.py, docs/states.md from every transition table, docs/errors.md and the page
that `doc_url` leads to from every refusal, docs/gateways.md from every capability sheet, docs/openapi.yaml from every
endpoint. Needs the environment of `make run`.
"""

from __future__ import annotations

import html
import os
import re
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import codes  # noqa: E402
import django  # noqa: E402
import sheets  # noqa: E402
from django.apps import apps  # noqa: E402

if not apps.ready:
    django.setup()

from engine.core.states import Machine  # noqa: E402
from engine.ledger import chart, kinds  # noqa: E402
from engine.rest.document import written  # noqa: E402

ROOMS = ("billing", "engine", "ops", "payments", "payouts")
MADE = "<!-- Made from the code by docs/make.py; edit the code and run it again. -->\n"


def pages() -> dict[str, str]:
    """Each made document by its name in docs/. Pure: imports the product, reads two of its files."""
    return {
        "ledger.md": ledger(),
        "states.md": states(),
        "errors.md": errors(),
        "gateways.md": gateways(),
        "../engine/rest/templates/rest/errors.html": errors_page(),
        "openapi.yaml": openapi(),
    }


INTRO = (
    "Every answer that is no success has one shape: `error` with `type`, `code`, `message`, `param`, `doc_url`, "
    "`request_id`, `money_moved` (no, yes, unknown) and `retry` (safe, same_key, never). The code is for programs and "
    "never changes; the message is for people, and names the mend. `…` stands for what is filled in."
)


def errors() -> str:
    """A row per code."""
    lines = [MADE, "# Errors\n", INTRO + "\n", "| Code | What it says |", "|---|---|"]
    lines += [
        _row(f'<a id="{code}"></a>`{code}`', text.replace("|", "\\|")) for code, text in codes.found().items()
    ]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """The same as a page of the product."""
    rows = "\n".join(
        f'<dt id="{code}"><code>{code}</code></dt><dd>{html.escape(text)}</dd>'
        for code, text in codes.found().items()
    )
    intro = html.escape(INTRO.replace("`", ""))
    return (
        f'<!doctype html>\n{MADE}<html lang="en"><head><meta charset="utf-8"><title>Clearbeat: errors</title>'
        "<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:3rem auto;padding:0 1rem}dt{margin-top:1rem}"
        "dd{margin:0}:target{background:#fe8}</style></head>\n"
        f"<body><h1>Errors</h1><p>{intro}</p>\n<dl>\n{rows}\n</dl></body></html>\n"
    )


SHEETS = (
    "What each rail and gateway can do: its capability sheet, whether it is on or not. Recovery acts from the sheet "
    "alone, and what it does not declare is refused. Spans are seconds, amounts minor units; — is none, or no limit."
)


def gateways() -> str:
    """The capability sheets."""
    return f"{MADE}\n# Rails and gateways\n\n{SHEETS}\n\n{sheets.written()}\n"


def openapi() -> str:
    """The OpenAPI document, as /api/schema gives it."""
    return written("yaml").decode()


def ledger() -> str:
    """The chart of accounts and a row per leg of each event."""
    lines = [
        MADE,
        "# The ledger\n",
        _prose(chart.__doc__),
        "\n## Accounts\n",
        "| Kind | Whose | What it says |",
    ]
    lines += ["|---|---|---|", *_accounts(), "\n## Events\n"]
    lines.append("The key `(kind, source, seq)` is unique: the same fact can't be booked twice.\n")
    lines += [
        "| Event | When | Key's source | seq | Debit | Credit | Amount |",
        "|---|---|---|---|---|---|---|",
    ]
    for event in chart.EVENTS:
        shown = (f"`{event.kind}`", event.when, event.source)
        for seq, debit, credit, amount in event.legs:
            lines.append(_row(*shown, str(seq), f"`{debit}`", f"`{credit}`", amount))
            shown = ("", "", "")
    return "\n".join(lines) + "\n"


def states() -> str:
    """A diagram per machine, and which moves the database refuses: all others."""
    lines = [MADE, "# States\n"]
    lines.append(
        "One table per machine, checked in code and enforced by a trigger made from the same table.\n"
    )
    for module, machine in machines():
        lines.append(f"## {machine.name.capitalize()}\n")
        lines.append(f"`{module.replace('.', '/')}.py`, table `{machine.table}`.\n")
        lines.append(f"```mermaid\n{machine.diagram()}\n```\n")
    return "\n".join(lines)


def machines() -> list[tuple[str, Machine]]:
    """Every transition table with the module it stands in, however deep."""
    found = []
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("states.py")]
    for path in sorted(paths):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        values = vars(import_module(module)).values()
        found += [(module, value) for value in values if isinstance(value, Machine)]
    return found


def _accounts() -> list[str]:
    """A row per kind, from the comment that stands beside it."""
    text = Path(str(kinds.__file__)).read_text()
    rows = []
    for kind in chart.Kind:
        found = re.search(rf"^    {kind.name} = .*?# \[(.+?)\] (.+)$", text, re.MULTILINE)
        whose, says = found.groups() if found else ("", "")
        rows.append(_row(f"`{kind}`", whose, says))
    return rows


def _prose(text: str | None) -> str:
    return (text or "").strip()


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        path = ROOT / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
