"""`python -m sandbox.demo load | picture FILE.svg`: load the demo once; export the live table."""

import os
import sys
from pathlib import Path

import django


def main(words: list[str]) -> int:
    """Do what `words` say; returns the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from sandbox.demo import load, operator, picture

    match words:
        case ["load"]:
            operator.make()
            print(f"{load.load()} subscriptions made", flush=True)
        case ["picture", file]:
            picture.export(Path(file))
        case _:
            print("usage: python -m sandbox.demo load | picture FILE.svg", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
