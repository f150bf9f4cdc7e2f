"""The two servers everything stands on: those that the URLs name, else embedded ones."""

from collections.abc import Mapping

from sandbox.run.paths import Paths
from sandbox.run.postgres import Postgres
from sandbox.run.supervisor import Supervisor
from sandbox.run.valkey import Valkey


def start(
    supervisor: Supervisor,
    paths: Paths,
    environ: Mapping[str, str],
    settings: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """DATABASE_URL and REDIS_URL of running servers; starts an embedded one for each that `environ` lacks.

    `settings` are PostgreSQL's, over our own. Raises StartFailed or RunError when a server does not start.
    """
    urls = {key: environ[key] for key in ("DATABASE_URL", "REDIS_URL") if environ.get(key)}
    if "DATABASE_URL" not in urls:
        postgres = Postgres(paths, settings=settings)
        supervisor.start(postgres.service)
        urls["DATABASE_URL"] = postgres.url()
        postgres.ensure_database()
    if "REDIS_URL" not in urls:
        valkey = Valkey(paths)
        supervisor.start(valkey.service)
        urls["REDIS_URL"] = valkey.url()
    return urls
