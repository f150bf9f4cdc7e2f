"""How commands answer: tables for people, one JSON document for scripts, progress and logs on stderr."""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table as RichTable

from engine.core import money
from engine.core.errors import Refusal
from engine.providers import registry
from engine.rest import ids


class Table(NamedTuple):
    """Rows under named columns; numbers are set right. `title` says what is counted."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


class Answer(NamedTuple):
    """What a command found: `data` for --json, the rest for people. `failure`: exit 1, and why."""

    data: dict[str, Any]
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    failure: str = ""


class AnsweringCommand(BaseCommand, ABC):
    """A command that returns an Answer from `work`. Refusals and failures end it with exit code 1."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout, nothing else")

    @abstractmethod
    def work(self, **options: Any) -> Answer:
        """Do what the command is for."""

    def handle(self, *args: Any, **options: Any) -> None:
        _logs_to_stderr()
        try:
            answer = self.work(**options)
        except Refusal as fault:
            raise CommandError(fault.message) from fault
        if options["json"]:
            self.stdout.write(json.dumps(answer.data, default=plain, indent=2))
        elif options.get("csv"):
            self.stdout.write(_csv(answer.tables[0]), ending="")
        else:
            self._show(answer)
        if answer.failure:
            raise CommandError(answer.failure, returncode=1)

    def _show(self, answer: Answer) -> None:
        """Rich draws into text, so that stdout may be anything that Django hands in."""
        terminal = self.stdout.isatty()
        width = shutil.get_terminal_size().columns if terminal else 160
        drawn = Console(file=io.StringIO(), force_terminal=terminal, width=width)
        for table in filter(lambda table: table.rows, answer.tables):
            drawn.print(_drawn(table))
        for note in answer.notes:
            drawn.print(note, markup=False, highlight=False)
        self.stdout.write(drawn.file.getvalue())  # type: ignore[attr-defined]


def reason(parser: CommandParser) -> None:
    """`--reason`, which the audit keeps."""
    parser.add_argument("--reason", required=True, help="why, for those who read the audit later")


def dry_run(parser: CommandParser) -> None:
    """`--dry-run`: the verb itself, rolled back."""
    parser.add_argument(
        "--dry-run", action="store_true", help="do it for real, say what came of it, roll it back"
    )


def plain(value: object) -> str:
    """What JSON has no type for: a moment as RFC 3339 in UTC, all else as text."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def an_id(kind: str, text: str) -> UUID:
    """The id of one `kind` of object as a person writes it. Raises Refusal."""
    found = ids.read(kind, text.strip())
    if found is None:
        raise Refusal(
            "id_invalid", f"{text!r} is no {kind} id, such as {ids.PREFIXES[kind]}_0198…", param=kind
        )
    return found


def progress() -> Progress:
    """A progress display on stderr that leaves nothing behind; silent where stderr is no terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    silent = not sys.stderr.isatty()
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=silent)


def right_networks() -> None:
    """Workers don't start on another network than the configured one; commands that send don't either (row 0.40).

    Calls out; a provider that doesn't answer stops nothing. Raises Refusal.
    """
    if wrong := registry.wrong_networks():
        raise Refusal("wrong_network", " ".join(wrong))


def amount(minor: int, currency: str) -> str:
    """`12.50 USDC`, or the bare minor units of a currency that we do not know."""
    try:
        return f"{money.to_major(int(minor), currency)} {currency}"
    except money.MoneyError:
        return f"{minor} {currency or '(no currency)'}"


def _csv(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return out.getvalue()


def _drawn(table: Table) -> RichTable:
    drawn = RichTable(title=table.title, title_justify="left", header_style="bold")
    for number, column in enumerate(table.columns):
        right = bool(table.rows) and all(isinstance(row[number], int) for row in table.rows)
        drawn.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(f"{cell:,}" if type(cell) is int else str(cell) for cell in row))
    return drawn


def _logs_to_stderr() -> None:
    """Logs go to stdout in servers; a command's stdout is its answer."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stdout, sys.__stdout__):
            handler.setStream(sys.stderr)
