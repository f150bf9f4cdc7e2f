"""How large each measurement is, in three forms. A list has one entry per database that is measured."""

from __future__ import annotations

from typing import Any

Size = dict[str, Any]
ORDER = ("a", "b", "c", "d", "e", "f", "g", "h")
MODULES = {"a": "drain", "b": "settle", "c": "pulls", "d": "memory", "e": "million", "f": "api",
           "g": "inbox", "h": "latency"}  # fmt: skip

SHORT: dict[str, list[Size]] = {
    "a": [{"table": table, "due": 60, "rounds": 1, "warm": 1, "batch": 20} for table in (120,)],
    "b": [{"charges": 40, "pgbench": 2, "rounds": 1, "warm": 20, "money": [1], "defaults": False}],
    "c": [{"pulls": 4, "wallets": 4, "warm": 4, "ceiling": 16, "rounds": 1}],
    "d": [{"due": [20, 60], "warm": 10, "fresh": False}],
    "e": [{"due": 200, "beside": [1], "alone": []}],
    "f": [
        {
            "payments": 400,
            "subscriptions": 80,
            "rate": 32,
            "seconds": 1,
            "rested": 1,
            "pages": 1,
            "triggers": 1,
        }
    ],
    "g": [{"rate": 40, "seconds": 1, "rested": 20, "processes": 1}],
    "h": [{"charges": 60, "warm": 60, "sick": 8, "payers": 4, "stuck": 2, "ceiling": 100, "rounds": 1}],
}
USUAL: dict[str, list[Size]] = {
    "a": [
        {"table": table, "due": 50_000, "rounds": 2, "warm": 5, "batch": 1000}
        for table in (100_000, 1_000_000)
    ],
    "b": [{"charges": 6_000, "pgbench": 400, "rounds": 3, "warm": 200, "money": [1, 2], "defaults": True}],
    "c": [{"pulls": 1000, "wallets": 500, "warm": 10, "ceiling": 1500, "rounds": 3}],
    "d": [{"due": [2_000, 20_000], "warm": 1000, "fresh": True}],
    "e": [{"due": 100_000, "beside": [1, 2], "alone": [1, 2]}],
    "f": [
        {
            "payments": 1_000_000,
            "subscriptions": 100_000,
            "rate": 100,
            "seconds": 30,
            "rested": 16,
            "pages": 15,
            "triggers": 20,
        }
    ],
    "g": [{"rate": 500, "seconds": 30, "rested": 100, "processes": 2}],
    "h": [
        {
            "charges": 5_000,
            "warm": 200,
            "sick": 600,
            "payers": 100,
            "stuck": 50,
            "ceiling": 4_000,
            "rounds": 3,
        }
    ],
}
LONG: dict[str, list[Size]] = {
    **USUAL,
    "a": [{**USUAL["a"][0], "table": table} for table in (100_000, 1_000_000, 5_000_000)],
    "d": [{**USUAL["d"][0], "due": [20_000, 200_000]}],
    "e": [{**USUAL["e"][0], "due": 1_000_000}],
}
FORMS = {"short": SHORT, "usual": USUAL, "long": LONG}
POSTGRES = {"short": {"fsync": "off"}}
"""Settings of a form's own: the short one asks only whether everything runs."""
