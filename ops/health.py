"""Liveness and readiness of the web process."""

from __future__ import annotations

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse

from ops import parts

_migrated = False  # what this code wants of the database, once it is there, stays there: asked no more


def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers. No I/O."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and has every migration of this code, 503 with the reason otherwise.

    Reads the database. Redis is not asked: what is ordered is a row, and is taken while Redis is away.
    """
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = [] if _migrated else parts.unapplied()
    except Error as fault:
        return JsonResponse({"status": "unready", "database": type(fault).__name__}, status=503)
    if missing:
        document = {"status": "unready", "database": "connected", "migrations": parts.counted(missing)}
        return JsonResponse(document, status=503)
    _migrated = True
    return JsonResponse({"status": "ready", "database": "connected", "migrations": "applied"})
