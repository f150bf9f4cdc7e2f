"""The demo: `load` it once; export the live `picture`; be a `wallet` of the localnet and `sign` what the API gives.

python -m sandbox.demo wallet NAME            its address, with 5 SOL and 100 USDC the first time
python -m sandbox.demo sign NAME TRANSACTION  sign an unsigned transaction (base64) and send it
"""

import os
import sys
from pathlib import Path

from sandbox.demo import purse


def main(words: list[str]) -> int:
    """Do what `words` say; returns the exit code."""
    match words:
        case ["wallet", name]:
            print(purse.address(name))
        case ["sign", name, transaction]:
            print(purse.sign(name, transaction))
        case ["load"]:
            _load()
        case ["picture", file]:
            _picture(Path(file))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def _load() -> None:
    _product()
    from sandbox.demo import load, operator

    operator.make()
    print(f"{load.load()} subscriptions made", flush=True)


def _picture(file: Path) -> None:
    _product()
    from sandbox.demo import picture

    picture.export(file)


def _product() -> None:
    """Load it; a wallet knows nothing of it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
