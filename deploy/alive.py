"""Whether a container does its work: `python deploy/alive.py web | worker NAME | beat | flower`. Exit 0 or 1.

Called every half minute in each container, so nothing of Django and nothing of ours is imported: a check
costs a request, a ping or a row. Says one line, which `docker inspect` shows.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
from collections.abc import Callable

SECONDS = 3.0
# Beat writes down what it sent every three minutes (celery.beat.Scheduler.sync_every).
BEAT_SECONDS = 300.0
LAST_SENT = """
SELECT extract(epoch FROM clock_timestamp() - max(last_run_at))
  FROM django_celery_beat_periodictask
 WHERE enabled
"""


def web() -> str:
    """Raises unless the web process answers and reaches its database. Asks it."""
    port = int(os.environ.get("PORT", "8000"))
    return _get(port, "/health/ready", host=_allowed_host(), good=(200,))


def flower() -> str:
    """Raises unless Flower answers; its asking for a login is an answer. Asks it."""
    return _get(int(os.environ.get("PORT", "5555")), "/healthcheck", host="127.0.0.1", good=(200, 401))


def worker(name: str) -> str:
    """Raises unless this container's own node answers through Redis. Asks it, through the broker."""
    from celery import Celery

    node = f"{name}@{socket.gethostname()}"
    app = Celery(broker=os.environ["REDIS_URL"])
    app.conf.broker_transport_options = {"socket_connect_timeout": SECONDS, "socket_timeout": SECONDS}
    with app.connection_for_write(connect_timeout=SECONDS) as connection:
        connection.ensure_connection(max_retries=1)
        answers = app.control.ping(destination=[node], timeout=SECONDS, connection=connection, limit=1)
    if not answers:
        raise RuntimeError(f"{node} does not answer")
    return f"{node} answers"


def beat() -> str:
    """Raises unless beat's last note of what it sent is fresh. Reads the database."""
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=int(SECONDS)) as connection:
        connection.execute("SET statement_timeout = '5s'")
        row = connection.execute(LAST_SENT).fetchone()
    if row is None or row[0] is None:
        raise RuntimeError("nothing was ever sent")
    if row[0] > BEAT_SECONDS:
        raise RuntimeError(f"nothing was sent for {row[0]:.0f} s")
    return f"sent {row[0]:.0f} s ago"


def _get(port: int, path: str, *, host: str, good: tuple[int, ...]) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        # https: as it comes from a proxy, so that no redirect to it is the answer.
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        answer = connection.getresponse()
        said = answer.read(200).decode(errors="replace").strip()
    finally:
        connection.close()
    if answer.status not in good:
        raise RuntimeError(f"{answer.status} {said}")
    return f"{answer.status} {said}"


def _allowed_host() -> str:
    """A name that the web process answers to: it refuses all that ALLOWED_HOSTS does not have."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    return "127.0.0.1" if first in ("", "*") else first


CHECKS: dict[str, Callable[..., str]] = {"web": web, "worker": worker, "beat": beat, "flower": flower}


def main(words: list[str]) -> int:
    """Run the named check, say what came of it, and return the exit code."""
    if not words or words[0] not in CHECKS:
        print(f"usage: alive.py {' | '.join(CHECKS)}", file=sys.stderr)
        return 2
    try:
        print(CHECKS[words[0]](*words[1:]))
    except Exception as fault:  # whatever it is, this container does not do its work
        print(f"{type(fault).__name__}: {fault}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
