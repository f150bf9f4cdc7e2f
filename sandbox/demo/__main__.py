"""`python -m sandbox.demo load`: the demo's rows, wallets and approvals, once."""

import os
import sys

import django


def main(words: list[str]) -> int:
    """Load; returns the exit code."""
    if words != ["load"]:
        print("usage: python -m sandbox.demo load", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from sandbox.demo import load, operator

    operator.make()
    made = load.load()
    print(f"{made} subscriptions made", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
