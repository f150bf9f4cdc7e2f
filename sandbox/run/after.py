"""What happens when everything is up. The live table and CYCLES take this place."""

from hashlib import sha256

from sandbox.run.context import Context
from sandbox.run.ports import HOST


def addresses(context: Context, *, api_key: str = "") -> list[str]:
    """The lines that tell where everything is and how to log in."""
    values, port = context.values, context.ports
    operator = f"{values['OPERATOR_USER']} / {values['OPERATOR_PASSWORD']}"
    flower = f"{values['FLOWER_USER']} / {values['FLOWER_PASSWORD']}"
    web = f"http://{HOST}:{port['WEB_PORT']}"
    return [
        f"  admin    {web}/admin/   {operator}",
        f"  API      {web}/api/docs",
        *(_first_call(web, api_key) if api_key else []),
        f"  Flower   http://{HOST}:{port['FLOWER_PORT']}   {flower}",
        f"  Solana   {values['SOLANA_RPC_URL']}",
        f"  files    {context.paths.run_dir}   (Ctrl-C stops everything)",
    ]


def _first_call(web: str, api_key: str) -> list[str]:
    # A word of its own for each run: under another API key an old one is refused.
    word = f"first-call-{sha256(api_key.encode()).hexdigest()[:8]}"
    return [
        f"  API key  {api_key}",
        f"  try      curl -i -X POST '{web}/api/customers' -H 'Authorization: Bearer {api_key}' "
        f"-H 'Content-Type: application/json' -H 'Idempotency-Key: {word}' -d '{{\"name\": \"Ada\"}}'",
        "  twice    the same answer, marked Idempotent-Replayed: true, and one Ada",
        "  next     beat bills what is due, workers send and book it; docs/quickstart.md goes on from here",
    ]


def wait_for_stop(context: Context) -> int:
    """Print the addresses and wait for Ctrl-C; returns the exit code."""
    for line in addresses(context):
        context.supervisor.say(line)
    context.wait()
    return 0
