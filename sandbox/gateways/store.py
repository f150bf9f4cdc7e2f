"""What the gateways remember: tables of JSON rows in memory, written through to one SQLite file if asked.

A row is committed before its request is answered, so a killed process has kept all it told anybody. Nothing
waits for the disk: a power cut may cost the last moments. Earlier versions of a row are kept in memory alone
(a stale lookup answers from them), so a restart forgets them.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

VERSIONS_MAX = 6

Row = dict[str, Any]


class StateError(Exception):
    """The state file cannot be used; the text says why in one line."""


class Table:
    """Rows by key, in the order in which they were made."""

    def __init__(self, store: "Store", name: str, replicated: bool) -> None:
        self._store, self._name, self._replicated = store, name, replicated
        self._rows: dict[str, Row] = {}
        self._versions: dict[str, list[tuple[float, str]]] = {}

    def get(self, key: str) -> Row | None:
        """A row to read, as the request's view has it (``Store.look``). To change it, ``put`` it after."""
        row = self._rows.get(key)
        look = self._store.look if self._replicated else None
        return row if row is None or look is None else look(row, self._versions.get(key, []))

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, key: str, row: Row) -> None:
        """Make or change a row; written when the request is over."""
        self._rows[key] = row
        self._store.touched[self._name, key] = self

    def drop(self, key: str) -> None:
        """Forget a row, if there is one."""
        if self._rows.pop(key, None) is not None:
            self._versions.pop(key, None)
            self._store.touched[self._name, key] = self

    def names(self) -> list[str]:
        """The keys of all rows, the oldest first."""
        return list(self._rows)

    def items(self) -> Iterator[tuple[str, Row]]:
        """All rows as the request's view has them, the oldest first."""
        for key in self.names():
            row = self.get(key)
            if row is not None:
                yield key, row

    def rows(self, **equal: Any) -> list[Row]:
        """The rows whose members equal what is given, the oldest first."""
        return [
            row for _, row in self.items() if all(row.get(name) == value for name, value in equal.items())
        ]

    def written(self, key: str, now: float) -> str | None:
        """The row as text for the file, noted as a version of ``now``; None if it is gone."""
        row = self._rows.get(key)
        if row is None:
            return None
        text = json.dumps(row, separators=(",", ":"))
        versions = self._versions.setdefault(key, [])
        if not versions or versions[-1][1] != text:
            versions.append((now, text))
            # The first stays: it says when the row was born.
            del versions[1 : max(1, len(versions) - VERSIONS_MAX)]
        return text

    def load(self, key: str, row: Row, born: float) -> None:
        """Take a row from the file."""
        self._rows[key] = row
        self._versions[key] = [(born, json.dumps(row, separators=(",", ":")))]


Look = Callable[[Row, list[tuple[float, str]]], Row | None]


class Store:
    """All tables of one simulator."""

    def __init__(self, path: Path | None = None) -> None:
        self.touched: dict[tuple[str, str], Table] = {}
        self.look: Look | None = None
        """Set while a lookup is answered from the past: (row, versions) to what that lookup sees of it."""
        self._tables: dict[str, Table] = {}
        self._file = _open(path) if path else None
        if self._file:
            for name, key, text, born in self._file.execute(
                "SELECT name, key, body, born FROM rows ORDER BY seq"
            ):
                self.table(name).load(key, json.loads(text), born)

    def table(self, name: str) -> Table:
        """A table by its name, made when it is first asked for.

        Those named ``objects.`` are what a gateway shows: a lookup may see an earlier state of them.
        """
        if name not in self._tables:
            self._tables[name] = Table(self, name, replicated=name.startswith("objects."))
        return self._tables[name]

    def commit(self, now: float) -> None:
        """Write what was touched, in one transaction."""
        touched, self.touched = self.touched, {}
        written = [(name, key, table.written(key, now)) for (name, key), table in touched.items()]
        if not self._file or not written:
            return
        with self._file:
            for name, key, text in written:
                if text is None:
                    self._file.execute("DELETE FROM rows WHERE name = ? AND key = ?", (name, key))
                else:
                    self._file.execute(
                        "INSERT INTO rows (name, key, body, born) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (name, key) DO UPDATE SET body = excluded.body",
                        (name, key, text, now),
                    )

    def clear(self, now: float) -> None:
        """Forget everything, in the file too."""
        for table in self._tables.values():
            for key in table.names():
                table.drop(key)
        self.commit(now)

    def close(self) -> None:
        """Release the file."""
        if self._file:
            self._file.close()


def as_of(moment: float, *, hide_only: bool) -> Look:
    """The view of a replica that has not caught up: rows born after ``moment`` are not there.

    Without ``hide_only`` the others look as they did then.
    """

    def look(row: Row, versions: list[tuple[float, str]]) -> Row | None:
        if not versions or versions[0][0] > moment:
            return None
        if hide_only:
            return row
        past: Row = json.loads([text for at, text in versions if at <= moment][-1])
        return past

    return look


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(path, timeout=1)
        # EXCLUSIVE: two simulators on one file would each believe that they are alone.
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = OFF"):
            file.execute(f"PRAGMA {pragma}")
        file.execute(
            "CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, name TEXT, key TEXT, body TEXT, "
            "born REAL, UNIQUE (name, key))"
        )
        file.commit()
    except (OSError, sqlite3.Error) as error:
        raise StateError(f"state file {path} cannot be used: {error}") from None
    return file
