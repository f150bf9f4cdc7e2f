"""A word is the platform's: what was stored when each API key had its own is brought together without a repeat."""

from __future__ import annotations

from importlib import import_module

from django.db import connection

from engine.core import clock
from engine.core.actor import SYSTEM
from engine.core.ids import uuid7
from engine.rest import keys
from engine.rest.models import Answer, ApiKey
from tests.rest.conftest import Api, fault

KEY = {"name": "shop", "scopes": ["plans:read"]}
LONG = "x" * 255


def answered(made: keys.Made, word: str) -> None:
    """As it was stored by a version before the migration."""
    Answer.objects.create(
        id=uuid7(), owner=made.key.owner, key=word, path="POST /api/keys", status=201, answer={"id": made.key.name},
        body={}, created_at=clock.machine_now(),
    )  # fmt: skip


def test_of_two_answers_under_one_word_the_newest_keeps_it_and_the_other_is_refused(db) -> None:
    first, second = (keys.create(name, ["admin:write"], by=SYSTEM) for name in ("first", "second"))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engine_rest_answer DROP CONSTRAINT one_answer_per_word_of_all")
        for made, word in ((first, "one"), (second, "one"), (first, LONG), (second, LONG), (first, "alone")):
            answered(made, word)
        cursor.execute(import_module("engine.rest.migrations.0004_a_word_is_the_platforms").RENAME)
        cursor.execute(
            "ALTER TABLE engine_rest_answer ADD CONSTRAINT one_answer_per_word_of_all UNIQUE (key)"
        )
    for word in ("one", LONG):
        refused = Api(first.secret).post("/api/keys", KEY, key=word)
        assert fault(refused) == (409, "idempotency_key_reused", "Idempotency-Key")
        kept = Api(second.secret).get(f"/api/requests/{word}").json()
        assert (kept["state"], kept["answer"]) == ("finished", {"id": "second"})
    assert Api(first.secret).get("/api/requests/alone").json()["state"] == "finished"
    assert Answer.objects.count() == 5
    assert not ApiKey.objects.filter(name="shop").exists()
