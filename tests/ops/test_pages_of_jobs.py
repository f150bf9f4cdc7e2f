"""GET /api/jobs is walked like every list of ours: `after` takes the `next_cursor` of the page before."""

from __future__ import annotations

from engine.core.actor import SYSTEM
from engine.rest import keys
from tests.ops.api import Caller
from tests.ops.world import fill


def test_every_job_once_by_its_cursor(world, scripted):
    fill(world, scripted)
    reader = Caller(keys.create("tests", ["jobs:read"], by=SYSTEM).secret)
    whole = reader.get("/api/jobs?limit=100").json()
    assert (whole["has_more"], whole["next_cursor"]) == (False, None)
    assert len(whole["data"]) > 5
    found, after = [], ""
    while True:
        page = reader.get(f"/api/jobs?limit=5{after}").json()
        found += page["data"]
        if not page["has_more"]:
            break
        after = f"&after={page['next_cursor']}"
    assert found == whole["data"]
    both = reader.get(f"/api/jobs?limit=5{after}{after.replace('after', 'before')}")
    assert (both.status_code, both.json()["error_detail"]["param"]) == (400, "after")
