"""Transition tables: one per machine, checked in code, enforced by a trigger made from it, drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """Which state may follow which. `start` lists the states a row may be born in."""

    name: str
    table: str
    start: frozenset[str]
    moves: Mapping[str, frozenset[str]]

    @property
    def states(self) -> list[str]:
        """Every state, in the order of the table."""
        seen = dict.fromkeys(self.moves)
        for targets in self.moves.values():
            seen |= dict.fromkeys(sorted(targets))
        return list(seen)

    def allows(self, old: str, new: str) -> bool:
        """True if `old -> new` is in the table."""
        return new in self.moves.get(old, frozenset())

    def check(self, old: str, new: str) -> None:
        """Raise IllegalMove unless `old -> new` is in the table."""
        if not self.allows(old, new):
            raise IllegalMove(f"a {self.name} can't go from {old} to {new}")

    def trigger(self) -> str:
        """SQL that makes the database refuse what the table does not list. Run by a migration."""
        pairs = ", ".join(f"('{old}','{new}')" for old, news in self.moves.items() for new in sorted(news))
        births = ", ".join(f"'{state}'" for state in sorted(self.start))
        return f"""
CREATE OR REPLACE FUNCTION {self.table}_state_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state NOT IN ({births}) THEN
      RAISE EXCEPTION 'a {self.name} is not born %', NEW.state USING ERRCODE = 'check_violation';
    END IF;
  ELSIF (OLD.state, NEW.state) NOT IN ({pairs}) THEN
    RAISE EXCEPTION 'a {self.name} can''t go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS state_guard_insert ON {self.table};
DROP TRIGGER IF EXISTS state_guard_update ON {self.table};
CREATE TRIGGER state_guard_insert BEFORE INSERT ON {self.table}
  FOR EACH ROW WHEN (NEW.state NOT IN ({births})) EXECUTE FUNCTION {self.table}_state_guard();
CREATE TRIGGER state_guard_update BEFORE UPDATE ON {self.table}
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION {self.table}_state_guard();
"""

    def diagram(self) -> str:
        """The table as a Mermaid state diagram, for the docs."""
        lines = ["stateDiagram-v2"]
        lines += [f"  [*] --> {state}" for state in sorted(self.start)]
        lines += [f"  {old} --> {new}" for old, news in self.moves.items() for new in sorted(news)]
        return "\n".join(lines)


class IllegalMove(Exception):
    """A transition that the machine's table does not list."""


def machine(name: str, table: str, start: set[str], moves: Mapping[str, set[str]]) -> Machine:
    """A Machine from plain sets."""
    return Machine(name, table, frozenset(start), {old: frozenset(new) for old, new in moves.items()})


def append_only(table: str, *, may_change: tuple[str, ...] = ()) -> str:
    """SQL of the triggers that refuse UPDATE (but of `may_change`), DELETE and TRUNCATE on `table`."""
    frozen = f"""
CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER IF EXISTS append_only_truncate ON {table};
DROP TRIGGER IF EXISTS append_only_delete ON {table};
DROP TRIGGER IF EXISTS append_only_update ON {table};
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only();
CREATE TRIGGER append_only_delete BEFORE DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION {table}_append_only();
"""
    if not may_change:
        when = ""
    else:
        keys = ", ".join(f"'{column}'" for column in may_change)
        when = f"WHEN (to_jsonb(OLD) - ARRAY[{keys}] IS DISTINCT FROM to_jsonb(NEW) - ARRAY[{keys}]) "
    return frozen + (
        f"CREATE TRIGGER append_only_update BEFORE UPDATE ON {table} "
        f"FOR EACH ROW {when}EXECUTE FUNCTION {table}_append_only();"
    )
