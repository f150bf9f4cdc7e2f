"""The demo: `load` it once; export the live `picture`; be a `wallet` of the localnet and `sign` what the API gives.

python -m sandbox.demo wallet NAME            its address, with 5 SOL and 100 USDC the first time
python -m sandbox.demo sign NAME TRANSACTION  sign an unsigned transaction (base64) and send it
"""

import os
import sys
from pathlib import Path

import django


def main(words: list[str]) -> int:
    """Do what `words` say; returns the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from sandbox.demo import load, operator, picture, purse

    match words:
        case ["load"]:
            operator.make()
            print(f"{load.load()} subscriptions made", flush=True)
        case ["picture", file]:
            picture.export(Path(file))
        case ["wallet", name]:
            print(purse.address(name))
        case ["sign", name, transaction]:
            print(purse.sign(name, transaction))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
