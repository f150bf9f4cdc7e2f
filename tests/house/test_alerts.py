"""The alert rules name gauges that there are, and their runbooks are on the page."""

from __future__ import annotations

import re

import yaml

from ops import heartbeat
from tests.house import tree

RULES = tree.ROOT / "deploy/prometheus/alerts.yml"


def test_each_alert_has_its_gauges_and_its_runbook() -> None:
    page = (tree.ROOT / "docs/operations.md").read_text()
    source = (tree.ROOT / "ops/gauges.py").read_text()
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    assert len(group["rules"]) == 7
    for rule in group["rules"]:
        assert f"### {rule['alert']}\n" in page
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        named = re.findall(r"clearbeat_([a-z_]+)", rule["expr"])
        assert named
        for name in named:
            assert f'"{name.removesuffix("_oldest_seconds")}"' in source, f"{rule['alert']}: {name}"


def test_each_queue_is_missed_also_where_it_never_had_a_worker_but_not_while_beat_is_silent() -> None:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    (rule,) = (rule for rule in group["rules"] if rule["alert"] == "NobodyWorks")
    missed, joined, beat = rule["expr"].partition(") and on() ")
    assert (joined, beat) == (
        ") and on() ",
        f'clearbeat_heartbeat_age_seconds{{of="{heartbeat.TICK}"}} < 120',
    )
    assert missed.startswith(f'(clearbeat_heartbeat_age_seconds{{of!="{heartbeat.TICK}"}} > ')
    never = re.findall(r'or absent\(clearbeat_heartbeat_age_seconds{of="([a-z:]+)"}\)', missed)
    assert sorted(never) == sorted(map(heartbeat.of_queue, heartbeat.QUEUES))
