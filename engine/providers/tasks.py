"""Door of the providers: access tokens are kept warm. A convenience: whoever needs one has it by himself."""

from __future__ import annotations

from engine.core.task import Counts, batch_task
from engine.providers import registry
from engine.providers.edge import tokens


@batch_task(name="engine.warm_tokens", quiet_when_idle=True)
def warm_tokens() -> Counts:
    """Renew the access tokens that would be due before the next minute."""
    return {"renewed": sum(tokens.keep_warm(source) for source in registry.token_sources())}
