"""GET /health (row 1.13): honest about every part, in under two seconds, whatever hangs."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, JsonResponse

from engine.core.ids import uuid7
from engine.providers import registry
from ops import heartbeat, parts, probes
from ops.api import words
from ops.probes import OK, Seen

SECONDS = 1.5
KEPT_SECONDS = 1.0  # it needs no key: whoever asks more often is told the same
LEDGER, INBOX = "ledger roll-up", "inbox of callbacks"  # no provider's names
_FAILED = {"database": "Database connection failed", "redis": "Redis connection failed"}


def health(request: HttpRequest) -> JsonResponse:
    """200 `healthy`, or `degraded` where beat, workers or a provider are silent, or our own fee payer is empty,
    or the roll-up or the inbox is behind; 503 `unhealthy` without database or Redis. Reads the
    database and Redis, calls the providers, at most once a second; needs no key and tells no secret.
    """
    asked = {name: partial(parts.provider, name) for name in registry.names()}
    looks: dict[str, probes.Look] = {
        "database": parts.database, "redis": parts.redis, LEDGER: parts.ledger, INBOX: parts.inbox, **asked,
    }  # fmt: skip
    found = probes.look(looks, seconds=SECONDS, kept_seconds=KEPT_SECONDS)
    base = found["database"]
    alive = _alive(base)
    providers = {name: found[name] for name in asked}
    errors = [sentence for name, sentence in _FAILED.items() if found[name].state != OK]
    silent = [
        seen
        for seen in (*alive.values(), *providers.values(), found[LEDGER], found[INBOX])
        if seen.state != OK
    ]
    document = {
        "status": "unhealthy" if errors else "degraded" if silent else "healthy",
        "database": _connected(base),
        "redis": _connected(found["redis"]),
        "timestamp": words.moment(_this_machines_time()),
        "beat": _shown(alive["beat"]),
        "workers": {queue: _shown(alive[queue]) for queue in heartbeat.QUEUES},
        "chain": {
            name: {"status": _reached(seen), "detail": seen.sentence} for name, seen in providers.items()
        },
        "ledger": _behind(found[LEDGER], "deltas"),
        "callbacks": _behind(found[INBOX], "late"),
    }
    return JsonResponse(
        document | ({"error": errors[0], "errors": errors} if errors else {}), status=503 if errors else 200
    )


def _alive(base: Seen) -> dict[str, Seen]:
    """Beat and each queue's workers; without the database nothing is known of them."""
    names = ("beat", *heartbeat.QUEUES)
    if base.state != OK:
        return {name: Seen(probes.WARN, "unknown: the database does not answer") for name in names}
    ages = base.facts["ages"]
    queues = {name: parts.worker(name, ages.get(heartbeat.of_queue(name))) for name in heartbeat.QUEUES}
    return {"beat": parts.beat(ages.get(heartbeat.TICK)), **queues}


def _shown(seen: Seen) -> dict[str, Any]:
    age = seen.facts.get("age_seconds")
    return {
        "status": {"ok": "alive", "warn": "unknown"}.get(seen.state, "silent"),
        "secondsAgo": None if age is None else round(age, 1),
        "detail": seen.sentence,
    }


def _behind(seen: Seen, counted: str) -> dict[str, Any]:
    """How many changes of balances, or late callbacks, wait; null where that could not be asked."""
    return {"status": "current" if seen.state == OK else "behind", counted: seen.facts.get(counted)}


def _connected(seen: Seen) -> str:
    return "connected" if seen.state == OK else "disconnected"


def _reached(seen: Seen) -> str:
    """A provider that answers is connected, whatever else keeps payments waiting there."""
    return "connected" if seen.facts.get("reachable") else _connected(seen)


def _this_machines_time() -> datetime:
    """The database's clock may be away just now."""
    return datetime.fromtimestamp((uuid7().int >> 80) / 1000, UTC)


_SHAPE = {
    "type": "object",
    "required": [
        "status",
        "database",
        "redis",
        "timestamp",
        "beat",
        "workers",
        "chain",
        "ledger",
        "callbacks",
    ],
    "properties": {
        "status": {"type": "string", "enum": ["healthy", "degraded", "unhealthy"]},
        **{name: {"type": "string", "enum": ["connected", "disconnected"]} for name in ("database", "redis")},
        "timestamp": {"type": "string", "format": "date-time"},
        **{name: {"type": "object"} for name in ("beat", "workers", "chain", "ledger", "callbacks")},
        "error": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "string"}},
    },
}
_SIGN = {"status": "alive", "secondsAgo": 3.2, "detail": "lives"}
_EXAMPLE = {
    "status": "healthy", "database": "connected", "redis": "connected", "timestamp": "2026-01-31T09:30:00.000Z",
    "beat": _SIGN, "workers": dict.fromkeys(heartbeat.QUEUES, _SIGN),
    "chain": {"solana_delegate": {"status": "connected", "detail": "answers"}},
    "ledger": {"status": "current", "deltas": 120}, "callbacks": {"status": "current", "late": 0},
}  # fmt: skip
_AWAY = {
    **_EXAMPLE, "status": "unhealthy", "redis": "disconnected", "error": _FAILED["redis"], "errors": [_FAILED["redis"]],
}  # fmt: skip


def documented(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The OpenAPI document with /health, which is no endpoint of the API's own kind: it must answer without it."""

    def told(said: str, example: dict[str, Any]) -> dict[str, Any]:
        return {"description": said, "content": {"application/json": {
            "schema": _SHAPE, "examples": {"answer": {"value": example}}}}}  # fmt: skip

    result["paths"]["/health"] = {"get": {
        "operationId": "get_health", "tags": ["health"], "security": [{}],
        "description": "How every part is, from the database to the chain. Needs no key; under two seconds.",
        "responses": {"200": told("healthy or degraded", _EXAMPLE),
                      "503": told("unhealthy: no database or no Redis", _AWAY)},
    }}  # fmt: skip
    return result
