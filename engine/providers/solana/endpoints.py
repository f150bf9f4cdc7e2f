"""The nodes we may ask and how well each did lately."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

REST_SECONDS_MAX = 60.0


class Endpoint:
    """One node. `score` counts its failures in a row; while it rests, others are asked first."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self.host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        self.score = 0
        self.rests_until = 0.0  # monotonic seconds

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"  # never the URL: it may hold a key


class Endpoints:
    """The configured nodes, first choice first. Shared by all threads of a process."""

    def __init__(self, urls: Sequence[str]) -> None:
        if not urls:
            raise ValueError("at least one endpoint is needed")
        self.all = [Endpoint(url) for url in urls]
        self._lock = threading.Lock()

    def ordered(self) -> list[Endpoint]:
        """Every endpoint: the rested ones in configured order, then the others by when they are rested."""
        now = time.monotonic()
        with self._lock:
            return sorted(self.all, key=lambda each: max(each.rests_until - now, 0.0))

    def succeeded(self, endpoint: Endpoint) -> None:
        """The endpoint answered: it is healthy at once."""
        with self._lock:
            endpoint.score, endpoint.rests_until = 0, 0.0

    def failed(self, endpoint: Endpoint, retry_after: float | None = None) -> None:
        """The endpoint was unreachable, broken, behind or limited us: rest 1, 2, 4... seconds or as told."""
        with self._lock:
            rest = retry_after if retry_after is not None else float(2 ** min(endpoint.score, 6))
            endpoint.score += 1
            endpoint.rests_until = time.monotonic() + min(rest, REST_SECONDS_MAX)
