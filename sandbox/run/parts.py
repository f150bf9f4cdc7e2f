"""What a run consists of, in the order of the start. Parts with the same wave start side by side.

Words in braces are filled in by start.py: {python}, {run_dir}, {sockets}, {web_port}, {flower_port},
{solana_port}, {gateways_port}. PostgreSQL and Valkey come before all of these.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.run import probe
from sandbox.run.ports import HOST
from sandbox.run.probe import Probe

Ports = dict[str, int]


@dataclass(frozen=True)
class Part:
    """One program. `ready` makes its probe from the chosen ports; `once` runs to exit code 0."""

    name: str
    wave: int
    argv: str
    """Words parted by blanks; filled in after parting, so a folder's name may hold blanks."""
    ready: Callable[[Ports], Probe] = lambda ports: probe.running
    once: bool = False
    death_signal: signal.Signals = signal.SIGTERM
    """What the kernel sends it when the supervisor is killed."""
    given: str = ""
    """A variable of the environment that names one elsewhere: where it is set this part is left out."""


def _celery_ready(ports: Ports) -> Probe:
    return probe.log_line(r"\S+@\S+ ready")


# A worker's orderly end waits for a broker that is dying with it, half a minute and more. Rows are the
# truth and messages are acknowledged late, so a worker may always be killed.
ABANDONED = signal.SIGKILL
WORKER = "{python} -m celery -A config worker --loglevel INFO --without-mingle --without-gossip -E"

PARTS: tuple[Part, ...] = (
    Part("migrate", 1, "{python} manage.py migrate --noinput", once=True),
    Part("schedule", 2, "{python} manage.py sync_schedule", once=True),
    Part(
        "localnet",
        3,
        "{python} -m sandbox.localnet --host " + HOST + " --port {solana_port}"
        " --state {run_dir}/localnet --slot-ms 100",
        lambda ports: probe.http_ok(ports["SOLANA_PORT"], "/health"),
        given="SOLANA_RPC_URL",
    ),
    Part(
        "gateways",
        3,
        "{python} -m sandbox.gateways --host " + HOST + " --port {gateways_port} --state {run_dir}/gateways",
        lambda ports: probe.log_line("gateways ready"),
    ),
    Part("demo", 4, "{python} -m sandbox.demo load", once=True),
    Part(
        "web",
        5,
        "{python} -m gunicorn config.wsgi:application --bind " + HOST + ":{web_port}"
        " --worker-class gthread --workers 1 --threads 8 --graceful-timeout 2"
        " --control-socket {sockets}/gunicorn.ctl --access-logfile -",
        lambda ports: probe.http_ok(ports["WEB_PORT"], "/health/live"),
    ),
    Part(
        "money-1",
        5,
        WORKER + " -n money1@%h -Q plan,money -P prefork -c 1",
        _celery_ready,
        death_signal=ABANDONED,
    ),
    Part(
        "money-2",
        5,
        WORKER + " -n money2@%h -Q plan,money -P prefork -c 1",
        _celery_ready,
        death_signal=ABANDONED,
    ),
    # A thread for each driver of each lane and for every other task of its queue: tests/house/test_celery.py counts.
    Part("io", 5, WORKER + " -n io@%h -Q io -P threads -c 30", _celery_ready, death_signal=ABANDONED),
    Part(
        "beat",
        5,
        "{python} -m celery -A config beat --loglevel INFO --pidfile="
        " -S django_celery_beat.schedulers:DatabaseScheduler",
        lambda ports: probe.log_line("beat: Starting"),
    ),
    # Its login comes from FLOWER_BASIC_AUTH: a command line can be read by every user of the machine.
    Part(
        "flower",
        5,
        "{python} -m celery -A config flower --conf=config/flower.py --address="
        + HOST
        + " --port={flower_port}",
        # 401 is Flower asking for its login.
        lambda ports: probe.http_ok(ports["FLOWER_PORT"], "/healthcheck", also=(401,)),
    ),
)
