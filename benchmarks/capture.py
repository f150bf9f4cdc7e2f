"""What the product says to the database for one charge, as a pgbench script.

The verbs run once, with batches of one row; every statement is written down as it was sent, with the
transactions around it. Then what differs from charge to charge becomes a variable: ids that an earlier
statement returned (fetched with \\gset, as the product fetches them), ids that the product makes, ids of the
customer's ledger accounts, and times. So the script can't drift from the product: it is made from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from benchmarks.seed import ACCOUNTS_FROM

# With dashes, or without them as psycopg writes the ids of an array.
_ID = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}(?![0-9a-f])"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
_ACCOUNT = re.compile(r"(?<!\d)7\d{12}(?!\d)")
_SHARED = re.compile(r"^0190000[2-4]-")  # creators, plans and versions: the same for many charges


@dataclass
class Said:
    """One statement, or BEGIN or COMMIT, with the one row it returned."""

    text: str
    names: list[str] = field(default_factory=list)
    row: tuple[Any, ...] = ()


@contextmanager
def listening() -> Iterator[list[Said]]:
    """Write down what the default connection is told inside the block."""
    said: list[Said] = []
    open_block = False

    def committed() -> None:
        nonlocal open_block
        open_block = False
        said.append(Said("COMMIT"))

    def hear(execute: Callable[..., Any], text: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal open_block
        if connection.in_atomic_block and not open_block:
            open_block = True
            said.append(Said("BEGIN"))
            transaction.on_commit(committed)
        one = Said(context["cursor"].cursor.mogrify(text, params))
        said.append(one)
        result = execute(text, params, many, context)
        _keep_row(one, context["cursor"].cursor)
        return result

    with connection.execute_wrapper(hear):
        yield said


def _keep_row(one: Said, cursor: Any) -> None:
    if not cursor.description:
        return
    found = cursor.fetchall()
    if found:
        cursor.scroll(0, mode="absolute")
    if len(found) == 1:
        one.names = [column.name for column in cursor.description]
        one.row = found[0]


class Script:
    """A pgbench script from what was said. `rare`: accounts that belong to the one customer of the capture."""

    def __init__(self, said: list[Said], rare: set[int]) -> None:
        self._said = said
        self._rare = {str(account) for account in rare}
        self._known: dict[str, str] = {}
        self._asked: dict[int, set[str]] = {}
        self._now = ""
        self._made = 0

    def text(self) -> str:
        """The whole script."""
        lines = [self._turn(number, one) for number, one in enumerate(self._said)]
        ends = [self._end(number, one) for number, one in enumerate(self._said)]
        body = "\n".join(line + end for line, end in zip(lines, ends, strict=True))
        head = [
            f"\\set u{n} 100000000000 + :client_id * 10000000000 + :n * 100 + {n}" for n in range(self._made)
        ]
        return "\n".join(["\\set n :n + 1", *head, body, ""])

    def _turn(self, number: int, one: Said) -> str:
        text = _ID.sub(self._id, one.text)
        text = _TIME.sub(self._time, text)
        text = _ACCOUNT.sub(lambda found: self._use(found[0]) if found[0] in self._rare else found[0], text)
        return _distinct(text, one.names, self._learn(number, one))

    def _end(self, number: int, one: Said) -> str:
        return f" \\gset r{number}_" if self._asked.get(number) else ";"

    def _id(self, found: re.Match[str]) -> str:
        text = str(UUID(found[0]))
        if _SHARED.match(text):
            return found[0]
        if text not in self._known:
            self._known[text] = f"01900000-0000-7000-9000-:u{self._made}"
            self._made += 1
        return self._use(text)

    def _use(self, text: str) -> str:
        """The variable that holds what `text` was in the capture; its statement will have to fetch it."""
        variable = self._known.get(text, text)
        place = re.match(r":r(\d+)_", variable)
        if place:
            self._asked.setdefault(int(place[1]), set()).add(variable)
        return variable

    def _time(self, found: re.Match[str]) -> str:
        """The moment that the product read last; other times keep their values, as no row is told apart by them."""
        return self._use(found[0]) if found[0] == self._now else found[0]

    def _learn(self, number: int, one: Said) -> list[str]:
        """Remember what the row holds; the roles of the customer's accounts that it has inside JSON."""
        roles: list[str] = []
        for name, value in zip(_unique(one.names), one.row, strict=True):
            variable = f":r{number}_{name}"
            if isinstance(value, UUID) or (isinstance(value, str) and _ID.fullmatch(value)):
                self._known.setdefault(str(value), variable)
            elif isinstance(value, datetime) and name == "machine_now":
                self._now = str(value)
                self._known[self._now] = variable
            elif isinstance(value, int) and value > ACCOUNTS_FROM:
                self._known.setdefault(str(value), variable)
            elif name == "accounts":
                found = {role: str(account) for role, account in json.loads(value).items()}
                roles = [role for role, account in found.items() if account in self._rare]
                self._known.update({found[role]: f":r{number}_{role}" for role in roles})
        return roles


def _unique(names: list[str]) -> list[str]:
    return [f"{name}{n}" if names.count(name) > 1 else name for n, name in enumerate(names)]


def _distinct(text: str, names: list[str], roles: list[str]) -> str:
    """The statement with names of its columns that \\gset can tell apart, and the accounts read from JSON."""
    if len(set(names)) == len(names):
        return text
    more = "".join(f", told.accounts::jsonb ->> '{role}' AS {role}" for role in roles)
    columns = ", ".join(f'"{name}"' for name in _unique(names))
    return f"SELECT told.*{more} FROM ({text}) AS told({columns})"
