"""What happens when everything is up. The live table and CYCLES take this place."""

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
    return [
        f"  API key  {api_key}",
        f"  try      curl -H 'Authorization: Bearer {api_key}' '{web}/api/subscriptions?limit=1'",
        "  next     beat bills what is due, workers send and book it; docs/quickstart.md goes on from here",
    ]


def wait_for_stop(context: Context) -> int:
    """Print the addresses and wait for Ctrl-C; returns the exit code."""
    for line in addresses(context):
        context.supervisor.say(line)
    context.wait()
    return 0
