"""Every filter of callbacks stands on an index: few blocks, also where what it wants is rare and old."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection

from engine.core import clock
from payments.callbacks.api.views import callbacks
from payments.callbacks.models import Callback
from tests.payments_api.test_indexes import MOST_BLOCKS, blocks

ROWS, OLD = 20_000, 200
# The oldest 200 are what is rare: not done, of a provider of their own, of few payments.
CALLBACKS = f"""
INSERT INTO payments_callbacks_callback (id, provider, event_id, state, payment_id, body, size_bytes, sha256, headers,
                                         received_at, last_received_at, next_action_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, CASE WHEN n > {OLD} THEN 'often' ELSE 'rare' END, n::text,
       CASE WHEN n > {OLD} THEN 'done' ELSE (ARRAY['waiting', 'unknown', 'parked', 'refused'])[n %% 4 + 1] END,
       CASE WHEN n > {OLD} THEN NULL ELSE lpad(to_hex(n %% 7), 32, '0')::uuid END, '', 1, '', '{{}}', %(at)s, %(at)s,
       CASE WHEN n <= {OLD} AND n %% 4 = 0 THEN %(at)s END
  FROM generate_series(1, {ROWS}) n
"""
FILTERS = [
    {}, {"provider": "rare"}, {"provider": "often"}, {"provider": "nobody"}, {"payment": UUID(int=3)},
    {"payment": UUID(int=99)}, {"state": "done"}, {"state": "done", "provider": "rare"},
    {"state": "refused", "provider": "often"}, {"state": "parked", "payment": UUID(int=3)},
    *({"state": state} for state in ("waiting", "unknown", "parked", "refused")),
]  # fmt: skip


@pytest.fixture
def full(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(CALLBACKS, {"at": clock.machine_now()})
        cursor.execute("ANALYZE payments_callbacks_callback")
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_every_filter_reads_few_blocks(full):
    assert Callback.objects.count() == ROWS
    read = {
        f"{asked} {ordering}": blocks(callbacks, **asked, ordering=ordering)
        for asked in FILTERS
        for ordering in ("-created", "created")
    }
    assert {name: count for name, count in read.items() if count > MOST_BLOCKS} == {}
