"""Lists: followed upwards they skip nothing, and they can be asked for a span of time."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import psycopg
from django.db import connection

from engine.core.actor import SYSTEM
from engine.core.ids import made_at
from engine.rest import keys
from tests.rest.conftest import fault


def test_a_full_page_upwards_stops_below_the_oldest_transaction_that_runs(api, settled):
    """What that one commits later stands below what is there now: a cursor beyond it would skip it for ever."""
    caller = api()
    with psycopg.connect(
        connection.connection.info.dsn, password=connection.connection.info.password
    ) as other:
        keys.create("k0", ["plans:read"], by=SYSTEM)
        time.sleep(0.01)
        other.execute("SELECT 1")
        for number in range(1, 4):
            keys.create(f"k{number}", ["plans:read"], by=SYSTEM)
        held = caller.get("/api/keys?ordering=created&limit=3").json()
        assert [key["name"] for key in held["data"]] == ["tests", "k0"]
        rest = caller.get(f"/api/keys?ordering=created&limit=2&after={held['next_cursor']}").json()
        assert (rest["data"], rest["has_more"], rest["next_cursor"]) == ([], False, None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # the test is one transaction, which sees one state of them
    found = caller.get(f"/api/keys?ordering=created&limit=2&after={held['next_cursor']}").json()
    assert ([key["name"] for key in found["data"]], found["has_more"]) == (["k1", "k2"], True)


def test_lists_can_be_asked_for_a_span_of_time(api):
    caller, made = api(), []
    for number in range(3):
        time.sleep(0.002)
        made.append(keys.create(f"k{number}", ["plans:read"], by=SYSTEM).key.pk)

    def found(**query):
        page = caller.get("/api/keys?" + urlencode(query)).json()
        return [key["name"] for key in page["data"]]

    second, third = (made_at(one).isoformat() for one in made[1:])
    assert found(created_after=second) == ["k2", "k1"]
    assert found(created_before=second) == ["k0", "tests"]
    assert found(created_after=second, created_before=third) == ["k1"]
    assert found(created_after=third, created_before=second) == []
    assert len(found(created_after="1970-01-01T00:00:00+14:00")) == 4
    for bad in ("yesterday", "2026-01-31T09:30:00", "0001-01-01T00:00:00Z", ""):
        refused = caller.get("/api/keys?" + urlencode({"created_after": bad}))
        assert fault(refused) == (400, "invalid", "created_after")
