"""Liveness and readiness of the web process."""

from __future__ import annotations

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse


def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers. No I/O."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 with the reason otherwise. Reads the database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as fault:
        return JsonResponse({"status": "unready", "database": type(fault).__name__}, status=503)
    return JsonResponse({"status": "ready", "database": "connected"})
