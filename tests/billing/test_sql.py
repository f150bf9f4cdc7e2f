from __future__ import annotations

import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "billing" / "sql").glob("*.sql"))
_CLOCK = re.compile(
    r"\b(now\(|current_timestamp|clock_timestamp|statement_timestamp|localtime|current_date)", re.I
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sql_says_its_rule_and_asks_no_clock(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("-- "), "the head comment names the invariant and the index"
    code = re.sub(r"--[^\n]*", "", text)
    assert not _CLOCK.search(code)
    assert "now()" not in code
